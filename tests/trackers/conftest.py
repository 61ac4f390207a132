"""Searches for the tests of trackers."""

from tests.store.conftest import quick

__all__ = ["quick"]
