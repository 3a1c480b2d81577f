"""Environments as code: files, the lock file, the plan, how it is drawn, and how it is carried out."""
