"""The linter of difference pages: what can be found wrong without running anything."""
