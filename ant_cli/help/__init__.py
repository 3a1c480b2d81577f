"""Help: one catalog of all commands, and its renderers: help pages, Markdown and man pages."""
