"""GJSON: JSON as bytes, and paths into it. A library that uses nothing of this program.

`parser.parse` compiles a path, `evaluate.apply` evaluates it; `json_text` handles JSON without paths.
"""
