"""Environments as code: files, the lock file, and the plan with its display and its execution."""
