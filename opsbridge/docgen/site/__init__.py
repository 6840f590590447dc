"""The documentation site: sources in both languages from the tables, built by Sphinx."""
