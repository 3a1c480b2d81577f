"""The tool commands (`auth`, `profile`, `apply`, ...): a function for each, which `dispatch.py` calls."""
