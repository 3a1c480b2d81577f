"""Logins of the official tool: its profiles and tokens. They are read, but never written."""
