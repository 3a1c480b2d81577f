"""What a person sees: scenes on a terminal, kept as golden files."""
