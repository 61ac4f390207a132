"""Audits of a search's bests by forward passes: when they are made, and what they tell."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from engine.run.runner import Runner
from engine.scorers.base import Cancelled
from engine.scorers.closed_form import ClosedForm
from engine.settings import Forward
from engine.zoo import ZOO
from tests.engine.run.quick import QUICK, finished, traceback_of
from tests.waiting import PATIENCE, until


class Passes:
    """Stands in for a forward scorer: passes of a given Z, as slow as a test wants."""

    def __init__(self, z_of, gate=None):
        self.z_of, self.gate = z_of, gate

    def described(self, passes):
        return f"stand-in, {passes} passes"

    def passes(self, structure, count, first=0, cancelled=lambda: False):
        while self.gate is not None and not self.gate.wait(0.005):
            if cancelled():
                raise Cancelled
        return [(self.z_of(structure, first + i), ()) for i in range(count)]


def auditor_of(scorer):
    from engine.run.audit import Auditor

    return lambda: Auditor(lambda: scorer)


def closed(structure):
    return ClosedForm(QUICK.objective).score([structure])[0]


def test_the_final_best_of_a_closed_form_search_is_audited():
    def honest(structure, number):
        score = closed(structure)
        return score.z + score.z_std * (1 if number % 2 else -1)

    snapshot = finished(QUICK, auditor=auditor_of(Passes(honest))).snapshot
    audit = snapshot.audit
    assert audit.iteration == snapshot.best_iteration
    assert audit.predicted == snapshot.best.score.z
    assert audit.measured == pytest.approx(audit.predicted)
    assert not audit.discrepant and audit.passes >= 8
    assert audit.detail == f"stand-in, {audit.passes} passes"
    assert audit.error == pytest.approx(snapshot.best.score.z_std / audit.passes**0.5, rel=0.2)


def test_a_discrepancy_beyond_four_standard_errors_is_raised_after_more_passes():
    wrong = Passes(lambda structure, number: closed(structure).z + 3 * closed(structure).z_std)
    audit = finished(QUICK, auditor=auditor_of(wrong)).snapshot.audit
    assert audit.discrepant
    assert audit.passes >= 16


def test_a_deviation_that_passes_explain_is_not_raised():
    near = Passes(lambda structure, number: closed(structure).z + 0.5 * closed(structure).z_std)
    assert not finished(QUICK, auditor=auditor_of(near)).snapshot.audit.discrepant


def test_stop_does_not_wait_for_an_audit():
    gate = threading.Event()
    runner = Runner(QUICK, auditor=auditor_of(Passes(lambda s, n: 0.0, gate)))
    runner.start()
    until(lambda: runner.snapshot.phase == "checking")
    runner.stop()
    assert runner.join(PATIENCE)
    assert runner.snapshot.best is not None


def test_audits_rest_while_the_search_goes_on_and_not_for_its_end(monkeypatch):
    """A pass that takes long is followed by a longer rest, which the final best ends."""
    from engine.run import audit

    calls, hours = [], iter(range(0, 10**9, 3600))
    clock = SimpleNamespace(perf_counter=lambda: float(next(hours)))
    monkeypatch.setattr(audit, "time", clock)
    monkeypatch.setattr(audit, "LONGEST_REST", 600.0)
    first_done = threading.Event()

    def z_of(structure, number):
        calls.append(number)
        first_done.set()
        return closed(structure).z

    auditor = audit.Auditor(lambda: Passes(z_of))
    structure = ZOO["maedet-s"].structure
    auditor.submit(1, structure, closed(structure))
    assert first_done.wait(60)
    assert calls == [0]
    better = ZOO["maedet-m"].structure
    auditor.finish(2, better, closed(better), lambda: False)
    assert auditor.latest.iteration == 2 and auditor.latest.passes == audit.FINAL_PASSES
    auditor.close()


def test_audits_that_cannot_be_made_are_told_and_harm_nothing(caplog):
    from engine.run.audit import Auditor

    def unable():
        raise ImportError("no torch here")

    snapshot = finished(QUICK, auditor=lambda: Auditor(unable)).snapshot
    assert snapshot.state == "finished"
    assert "new bests are not measured by forward passes: no torch here" in snapshot.notices
    assert "raise ImportError" in traceback_of("engine.run.audit", caplog)


def test_an_auditor_that_breaks_off_is_told_and_logged(caplog):
    def broken(structure, number):
        raise KeyError("no such map")

    snapshot = finished(QUICK, auditor=auditor_of(Passes(broken))).snapshot
    assert snapshot.state == "finished" and snapshot.audit is None
    told = "new bests are not measured by forward passes: KeyError: 'no such map'"
    assert snapshot.notices == (told,)
    assert 'raise KeyError("no such map")' in traceback_of("engine.run.audit", caplog)


def test_an_auditor_that_breaks_off_after_the_end_is_told_too():
    """Bests that still wait are measured when the search has ended."""
    final, gate = finished(QUICK).snapshot.best.structure, threading.Event()

    class Late(Passes):
        def passes(self, structure, count, first=0, cancelled=lambda: False):
            if structure == final:
                return [(closed(structure).z, ())]
            super().passes(structure, count, first, cancelled)
            raise KeyError("no such map")

    runner = Runner(QUICK, auditor=auditor_of(Late(lambda structure, number: 0.0, gate)))
    runner.start()
    assert runner.join(PATIENCE)
    assert not runner.snapshot.notices
    gate.set()
    until(lambda: runner.snapshot.notices)
    assert "KeyError" in runner.snapshot.notices[0]
    assert runner.snapshot is runner.snapshot
    runner.stop()


def test_a_real_audit_agrees_with_the_closed_form():
    preset = replace(QUICK, audit=True, device="cpu", forward=Forward(memory=1_000_000_000))
    preset = replace(preset, schedule=replace(preset.schedule, iterations=300))
    audit = finished(preset).snapshot.audit
    assert audit is not None and not audit.discrepant
    assert abs(audit.measured - audit.predicted) < 4 * audit.error
