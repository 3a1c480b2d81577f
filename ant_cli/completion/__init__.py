"""Completion: what the shells' scripts know, the scripts themselves, and the IDs that they ask for.

`scripts.py` writes the vocabulary of the command line into the template of each shell, `command.py` prints a
script, and `ids.py` answers `ant __complete`, the only thing for which a script starts `ant`.
"""
