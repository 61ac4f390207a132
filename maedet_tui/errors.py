"""What goes wrong in a way that its user can mend."""

from __future__ import annotations


class SaveError(Exception):
    """Nothing could be written, in one sentence with the path and the fix."""
