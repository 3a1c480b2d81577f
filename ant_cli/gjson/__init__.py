"""GJSON: JSON as bytes, and paths into it. A library that uses nothing of this program except `light_typing`.

`parser.parse` compiles a path, `evaluate.apply` evaluates it; `json_text` handles JSON without paths.
"""
