"""How often a search is written down, by a clock of the test's own."""

from dataclasses import replace

import pytest

from engine.run.runner import Runner
from maedet_tui.runs.local import LocalRun
from maedet_tui.store import recorder
from maedet_tui.store.recorder import Recorder
from maedet_tui.trackers import Trackers
from tests.store.conftest import QUICK


class Clock:
    """Stands in for `time`: it is as late as the search and the disk have made it."""

    def __init__(self):
        self.now = self.used = 0.0

    def monotonic(self):
        return self.now

    def thread_time(self):
        return self.used


class Search:
    """A search that has new results at any time, and ends after so many seconds."""

    def __init__(self, clock, seconds):
        self._clock, self._end = clock, seconds
        self._last = Runner(QUICK).snapshot

    def join(self, timeout):
        self._clock.now += timeout
        return self._clock.now >= self._end

    @property
    def checkpoint(self):
        return None

    @property
    def snapshot(self):
        self._last = replace(self._last, seconds=self._clock.now)
        return self._last


class Disk:
    """Notes when it was written to; a transaction takes so many seconds of a processor."""

    def __init__(self, clock, takes):
        self._clock, self._takes, self.written = clock, takes, []

    closed = False

    def mend(self, checkpoint, snapshot, *, thorough):
        return None

    def write(self, checkpoint, snapshot):
        self.written.append(self._clock.now)
        self._clock.now += self._takes
        self._clock.used += self._takes

    def data_version(self):
        return 0

    def heed(self):
        return []


@pytest.mark.parametrize(("takes", "gap"), [(0.0, 0.5), (0.01, 0.5), (0.1, 2.1)])
def test_a_search_is_written_twice_a_second_but_at_a_twentieth_of_a_processor(
    tmp_path, monkeypatch, takes, gap
):
    clock = Clock()
    monkeypatch.setattr(recorder, "time", clock)
    disk = Disk(clock, takes)
    Recorder(disk, Search(clock, 30.0), {}, Trackers((), tmp_path))._run()
    gaps = [later - one for one, later in zip(disk.written, disk.written[1:])]
    assert disk.written[0] <= 0.1 + 1e-9 and disk.written[-1] >= 30.0
    assert max(gaps) <= gap + 1e-9
    assert takes * len(disk.written) <= 0.06 * disk.written[-1]


def test_a_store_that_is_closed_is_no_trouble_to_a_search_that_goes_on(tmp_path):
    """As where a search does not end in time: nothing of it failed to be written."""
    run = LocalRun(QUICK, tmp_path, "one")
    run._store.close()
    recorder = run._recorder
    recorder._heed()
    assert recorder.write() and recorder.trouble is None
    run.close()
