"""Output: what came over the wire, as the user wants to see it, on stdout and nowhere else."""
