"""The terminal's output for people: scenes with golden files."""
