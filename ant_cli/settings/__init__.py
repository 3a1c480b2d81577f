"""Settings: where each one comes from, the profiles that hold some, and the credentials among them."""
