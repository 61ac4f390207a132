"""`maedet-tui compare`, from the command line."""

import pytest

from engine.scorers.base import Score
from engine.zoo import ZOO
from maedet_tui.structures.comparison import MEASURES
from tests.cli.conftest import last_json
from tests.engine.formats.test_published import PARAMS, damo


def test_numbers_of_the_papers_tables_and_marked_differences(run):
    output = run("compare", "maedet-s", "maedet-m", "--differences").output
    rows = [line.split() for line in output.splitlines()]
    assert ["FLOPs", "^48.7G", "*89.9G"] in rows
    assert ["AP", "Table", "1", "44.7", "^46.8"] in rows
    assert ["bottleneck", "240", "*184"] in [row[-3:] for row in rows]
    # kernels of C4 are 5 in both
    assert not [row for row in rows if row[:2] == ["C4", "kernel"]]


def test_json_with_a_run(run):
    run("search", "quick.yaml", "--json", "--name", "one")
    output = run("compare", "runs/one", "maedet-m", "--alphas", "0 0 0 0 1", "--size", "224x224",
                 "--json")  # fmt: skip
    values = last_json(output.stdout)
    found, m = values["structures"]
    assert (found["name"], m["name"], values["image_size"]) == ("one", "MAE-DET-M", "224x224")
    assert round(m["flops"] / 1e9, 1) == 4.4  # as Table 4 prints it
    assert m["score"] == m["entropy"]["C5"] and m["ap"]["Table 1 (GFLV2, 6X, val2017)"] == 46.8
    assert len(m["structure"]) == len(ZOO["maedet-m"].structure.blocks) and not found["ap"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("maedet-s",), "2 to 6 structures, not 1"),
        (("maedet-s",) * 7, "2 to 6 structures, not 7"),
        (("maedet-s", "maedet-x"), "did you mean maedet-"),
        (("maedet-s", "maedet-m", "--alphas", "1 1"), "--alphas: '1 1' is not five numbers"),
        (("maedet-s", "maedet-m", "--size", "huge"), "--size: 'huge' is not an image size"),
    ],
)
def test_what_cannot_be_compared(run, args, message):
    result = run("compare", *args)
    assert result.exit_code == 2 and message in result.output


def test_without_differences_every_block_is_shown(run):
    for more, shown in ((), True), (("--differences",), False):
        output = run("compare", "maedet-s", "maedet-m", *more).output
        rows = [line.split() for line in output.splitlines()]
        assert (["kernel", "5", "5"] in rows) is shown
        assert (["C4", "block", "ResBlock", "ResBlock"] in rows) is shown


def test_measures_and_why_there_is_none_in_json(run, monkeypatch):
    score = Score(2.5, (1.0,) * 5, 1.0, "zen-score", "", 4)

    def measure(name, judge, structure):
        return score if structure == ZOO["maedet-s"].structure else "ran out of memory"

    monkeypatch.setattr("maedet_tui.cli.compare.measure", measure)
    result = run("compare", "maedet-s", "maedet-m", "--measure", "--json")
    small, medium = last_json(result.stdout)["structures"]
    assert set(small["measured"]) == set(MEASURES)
    assert {one["score"] for one in small["measured"].values()} == {2.5}
    assert not any("entropy" in one for one in small["measured"].values())
    assert set(medium["measured"].values()) == {"ran out of memory"}
    assert small["measured"]["synflow"]["resolution"] == 384
    assert small["measured"]["grasp"]["resolution"] == 128
    said = ("--measure-by", "snip", "--measure-by", "forward", "--json")
    small, _ = last_json(run("compare", "maedet-s", "maedet-m", *said).stdout)["structures"]
    assert list(small["measured"]) == ["forward", "snip"]


def test_a_text_of_damo_yolos_as_two_networks(run, tmp_path):
    (tmp_path / "T.txt").write_text(damo("T"), "utf-8")
    run_ = ("compare", "T.txt", "T.txt#mob", "damo-yolo-t", "--json")
    result = run(*run_)
    assert result.exit_code == 1 and "say --family res (T and S)" in result.output
    res, mob, known = last_json(run(*run_, "--family", "res").stdout)["structures"]
    assert [one["name"] for one in (res, mob)] == ["T#res", "T#mob"]
    assert res["params"] == known["params"] == PARAMS["T"] != mob["params"]
