"""Input: from flags, files and standard input to one request."""
