"""The reference: a page for each command, from the operations and the trees of our own commands.

`markdown.py` writes the pages, `roff.py` makes manual pages of them. `reference.md` and `man/` hold what
`python -m ant_cli.completion` has made of them.
"""
