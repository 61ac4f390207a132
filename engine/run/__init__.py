"""A search under way: the thread that drives it, what it publishes, and how it ends."""
