"""GJSON: JSON as text, and paths into it. A library that knows nothing of the rest of the program."""
