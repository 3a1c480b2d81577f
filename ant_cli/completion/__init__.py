"""Completion: what the shells' scripts know, the scripts themselves, and the IDs that they ask for.

`vocabulary.py` gathers the commands and flags, `scripts.py` writes them into the template of each shell, and
`ids.py` answers `ant __complete`, the only thing for which a script starts `ant`.
"""
