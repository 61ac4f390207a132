"""Presets, structures, cells of run.db and annotation files, with anything in them: each is read,
or refused in a sentence."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import strategies as st

from engine.costs import total_cost
from engine.formats import saved_yaml, structure_info, structure_yaml
from engine.scorers.base import ScoringError
from engine.scorers.closed_form import ClosedForm
from engine.settings import Objective
from engine.structure import StructureError
from engine.training.annotations import read_annotations
from engine.training.errors import TrainingError
from engine.zoo import ZOO
from maedet_tui.presets.folder import builtin_file, builtin_names
from maedet_tui.presets.glance import glance
from maedet_tui.presets.problems import tally
from maedet_tui.presets.reading import examine
from maedet_tui.presets.write import dump
from maedet_tui.store.database import StoreError
from maedet_tui.store.reader import RunReader
from tests.hostile.damage import VALUES
from tests.hostile.fuzzing import anything, fuzzed, numbers, said_well, spoilt
from tests.store.conftest import lasting, searched

PRESETS = [builtin_file(name).read_text("utf-8") for name in builtin_names()]
SMALL = [ZOO[name].structure for name in ("initial", "maedet-m")]
YAML = [structure_yaml.dumps(one) for one in SMALL]
INFO = [structure_info.dumps(one) for one in SMALL]


@fuzzed(spoilt(PRESETS) | st.dictionaries(st.text(max_size=8), anything).map(json.dumps))
def test_presets(text, _):
    preset, problems = examine(text, source="my.yaml")
    assert len(problems) <= 21 and tally(problems) >= len(problems)
    for problem in problems:
        said_well(str(problem))
    if not problems:
        glance(preset)
        assert examine(dump(preset), source="my.yaml")[1] == []


@fuzzed(spoilt([*YAML, *INFO]))
def test_structures(text, _):
    for loads in (structure_yaml.loads, structure_info.loads, saved_yaml.loads):
        try:
            found = loads(text)
        except StructureError as error:
            assert len(error.problems) <= 21
            said_well(str(error))
            continue
        structure = getattr(found, "structure", found)
        total_cost(structure)
        assert structure_yaml.loads(structure_yaml.dumps(structure)) == structure
        with contextlib.suppress(ScoringError):
            ClosedForm(Objective()).score([structure])


@pytest.fixture(scope="module", autouse=True)
def sound(tmp_path_factory):
    """A finished run, for `test_cells`."""
    global _SOUND
    _SOUND = searched(lasting(300), tmp_path_factory.mktemp("sound"), "one").run_dir


_SOUND = Path()
COLUMNS = [
    ("run", "created"), ("run", "preset_name"), ("run", "preset"), ("run", "parent"),
    ("run", "parent_iteration"), ("status", "updated"), ("status", "state"), ("status", "phase"),
    ("status", "iteration"), ("status", "iterations"), ("status", "seconds"), ("status", "rate"),
    ("status", "eta"), ("status", "scorer"), ("status", "z"), ("status", "best_iteration"),
    ("status", "findings"), ("checkpoint", "iteration"), ("checkpoint", "begun"),
    ("checkpoint", "switched_at"), ("checkpoint", "seconds"), ("checkpoint", "batch"),
    ("checkpoint", "rng"), ("counts", "reason"), ("counts", "count"), ("history", "iteration"),
    ("history", "z"), ("history", "accepted"), ("stages", "level"), ("stages", "params"),
    ("stages", "flops"), ("stages", "layers"), ("stages", "z"), ("bests", "iteration"),
    ("bests", "parent"), ("bests", "origin"), ("bests", "z"), ("bests", "params"),
    ("bests", "structure"), ("bests", "score"), ("population", "iteration"),
    ("population", "parent"), ("population", "origin"), ("population", "z"),
    ("population", "flops"), ("population", "layers"), ("population", "structure"),
    ("population", "score"),
]  # fmt: skip
cells = st.sampled_from(VALUES) | numbers.filter(
    lambda n: not isinstance(n, int) or abs(n) < 2**63
) | st.text(max_size=20) | st.binary(max_size=20) | anything.map(json.dumps)  # fmt: skip


@fuzzed(st.tuples(st.sampled_from(COLUMNS), cells, st.booleans()))
def test_cells(case, folder):
    (table, column), value, all_rows = case
    key = "iteration" if table == "stages" else "rowid"
    shutil.copy(_SOUND / "run.db", folder / "run.db")
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        database.execute("PRAGMA synchronous = OFF")
        where = "" if all_rows else f"WHERE {key} = (SELECT max({key}) FROM {table})"
        with contextlib.suppress(sqlite3.Error, UnicodeEncodeError):
            database.execute(f"UPDATE OR IGNORE {table} SET {column} = ? {where}", (value,))
    try:
        with contextlib.closing(RunReader(folder)) as reader:
            for read in (reader.snapshot, reader.checkpoint, reader.best, reader.points):
                try:
                    read()
                except StoreError as error:
                    said_well(str(error))
    except StoreError as error:
        said_well(str(error))
        assert str(folder) in str(error)


SOUND = {
    "categories": [{"id": 1, "name": "cup"}, {"id": 2, "name": "cat"}],
    "images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48}],
    "annotations": [
        {"id": 10, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": 0, "area": 9}
    ],
}
records = st.dictionaries(
    st.sampled_from(["id", "name", "file_name", "width", "height", "image_id", "category_id",
                     "bbox", "iscrowd", "area"]),
    numbers | anything | st.lists(numbers, min_size=4, max_size=4) | st.just(1) | st.just("a.png"),
)  # fmt: skip
documents = st.fixed_dictionaries(
    {
        key: st.lists(st.sampled_from(records_of) | records, max_size=4)
        for key, records_of in SOUND.items()
    }
)


@fuzzed(spoilt([json.dumps(SOUND)]) | documents.map(json.dumps) | anything.map(json.dumps))
def test_annotations(text, folder):
    images, path = folder / "images", folder / "ann.json"
    images.mkdir(exist_ok=True)
    (images / "a.png").touch()
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read_annotations(path, images)
    except TrainingError as error:
        assert len(error.problems) <= 21
        for problem in error.problems:
            said_well(problem)
