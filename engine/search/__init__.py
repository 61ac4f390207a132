"""Algorithm 1 and 2."""
