"""The reference: a page for each command, group and topic, from the vocabulary of the command line.

`markdown.py` writes the pages, `roff.py` makes manual pages of them. `reference.md` and `man/` hold what
`python -m ant_cli.completion` has made of them.
"""
