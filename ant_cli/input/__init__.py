"""Input: from flags, files and standard input to one request."""

DEPTH_LIMIT = 100
"""How deep input may be nested."""
SCHEMA_KEY = "$schema"
"""Names a schema for editors; not a field, so it is never sent."""
