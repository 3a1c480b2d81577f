"""Input: from flags, files and standard input to one request."""

DEPTH_LIMIT = 100
"""How deep input may be nested."""
