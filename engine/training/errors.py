"""What can go wrong with training, other than the program."""

from __future__ import annotations

from importlib.util import find_spec

from engine.messages import and_more, clipped

#: what to install for a module, as an extra of the package
EXTRA = "pip install 'maedet-tui[train]'"
_PACKAGES = {"PIL": "Pillow", "pycocotools": "pycocotools"}


class TrainingError(Exception):
    """Something that a user can put right, in one sentence; `problems`: several of them, the
    last of which says how many more there are, if they are many."""

    def __init__(self, *problems: str, more: int = 0):
        """more: problems beyond these."""
        self.problems = tuple(map(clipped, problems)) + ((and_more(more),) if more else ())
        self.count = len(problems) + more
        super().__init__("; ".join(self.problems))


def need(*modules: str) -> None:
    """Raise TrainingError with what to install if one of the modules is missing."""
    missing = [_PACKAGES[module] for module in modules if find_spec(module) is None]
    if missing:
        raise TrainingError(
            f"training needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} "
            f"not installed; {EXTRA}"
        )
