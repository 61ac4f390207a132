"""The dashboard: one search, its panels, and how they share the screen."""
