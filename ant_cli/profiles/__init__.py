"""Profiles: keys and settings under names, in one file. A run reads them; only our own commands change them."""
