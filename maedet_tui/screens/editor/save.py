"""How the editor saves: under which name, over what, and before what."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from maedet_tui.errors import SaveError
from maedet_tui.presets import PresetError
from maedet_tui.presets.folder import free_name, refuse_taken
from maedet_tui.screens.ask import Ask
from maedet_tui.screens.confirm import Confirm
from maedet_tui.screens.editor.unsaved import Unsaved

if TYPE_CHECKING:
    from maedet_tui.screens.editor.screen import Editor

#: what to do once all is saved
Then = Callable[[], object]


class Saving:
    """Saves an editor's text; what is asked on the way can be refused, and then nothing is done."""

    def __init__(self, editor: Editor):
        self._editor = editor

    def save(self, then: Then | None = None) -> None:
        """Write the text to its file, or under a name that is asked for."""
        edited = self._editor.edited
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
        dialog = Confirm(f"{self._editor.edited.path}\n{why}", "Overwrite", "Keep it")
        self._ask(dialog, lambda yes: self._write(None, then) if yes else None)

    def save_as(self, then: Then | None = None) -> None:
        """Ask for a name, and write the text under it."""
        edited = self._editor.edited
        try:
            suggested = free_name(edited.name)
        except PresetError as error:
            self._editor.failed("Not saved", SaveError(str(error)))
            return
        question = "Save among your own presets as:"
        if edited.path is None:
            question = f"{edited.name} is built in and stays as it is. Save your preset as:"
        self._ask(
            Ask(question, suggested, refuse_taken),
            lambda name: self._write(name, then) if name else None,
        )

    def leave(self, then: Then) -> None:
        """Do something that ends the editor, once the changes are saved or given up."""
        editor = self._editor
        if not editor.modified:
            then()
            return
        if editor.app.screen is not editor:  # a question about them is on the screen
            return

        def answered(answer: str | None) -> None:
            if answer == "save":
                self.save(then)
            elif answer == "discard":
                editor.give_up()
                then()

        self._ask(Unsaved(editor.edited.name), answered)

    def _ask(self, question, answered) -> None:
        self._editor.app.push_screen(question, answered)

    def _write(self, name: str | None, then: Then | None) -> None:
        editor = self._editor
        try:
            path = editor.edited.save(editor.text, name)
        except SaveError as error:
            editor.failed("Not saved; your text is still here", error)
            return
        editor.saved()
        editor.notify(str(path), title="Saved", markup=False)
        if then is not None:
            then()
