"""What a failure on a thread of the engine comes to for the user; its traceback is logged."""

from __future__ import annotations


def reason(failure: BaseException, eloquent: tuple[type[BaseException], ...]) -> str:
    """Why something failed, as the end of a sentence.

    eloquent: kinds of failures whose own words say enough there; of others the kind is told.
    """
    if isinstance(failure, eloquent) and str(failure):
        return str(failure)
    return f"{type(failure).__name__}: {failure}".rstrip(": ")
