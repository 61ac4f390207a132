"""The inverse question: hypotheses, their answers by the optimum, and the command."""

import json

import pytest
from click.testing import CliRunner

from engine.optimum.search import certified
from engine.zoo import ZOO
from maedet_tui.cli.main import cli
from maedet_tui.reproduce import inverse, inverse_tables, pool
from maedet_tui.reproduce.hypotheses import (
    ALL,
    BASE,
    FREE,
    PRINTED,
    RATIO_ROWS,
    SINGLE,
    TARGETS,
    Family,
    Hypothesis,
    Target,
    families,
    fits,
)
from maedet_tui.reproduce.inverse import NEAR, Answer, Question, answered, from_row

SMALL = """\
budget: {flops: 60G, layers: 31}
space: {kernels: [3], stage_depths: {C2: 3, C3: 3, C4: 4, C5: 3}}
"""


@pytest.fixture
def family(tmp_path, monkeypatch):
    """Every rule on a search whose optimum is found in a moment, beside Table 15's structure."""
    (tmp_path / "small.yaml").write_text(SMALL)
    target = Target("small", str(tmp_path / "small.yaml"), None, "initial", 4.9e6, 55e9)
    monkeypatch.setitem(TARGETS, "small", target)
    return Family("small", "nominal", "limit", SINGLE)


@pytest.fixture
def at_once(family, monkeypatch):
    """The command answers this one family, here."""

    def each(work, pieces, progress, found):
        pieces = list(pieces)
        progress(0, len(pieces), {})
        for number, piece in enumerate(pieces, 1):
            found[piece] = work(piece, lambda reached: None, lambda: False)
            progress(number, len(pieces), {piece: 1})

    monkeypatch.setattr(pool, "each", each)
    monkeypatch.setattr("maedet_tui.cli.inverse.families", lambda quick: [family])


def test_the_targets_are_those_that_the_paper_prints():
    assert PRINTED == ("S", "M", "L", "Table 10", "Table 11")
    assert len(RATIO_ROWS) == 7 and "Table 11" in RATIO_ROWS
    assert TARGETS["S"].params == 21.2e6 and abs(TARGETS["S"].flops / 48.7e9 - 1) < 1e-3


def test_rules_are_ordered_from_loose_to_tight():
    assert SINGLE[:2] == (FREE, BASE) and BASE.within(FREE) and not BASE.within(ALL)
    assert all(rule.within(BASE) and ALL.within(rule) for rule in SINGLE[2:-2])
    for quick in (True, False):
        for family in families(quick):
            for place, rule in enumerate(family.rules):
                assert not any(one.within(rule) for one in family.rules[:place] if one != rule)


def test_which_rules_the_printed_structures_keep_to():
    sheet = inverse_tables.sheets({})[-1]
    kept = {row[1]: dict(zip(PRINTED, row[2:])) for row in sheet.rows}
    assert set(kept["monotone"].values()) == {"yes"}
    # 48 to 272, 120 to 512 and 144 to 608 channels
    assert [kept["monotone, 4x"][name] for name in PRINTED] == ["no", "no", "no", "yes", "yes"]
    # ten bottlenecks at C4 and C5 of 79 layers
    assert kept["layers // 9"]["S"] == "no" and kept["layers // 9"]["L"] == "yes"
    assert set(kept["1/16 up"].values()) == {"yes"}


def test_every_hypothesis_is_answered_by_its_own_optimum(family, monkeypatch):
    found = answered(Question(family))
    printed = ZOO["initial"].structure
    for hypothesis, answer in zip(family.hypotheses, found, strict=True):
        preset = TARGETS["small"].settings(hypothesis)
        assert answer.hypothesis == hypothesis and fits(answer.structure, preset)
        best = certified(preset, 60).best
        assert answer.z <= best.score.z * (1 + 1e-9) <= answer.bound * (1 + 2e-9)
        assert answer.z > (1 - NEAR) * best.score.z
        assert (answer.left > 0) == (answer.z > answer.printed)
        # what the printed skeleton could gain is a part of what all skeletons could
        assert fits(printed, preset) and 0 < answer.widths < answer.left + NEAR
    # what is known is not asked again
    monkeypatch.setattr(inverse, "Optimum", None)
    again = Question(family._replace(rules=SINGLE[::-1]), found)
    assert answered(again) == found[::-1]


def test_an_answer_outlasts_a_file_and_nonsense_is_refused(family):
    structure = ZOO["initial"].structure
    answer = Answer("small", family.hypotheses[0], structure, 5.0, 6.0, 4.0, 0.1)
    row = json.loads(json.dumps(answer.row()))
    assert from_row(row) == answer and answer.left == pytest.approx(0.2)
    for key, value in (("rules", "some"), ("target", "XL"), ("structure", 3)):
        with pytest.raises((ValueError, KeyError, TypeError)):
            from_row({**row, key: value})


def test_a_hypothesis_under_which_the_printed_structures_are_the_best_is_no_distance_away():
    exact, other = (Hypothesis(reading, "limit", BASE) for reading in ("nominal", "area"))
    answers = {}
    for name in {*PRINTED, *RATIO_ROWS}:
        structure = TARGETS[name].structure or ZOO["maedet-m"].structure
        wrong = ZOO["initial"].structure
        printed = 5.0 if TARGETS[name].printed else None
        answers[name, exact] = Answer(name, exact, structure, 5.0, 5.0, printed, 0.0)
        answers[name, other] = Answer(name, other, wrong, 6.0, 6.0, printed, 0.0)
    first, second = inverse_tables.sheets(answers)[0].rows
    assert first[0] == "nominal" and second[0] == "area"
    assert first[5:-1] == ("0.00 %",) * 6 + ("0", "0.00", "0.00")
    assert second[5] == "16.67 %" and int(second[11]) > 0 and float(second[13]) > 0
    beside = inverse_tables.sheets(answers)[1].rows
    printed, found = beside[:2]
    assert printed[:3] == ("S", "as printed", "") and found[3:9] == printed[3:9]
    assert printed[3:5] == ("2-4-10-10", "5-3-5-3")
    assert inverse_tables.sheets(answers)[2].rows[0][:2] == ("1:1:1", "11.5M")


def test_the_command_answers_keeps_and_goes_on(tmp_path, at_once, monkeypatch):
    out = tmp_path / "out"
    ask = ["reproduce", "inverse", "--quick", "--output", str(out), "--json"]
    result = CliRunner().invoke(cli, ask)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [row["rules"] for row in told["answers"]] == [rule.rules for rule in SINGLE]
    assert told["tables"][0]["name"] == "inverse"
    assert {"inverse.json", "inverse.md", "inverse-structures.csv"} <= {
        path.name for path in out.iterdir()
    }
    # all is known: nothing is asked
    monkeypatch.setattr(inverse, "Optimum", None)
    again = CliRunner().invoke(cli, ask)
    assert again.exit_code == 0 and json.loads(again.stdout) == told
    (out / "inverse.json").write_text("[1, 2]")
    refused = CliRunner().invoke(cli, ask)
    assert refused.exit_code == 1 and "is no file of answers" in refused.output


def test_an_interruption_keeps_what_is_answered(tmp_path, at_once, monkeypatch):
    def each(work, pieces, progress, found):
        (piece,) = pieces
        rule = SINGLE[:1]
        found[piece] = work(piece._replace(family=piece.family._replace(rules=rule)),
                            lambda reached: None, lambda: False)  # fmt: skip
        progress(1, 1, {})
        raise KeyboardInterrupt

    monkeypatch.setattr(pool, "each", each)
    result = CliRunner().invoke(cli, ["reproduce", "inverse", "--output", str(tmp_path)])
    assert result.exit_code == 130 and "1 hypotheses are answered" in result.output
    assert len(json.loads((tmp_path / "inverse.json").read_text())["answers"]) == 1


def test_a_stopped_family_has_no_answers(family):
    assert answered(Question(family), stopped=lambda: True) is None


@pytest.mark.nightly
def test_under_the_papers_limits_the_known_optimum_of_m_is_found():
    (answer,) = answered(Question(Family("M", "nominal", "limit", (BASE,))))
    assert answer.z == pytest.approx(2316.629, rel=NEAR) and answer.bound >= 2316.62
    assert 0.01 < answer.left < 0.02
