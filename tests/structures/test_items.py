"""Where structures come from: runs in all conditions, populations, files."""

from pathlib import Path

import pytest

from engine.formats import structure_yaml
from engine.search.member import Member, Proposal
from engine.settings import Objective
from engine.zoo import ZOO
from maedet_tui.files import StructureFileError
from maedet_tui.structures.items import (
    PAPER,
    best_item,
    file_item,
    member_items,
    saved_items,
    zoo_items,
)
from tests.store.conftest import QUICK, searched
from tests.ui import factory


def test_of_the_zoo():
    (item,) = [item for item in zoo_items() if item.stem == "maedet-m"]
    assert (item.name, item.origin) == ("MAE-DET-M", "Table 12")
    assert f"{item.cost.flops / 1e9:.1f}" == "89.9"
    small = item.under(PAPER.objective, (224, 224))
    assert f"{small.cost.flops / 1e9:.1f}" == "4.4"
    assert item.under(PAPER.objective, (800, 1280)) is item


def test_a_score_under_another_objective_is_not_known():
    snapshot = factory.snapshot()
    item = best_item(snapshot, factory.preset(), Path("runs/one"))
    assert item.score.z == 2260.5 and "iteration 39,871" in item.origin
    assert item.under(item.preset.objective, (224, 224)).score is item.score
    assert item.under(Objective(alphas=(0, 0, 0, 0, 1)), (800, 1280)).score is None


def test_members_of_a_population():
    best = factory.candidate()
    member = Member(Proposal(best.structure, best.cost, 12_345, "C4 depth 8 -> 9"), best.score)
    snapshot = factory.snapshot(members=(member, member))
    items = member_items(snapshot, factory.preset(), Path("runs/one"))
    assert [item.name for item in items] == ["member 1", "member 2"]
    assert "1 of 2" in items[0].origin and "12,345 by C4 depth 8 -> 9" in items[0].origin


def test_files(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(structure_yaml.dumps(ZOO["maedet-s"].structure))
    item = file_item(str(path))
    assert (item.name, item.stem, item.structure) == ("mine", "mine", ZOO["maedet-s"].structure)
    with pytest.raises(StructureFileError, match="no such file"):
        file_item(str(tmp_path / "none.yaml"))


def test_saved_runs_and_those_that_cannot_be_read(tmp_path):
    assert list(saved_items(tmp_path / "none")) == []
    run = searched(QUICK, tmp_path, "one")
    broken = tmp_path / "two"
    broken.mkdir()
    (broken / "run.db").write_bytes(b"nothing of the sort")
    (tmp_path / "not-a-run").mkdir()
    best, problem = saved_items(tmp_path)
    assert best.structure == run.snapshot.best.structure
    assert best.score == run.snapshot.best.score and best.name == "one"
    assert best.preset.objective == QUICK.objective
    assert "two" in problem and "run.db" in problem
