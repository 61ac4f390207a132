"""Structures in a notebook: read, scored, shown, built, saved and exported."""

import pytest

from engine.costs import total_cost
from engine.scorers.closed_form import ClosedForm
from engine.structure import Block, Structure
from engine.zoo import ZOO
from maedet_tui import (
    ExportError,
    PresetError,
    SaveError,
    ScoringError,
    StructureError,
    StructureFileError,
    design,
    preset,
    score,
)

SMALL = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        Block("ResBlock", 3, 8, 8, 2, 8, 1),
        Block("ResBlock", 3, 8, 16, 2, 8, 1),
        Block("ResBlock", 5, 16, 16, 2, 8, 2),
        Block("ResBlock", 3, 16, 24, 2, 8, 1),
    )
)


def test_a_structure_by_name_by_file_and_by_its_blocks(tmp_path):
    named = design("resnet-50")
    assert named.structure == ZOO["resnet-50"].structure and named.name == "ResNet-50"
    assert named.cost == total_cost(named.structure)
    saved = score(SMALL, name="small").save(tmp_path / "small.yaml")
    assert design(saved).structure == SMALL
    assert design(SMALL).structure == SMALL and design(SMALL, name="mine").name == "mine"
    mobile = preset("maedet-mb-m")
    assert design(SMALL, mobile).cost == total_cost(SMALL, mobile.budget.image_size)


def test_what_is_no_structure_is_told():
    with pytest.raises(StructureFileError, match=r"resnet-5: not in the zoo.*mean resnet-50"):
        design("resnet-5")
    with pytest.raises(StructureError, match="block 1: kernel is missing"):
        design([{"block": "Conv"}])
    with pytest.raises(StructureError, match=r"block 3 .*the block before it puts out 16"):
        design(Structure((SMALL.blocks[0], SMALL.blocks[2], *SMALL.blocks[2:])))


def test_a_score_is_the_engine_s():
    m = preset("maedet-m", scorer="closed-form")
    (expected,) = ClosedForm(m.objective).score([SMALL])
    found = score(SMALL, m)
    assert (found.score, found.z, found.entropies) == (expected, expected.z, expected.entropies)
    measured = score(SMALL, preset(m, score={"resolution": 64}), scorer="forward", repeats=3)
    assert measured.score.passes == 3
    assert score("resnet-50", m).z > found.z
    with pytest.raises(PresetError, match=r"scorer: is 'forwrd'; did you mean forward\?"):
        score(SMALL, scorer="forwrd")
    with pytest.raises(PresetError, match=r"forward\.repeats: is 0, but must be at least 1"):
        score(SMALL, repeats=0)


def test_a_score_stays_with_a_design_as_long_as_it_is_of_its_preset():
    found = score(SMALL, "maedet-m", scorer="closed-form")
    assert design(found, found.preset).score == found.score
    other = design(found, "maedet-s")
    assert other.score is None and other.structure == SMALL
    with pytest.raises(ScoringError, match=r"has no score yet; score\(design\)"):
        other.z  # noqa: B018
    with pytest.raises(ScoringError):
        other.save("nowhere.yaml")
    assert score(other, "maedet-s", scorer="closed-form").z == score(SMALL, "maedet-s").z


class Printer:
    """IPython's, as far as it is asked; which takes what is nearest of a class and its bases."""

    def __init__(self, shown):
        self.said = ""
        for base in type(shown).__mro__:
            if "_repr_pretty_" in vars(base):
                shown._repr_pretty_(self, False)
                break
            assert "__repr__" not in vars(base)

    def text(self, text):
        self.said += text


def test_a_design_shows_itself_as_a_table():
    found = score(SMALL, "maedet-m", scorer="closed-form", name="a <small> one")
    lines = str(found).splitlines()
    assert lines[0].startswith("a <small> one: ") and lines[0].endswith(" at 1280x800")
    assert lines[1].startswith(f"Z {found.z:,.2f}, by closed form")
    assert lines[4].split() == [
        "block", "kernel", "in", "out", "stride", "bottleneck", "depth", "level",
    ]  # fmt: skip
    assert len(lines) == 5 + len(SMALL.blocks)
    assert repr(found).startswith("<Design a <small> one: ") and "\n" not in repr(found)
    html = found._repr_html_()
    assert html.count("<tr>") == 1 + len(SMALL.blocks) and "a &lt;small&gt; one" in html
    assert Printer(found).said == str(found)


def test_a_module_is_the_structure():
    import torch

    module = design(SMALL).module(out_indices=(1, 4)).eval()
    assert [tuple(map.shape) for map in module(torch.zeros(1, 3, 64, 64))] == [
        (1, 8, 16, 16), (1, 24, 2, 2),
    ]  # fmt: skip


def test_exports_go_where_they_are_asked_to(tmp_path, monkeypatch):
    small = design(SMALL, name="small")
    assert small.export("yaml", tmp_path) == tmp_path / "small.yaml"
    path = small.export("structure-info", tmp_path / "mine.txt")
    assert design(path).structure == SMALL
    monkeypatch.chdir(tmp_path)
    assert small.export("python").read_text().startswith('"""')
    with pytest.raises(ExportError, match=r"'onx' is no format; did you mean onnx\?"):
        small.export("onx")
    with pytest.raises(ExportError, match="python holds no weights"):
        small.export("python", weights="mine.pth")
    with pytest.raises(SaveError, match=r"there is no folder .*; create it, or choose another"):
        small.export("yaml", tmp_path / "no" / "where.yaml")
    with pytest.raises(SaveError, match="there is no folder"):
        score(SMALL).save(tmp_path / "no" / "where.yaml")


def test_a_design_prints_its_costs_and_its_score_once_it_has_one():
    bare = design(SMALL, name="small")
    first, *rest = str(bare).splitlines()
    assert first.startswith("small: ") and rest[0] == ""
    scored = str(score(bare)).splitlines()
    assert scored[0] == first and scored[1].startswith("Z ")
    assert scored[2].startswith("Entropies: ") and scored[3:] == rest
    proxied = score(bare, scorer="synflow-closed-form")
    assert "synflow" in str(proxied) and "Entropies" not in str(proxied)
