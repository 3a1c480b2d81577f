"""The environment worker: takes work from a queue, runs a handler for each item, and holds the leases."""
