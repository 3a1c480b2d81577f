"""The tool commands (`auth`, `profile`, `emulator`, `apply`, ...) as Typer functions, by family."""
