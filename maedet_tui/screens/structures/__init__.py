"""Structures on the screen: one of them, the list of all, several side by side."""
