"""Completion: the scripts of the shells, and the IDs that they ask for.

`scripts.py` returns the scripts, and `ids.py` runs `ant __complete`, the only command that a script starts.
"""
