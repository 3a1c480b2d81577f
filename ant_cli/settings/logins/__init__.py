"""Logins of the official tool: its profiles and tokens are read, and never written."""
