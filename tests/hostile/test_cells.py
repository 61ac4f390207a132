"""Values in run.db that stopped every listing, or a search from ever ending."""

import contextlib
import sqlite3

import pytest
from click.testing import CliRunner

from maedet_tui.cli import cli
from maedet_tui.runs.local import LocalRun
from maedet_tui.screens.home.lists import RunTable
from maedet_tui.store import cells
from maedet_tui.store.database import StoreError
from maedet_tui.store.listing import line
from maedet_tui.store.reader import RunReader
from maedet_tui.store.writer import RunStore
from tests.hostile.commands import commands, looked_at, wrong
from tests.hostile.damage import copied
from tests.store.conftest import lasting, stopped
from tests.ui.conftest import home, marked  # noqa: F401 # home is a fixture


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A run that can be gone on with."""
    return stopped(LocalRun(lasting(1500), tmp_path_factory.mktemp("sound"), "one")).run_dir


@pytest.fixture
def bad(sound, tmp_path):
    """A copy of it to damage, beside a sound one called good."""
    copied(sound, tmp_path / "good")
    return copied(sound, tmp_path / "bad").parent


def change(folder, statement, *values):
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = ON")
        for one in statement.split("; "):
            database.execute(one, values)


INFINITE = float("inf")
#: statement, its value -> words of what is told
DAMAGE = {
    ("UPDATE status SET iteration = ?", INFINITE): "its iteration is inf",
    ("UPDATE status SET iteration = ?", -5): "its iteration is -5",
    ("UPDATE status SET iteration = ?", 10**15): "its iteration is 1000000000000000",
    ("UPDATE status SET iterations = ?", "many"): "its iterations is 'many'",
    ("UPDATE status SET seconds = ?", INFINITE): "its seconds is inf",
    ("UPDATE status SET rate = ?", -INFINITE): "its rate is -inf",
    ("UPDATE status SET eta = ?", b"\xff"): "its time left is b'\\xff'",
    ("UPDATE status SET z = ?", INFINITE): "its score is inf",
    ("UPDATE status SET updated = ?", 1e18): "its time of writing is 1e+18",
    ("UPDATE status SET state = ?", b"running"): "its state is b'running'",
    ("UPDATE status SET phase = ?", "fine 5/2"): "its progress is 5 of 2",
    ("UPDATE status SET phase = ?", "\x1b[2J"): "its phase is '\\x1b[2J'",
    ("UPDATE status SET scorer = ?", "x" * 100_001): "its scorer is 'xxxx",
    ("UPDATE status SET findings = ?", "9" * 5000): "is damaged",
    ("UPDATE status SET findings = json_set(findings, '$.audit', json(?))", '{"iteration": 1}'):
        "its audit has no predicted",
    ("UPDATE status SET findings = json_set(findings, '$.population.size', ?)", "x"):
        "its population's size is 'x'",
    ("UPDATE status SET findings = json_set(findings, '$.population.depth', ?)", 1):
        "its population has 'depth'",
    ("UPDATE status SET findings = json_set(findings, '$.notices', ?)", "text"):
        "its notices is 'text'",
    ("UPDATE status SET findings = json_set(findings, '$.notices', json(?))", '[["x"]]'):
        "its notice is ['x']",
    ("UPDATE status SET findings = json_remove(findings, '$.best', ?)", "$.error"):
        "it lacks 'best'",
    ("UPDATE run SET created = ?", INFINITE): "its time of creation is inf",
    ("UPDATE run SET created = ?", "yesterday"): "its time of creation is 'yesterday'",
    ("UPDATE run SET preset_name = ?", b"\x00"): "its preset's name is b'\\x00'",
    ("UPDATE run SET preset = ?", "budget: !!int ''"):
        "is damaged (its preset: line 1: '' is not a whole number; correct it); put",
    ("UPDATE run SET preset = ?", 5.5): "is damaged (its preset: line 1: a preset is a mapping",
    ("UPDATE run SET parent = ?", b"x"): "its parent is b'x'",
    ("UPDATE run SET parent = ?", "x"): "it has a parent without an iteration",
    ("UPDATE history SET z = ?", INFINITE): "its history's score is inf",
    ("UPDATE history SET accepted = ?", -1): "its accepted children is -1",
    ("UPDATE history SET worst = ?", INFINITE): "its population's worst is inf",
    ("UPDATE stages SET params = ?", "x"): "its params is 'x'",
    ("UPDATE stages SET z = ?", INFINITE): "its stage's score is inf",
    ("UPDATE OR IGNORE stages SET level = ?", "C6"): "are not C1 to C5",
    ("UPDATE counts SET count = ?", -1): "its count is -1",
    ("UPDATE OR IGNORE counts SET reason = ?", b"x"): "its reason is b'x'",
    ("UPDATE bests SET origin = ?", b"x"): "its best's origin is b'x'",
    ("UPDATE bests SET z = ?", INFINITE): "its best's score is inf",
    ("UPDATE population SET flops = ?", -1): "its flops is -1",
    ("UPDATE population SET parent = ?", INFINITE): "its member's parent is inf",
    ("UPDATE population SET score = json_set(score, '$.z', ?)", "9"): "its score is '9'",
    ("UPDATE population SET score = json_set(score, '$.entropies', json(?))", "[1, 2]"):
        "its score has no entropies of C1 to C5",
    ("UPDATE population SET score = replace(score, '\"z_std\":', '\"z_std\":-' || ?)", ""):
        "its score's z_std is -",
    ("UPDATE population SET structure = ?", "[]"): "is damaged",
    ("UPDATE mutations SET count = ?", -1): "its count is -1",
    ("UPDATE OR IGNORE mutations SET field = ?", "colour"): "a mutation of nothing that can change",
    ("UPDATE ancestors SET parent = iteration + ?", 1): "its ancestor's parent is",
    ("PRAGMA user_version = -7", None): "it says to be of version -7",
    ("PRAGMA user_version = 1", None): "no database of the version that it says",
    ("PRAGMA user_version = 0", None): "no database of the version that it says",
    ("PRAGMA user_version = 2000000", None): "it says to be of version 2000000",
    ("ALTER TABLE history RENAME COLUMN z TO zz", None): "it lacks a table or a column",
    ("DROP TABLE population", None): "it lacks a table or a column",
    ("DROP TABLE counts; CREATE VIEW counts AS SELECT 'x' AS reason, 1 AS count", None):
        "it holds a view",
}  # fmt: skip
_IDS = [f"{statement[:50]} {str(value)[:12]!a}" for statement, value in DAMAGE]


@pytest.mark.parametrize("case", DAMAGE, ids=_IDS)
def test_what_is_damaged_is_named_and_the_other_runs_are_listed(case, bad):
    statement, value = case
    change(bad, statement, *([value] if "?" in statement else []))
    said = set()
    with contextlib.suppress(StoreError), contextlib.closing(RunReader(bad)) as reader:
        for read in (reader.snapshot, reader.checkpoint):
            try:
                read()
            except StoreError as error:
                said.add(str(error))
    said |= {line(bad).problem} - {None}
    said = said or {str(_refused(bad))}
    assert all(str(bad) in one and "copy" in one for one in said), said
    assert any(DAMAGE[case] in one for one in said), said
    looked_at(bad.parent, "bad")
    listed = CliRunner().invoke(cli, ["runs", "--runs-dir", str(bad.parent)])
    assert listed.exit_code == 0 and "good" in listed.output and "bad" in listed.output


def _refused(folder):
    with pytest.raises(StoreError) as caught:
        RunReader(folder)
    return caught.value


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE checkpoint SET iteration = -4611686018427387904", "its iteration is -46116860"),
        ("UPDATE checkpoint SET iteration = 1501", "its iteration is 1501"),
        ("UPDATE checkpoint SET iteration = 'x'", "its iteration is 'x'"),
        ("UPDATE checkpoint SET switched_at = 1e300", "its switch is 1e"),
        ("UPDATE checkpoint SET begun = 7", "its beginning is 7"),
        ("UPDATE checkpoint SET batch = -1", "its batch is -1"),
        ("UPDATE checkpoint SET seconds = 9e999", "its seconds is inf"),
        ("UPDATE checkpoint SET rng = '[3,[1,2],null]'", "is damaged"),
        ("UPDATE checkpoint SET rng = '[3,5,null]'", "its random state is none"),
        (
            "UPDATE population SET structure = replace(structure, '\"ResBlock\",3', "
            "'\"ResBlock\",9')",
            "none of its space: block",
        ),
        ("CREATE TRIGGER t AFTER INSERT ON history BEGIN SELECT 1;END", "it holds a trigger"),
    ],
)
def test_a_search_does_not_go_on_from_what_would_never_end(statement, words, bad):
    change(bad, statement)
    with pytest.raises(StoreError) as caught:
        RunStore.reopen(bad).close()
    assert words in str(caught.value) and str(bad) in str(caught.value)


def test_a_name_in_the_schema_that_is_no_text(bad):
    change(
        bad,
        "PRAGMA writable_schema = ON; "
        "UPDATE sqlite_master SET sql = CAST(x'43524541544520f7' AS TEXT) WHERE name = 'counts'",
    )
    assert "is damaged" in line(bad).problem


def test_a_text_that_is_none(bad):
    change(bad, "UPDATE status SET scorer = CAST(x'66756c6c1b5b324aff' AS TEXT)")
    assert "is damaged: a text in it is none" in line(bad).problem
    assert "\x1b" not in line(bad).problem


def test_every_command_tells_an_infinity(bad):
    change(bad, "UPDATE run SET created = 9e999")
    for arguments in commands(bad.parent, "bad", "good"):
        result = CliRunner().invoke(cli, list(arguments))
        assert wrong(result, "bad") is None, arguments


async def test_damaged_runs_leave_the_home_screen_up(sound, tmp_path, home):  # noqa: F811
    copied(sound, tmp_path / "runs" / "good")
    change(copied(sound, tmp_path / "runs" / "bad").parent, "UPDATE status SET seconds = 9e999")
    async with home() as w:
        await w.sees("good", "is damaged (its seconds is inf)")
        await marked(w, RunTable, "bad")
        await w.sees("put a copy in its place")
        await w.press("enter")
        await w.sees("bad does not open")


def test_rows_without_end_are_not_read(bad, monkeypatch):
    from maedet_tui.store import course

    monkeypatch.setattr(course, "MOST_POINTS", 3)
    with (
        contextlib.closing(RunReader(bad)) as opened,
        pytest.raises(StoreError, match="more than 15 rows where there are never as many"),
    ):
        opened.points()


def test_cells_at_their_edges():
    assert cells.whole(0, "n") == 0 and cells.whole(2**53, "n") == 2**53
    assert cells.real(float("nan"), "n", or_nan=True) != 0
    assert cells.maybe(cells.whole, None, "n") is None
    for value in (True, 1.0, -1, 2**53 + 1, None, "1"):
        with pytest.raises(ValueError, match="its n is"):
            cells.whole(value, "n")
    for value in (True, "1", None, float("nan"), float("inf"), 1e101):
        with pytest.raises(ValueError, match="its n is"):
            cells.real(value, "n")
    with pytest.raises(ValueError, match="its t is 'ab'"):
        cells.text("ab", "t", 1)
