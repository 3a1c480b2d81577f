"""Settings and credentials: where each one comes from, and the profiles that store some."""
