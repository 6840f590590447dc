"""Difference pages: read them, run their examples in child processes, compare, report."""
