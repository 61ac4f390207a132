"""How an edited preset is saved: under which name, over what, and before what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App

from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError
from maedet_tui.presets.edited import EditedPreset
from maedet_tui.presets.folder import free_name, refuse_taken
from maedet_tui.presets.problems import tally
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.editor.unsaved import Unsaved

#: what to do once all is saved
Then = Callable[[], object]


class Saving:
    """Saves a text; what is asked on the way can be refused, and then nothing is done.

    clean: the text as it was saved last, or given up.
    """

    def __init__(
        self,
        edited: EditedPreset,
        text: Callable[[], str],
        saved: Callable[[], object],
        app: Callable[[], App[Any]],
    ):
        """text: as it stands on the screen. saved: called once it is in the file."""
        self._edited, self._text, self._saved, self._app = edited, text, saved, app
        self.clean = ""

    def save(self, then: Then | None = None) -> None:
        """Write the text to its file, or under a name that is asked for."""
        edited = self._edited
        if edited.path is None:
            self.save_as(then)
        elif edited.changed_on_disk():
            self._overwrite(
                "was changed by another program since you opened it. "
                "Overwrite its text with yours?",
                then,
            )
        elif edited.damaged:
            self._overwrite(
                "is not text in UTF-8, and what stands here has lost the bytes that are none. "
                "Overwrite the file? ctrl+n saves under another name.",
                then,
            )
        else:
            self._write(None, then)

    def _overwrite(self, why: str, then: Then | None) -> None:
        dialog = Confirm(f"{self._edited.path}\n{why}", "Overwrite", "Keep it")
        self._app().push_screen(dialog, lambda yes: self._write(None, then) if yes else None)

    def save_as(self, then: Then | None = None) -> None:
        """Ask for a name, and write the text under it."""
        edited = self._edited
        try:
            suggested = free_name(edited.name)
        except PresetError as error:
            self._failed("Not saved", error)
            return
        question = "Save among your own presets as:"
        if edited.path is None:
            question = f"{edited.name} is built in and stays as it is. Save your preset as:"
        self._app().push_screen(
            Ask(question, suggested, refuse_taken),
            lambda name: self._write(name, then) if name else None,
        )

    def ask_first(self, then: Then) -> None:
        """Do something once the changes are saved or given up."""

        def answered(answer: str | None) -> None:
            if answer == "save":
                self.save(then)
            elif answer == "discard":
                self.clean = self._text()
                then()

        self._app().push_screen(Unsaved(self._edited.name), answered)

    def _write(self, name: str | None, then: Then | None) -> None:
        text = self._text()
        try:
            path = self._edited.save(text, name)
        except SaveError as error:
            self._failed("Not saved; your text is still here", error)
            return
        self.clean = text
        self._saved()
        if wrong := tally(self._edited.examined(text).problems):
            said = f"Saved, with {wrong:,} problem{'s' if wrong > 1 else ''} in it"
            self._app().notify(str(path), title=said, severity="warning", markup=False)
        else:
            self._app().notify(str(path), title="Saved", markup=False)
        if then is not None:
            then()

    def _failed(self, title: str, error: Exception) -> None:
        self._app().notify(str(error), title=title, severity="error", timeout=10, markup=False)
