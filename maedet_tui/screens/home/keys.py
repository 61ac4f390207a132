"""What keys do to the preset or the run that is marked at home."""

from __future__ import annotations

from maedet_tui.screens import messages
from maedet_tui.screens.home.looking import Runs
from maedet_tui.screens.home.presets import Presets

# what most people never ask for is imported when it is: the first paint waits


class HomeKeys(Presets):
    """A screen of presets and of `runs` that obeys the keys of both lists."""

    runs: Runs

    def look(self) -> None:
        """Look at the runs."""
        raise NotImplementedError

    def mark_run(self, name: str) -> None:
        """Mark a run once it is listed."""
        raise NotImplementedError

    def action_edit(self) -> None:
        """Open the marked preset in the editor."""
        if (entry := self.marked_entry) is not None:
            self.post_message(messages.EditPreset(entry))

    def action_numbers(self) -> None:
        """Change the numbers of the marked preset, then search."""
        if (entry := self.marked_entry) is not None:
            from maedet_tui.screens.home.actions import numbers

            numbers(self, entry, lambda preset: self.post_message(messages.SearchWith(preset)))

    def action_copy(self) -> None:
        """Copy the marked preset under a new name."""
        if (entry := self.marked_entry) is not None:
            from maedet_tui.screens.home.actions import copy

            copy(self.app, entry, self.read_presets)

    def action_new_preset(self) -> None:
        """A preset for a budget that is asked for."""
        from maedet_tui.screens.home.new import new_preset

        new_preset(self, self.read_presets)

    def action_sweep(self) -> None:
        """Search the marked preset with many values."""
        if (entry := self.marked_entry) is not None:
            from maedet_tui.screens.home.sweeping import ask

            ask(self, entry, self.runs.folder)

    def action_sweeps(self) -> None:
        """Choose among the sweeps there are."""
        from maedet_tui.screens.home.sweeping import choose

        choose(self, self.runs.folder)

    def action_delete_preset(self) -> None:
        """Delete a preset of the user's."""
        if (entry := self.marked_entry) is not None:
            from maedet_tui.screens.home.actions import delete_preset

            delete_preset(self.app, entry, self.read_presets)

    def action_delete_run(self) -> None:
        """Remove the run under the cursor, or all that have a mark."""
        from maedet_tui.screens.home.actions import delete_runs

        lines = [self._lines[name] for name in sorted(self._chosen)]
        if not lines and (line := self.marked_line) is not None:
            lines = [line]
        if lines:
            delete_runs(self.app, self.runs, lines, self.look)

    def action_note(self) -> None:
        """Write a line about the run under the cursor."""
        if (line := self.marked_line) is not None:
            from maedet_tui.screens.home.actions import note

            note(self.app, self.runs, line, self.look)

    def action_rename_run(self) -> None:
        """Give the run under the cursor another name."""
        if (line := self.marked_line) is not None:
            from maedet_tui.screens.home.actions import rename

            def renamed(name: str) -> None:
                self.mark_run(name)
                self.look()

            rename(self.app, self.runs, line, renamed)

    def action_report(self) -> None:
        """Write a page about the marked run."""
        if (line := self.marked_line) is not None:
            from maedet_tui.screens.reporting import write_report

            write_report(self.app, self.runs.folder / line.name)

    def action_resume(self) -> None:
        """Go on with the marked run."""
        if (line := self.marked_line) is not None:
            self.post_message(messages.ResumeRun(self.runs.folder / line.name))
