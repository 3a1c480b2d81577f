"""Completion: the scripts of the shells, and the IDs that they ask for.

`scripts.py` writes the catalog of commands into the template of each shell, and `ids.py` runs `ant __complete`, the
only command that a script starts.
"""
