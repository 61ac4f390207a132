"""Runs on disk: one folder each, with an embedded database (docs/store.md)."""
