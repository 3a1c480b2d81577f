"""The commands as Typer sees them: one file for the API, and one for each family of our own commands."""
