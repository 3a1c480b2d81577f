"""Help: one catalog of all commands, and the layout of help pages."""
