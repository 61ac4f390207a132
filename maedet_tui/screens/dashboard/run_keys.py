"""The dashboard's keys for its run: to hold it, to end it, and to keep what it has found."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

from maedet_tui.errors import SaveError
from maedet_tui.runs.run import SearchRun
from maedet_tui.screens import messages
from maedet_tui.screens.confirm import Confirm

RUN_KEYS = [
    Binding("space,p", "pause", "Pause", key_display="space",
            tooltip="Pause the search, or go on with a paused one"),
    Binding("s", "save", "Save", tooltip="Write the best structure so far to the run's folder"),
    Binding("S", "save_as", "Save as", key_display="S", show=False,
            tooltip="Save the best structure so far under a name, in any format"),
    Binding("v", "view", "View", show=False,
            tooltip="Look at the best structure: tower, costs, entropies, the population"),
    Binding("R", "report", "Report", key_display="R", show=False,
            tooltip="Write all that there is to say of this run as one page to share"),
    Binding("x", "stop", "Stop",
            tooltip="End the search for good; asks first, keeps and saves the best"),
]  # fmt: skip


#: what people want once a search is over, whose keys have no room in the footer before
AT_THE_END = {"save_as": "Save as", "view": "View", "home": "Home"}


class RunKeys(Screen[None]):
    """A screen with a `run` that is steered by RUN_KEYS."""

    run: SearchRun
    #: what was asked for that the engine has not got round to
    wish: str | None = None

    def show_wish(self) -> None:
        """Say what is wished for."""
        raise NotImplementedError

    def footer_word(self, action: str) -> str | None:
        """What the footer calls a key now."""
        snapshot = self.run.snapshot
        if action == "pause" and snapshot.state == "paused":
            return "Go on"
        return AT_THE_END.get(action) if snapshot.ended else None

    def _wished(self, wish: str) -> None:
        self.wish = wish
        self.show_wish()

    def action_pause(self) -> None:
        """Pause, or go on."""
        state = self.run.snapshot.state
        if self.wish == "pausing" or (state == "paused" and self.wish != "going on"):
            self.run.resume()
            self._wished("going on")
        else:
            self.run.pause()
            self._wished("pausing")

    def action_save(self) -> None:
        """Write the best so far, and say where."""
        try:
            path = self.run.save()
        except SaveError as error:
            self.notify(str(error), title="Not saved", severity="error", timeout=10, markup=False)
        else:
            self.notify(str(path), title="Saved the best structure", markup=False)

    def action_save_as(self) -> None:
        """Ask for name, folder and format of the best."""
        from maedet_tui.structures.items import best_item

        best = best_item(self.run.snapshot, self.run.preset, self.run.run_dir)
        if best is None:
            self.notify("There is no best structure to save yet.", markup=False)
        else:
            self.post_message(messages.SaveStructure(best))

    def action_report(self) -> None:
        """Write a page about the run as it stands."""
        from maedet_tui.screens.reporting import write_report

        write_report(self.app, self.run.run_dir)

    def action_stop(self) -> None:
        """Stop for good, if the user means it."""

        def stop(yes: bool | None) -> None:
            if yes and not self.run.snapshot.ended:
                self.run.stop()
                self._wished("stopping")

        question = "Stop this search for good?\nThe best structure so far is kept and saved."
        self.app.push_screen(Confirm(question, "Stop", "Search on"), stop)
