"""One thread: maps this small only lose by being shared out, above all on a busy machine."""

from tests.training import one_thread

__all__ = ["one_thread"]
