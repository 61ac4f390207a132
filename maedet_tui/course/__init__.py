"""How a search went, worked out once for the screen and for reports: curves, what works."""
