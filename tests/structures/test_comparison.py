"""Numbers side by side, held against the paper's tables and the engine's own counts."""

from dataclasses import replace

import pytest

from engine.costs import total_cost
from engine.scorers.base import Score
from engine.structure import Block, Structure
from engine.zoo import ZOO
from maedet_tui.structures.comparison import Comparison, block_lines, legend, number_lines
from maedet_tui.structures.items import PAPER, zoo_items
from maedet_tui.structures.known import closed_form, closed_proxies, parse_alphas
from maedet_tui.structures.lines import BEST, MARK, layout, least_width

ZOO_ITEMS = {item.stem: item for item in zoo_items()}


def comparison(*names, size=(800, 1280), measured=None):
    items = tuple(ZOO_ITEMS[name] for name in names)
    scores = closed_form(PAPER.objective, [item.structure for item in items])
    return Comparison(items, PAPER.objective, size, tuple(scores), measured or {})


def cells(lines, label, group=None):
    (found,) = [line.cells for line in lines if line.label == label and group in (None, line.group)]
    return found


def test_costs_are_those_of_table_1():
    lines = number_lines(comparison("maedet-s", "maedet-m", "maedet-l"))
    assert cells(lines, "params") == ("21.2M", "25.8M", "43.9M")
    assert cells(lines, "FLOPs") == ("48.7G", "89.9G", "152.9G")
    assert cells(lines, "layers") == ("79", "91", "109")


def test_ap_is_the_papers_and_of_nobody_else():
    lines = number_lines(comparison("maedet-m", "single-scale", "initial"))
    assert cells(lines, "Table 1") == ("46.8", "", "")
    assert cells(lines, "Table 4") == ("40.0", "38.8", "")
    lines = number_lines(comparison("maedet-s", "resnet-101"))
    assert cells(lines, "Table 1") == ("44.7", "46.3")


def test_flops_follow_the_image_size():
    lines = number_lines(comparison("maedet-s", "maedet-m", size=(224, 224)))
    flops = total_cost(ZOO["maedet-m"].structure, (224, 224)).flops
    assert cells(lines, "FLOPs")[1] == f"{flops / 1e9:.1f}G" == "4.4G"  # as Table 4 prints it


def test_entropies_are_those_measured_by_passes():
    """C5 of S, M and L, each the mean of six passes (one has a standard deviation of 0.5)."""
    found = cells(number_lines(comparison("maedet-s", "maedet-m", "maedet-l")), "C5")
    for cell, measured in zip(found, (218.29, 258.23, 320.82)):
        assert float(cell) == pytest.approx(measured, abs=1.0)


def test_proxies_stand_there_in_closed_form_and_by_passes_once_measured():
    shown = comparison("maedet-s", "resnet-50")
    structures = [item.structure for item in shown.items]
    shown = replace(shown, expected=closed_proxies(PAPER, structures))
    lines = number_lines(shown)
    for label, name in (("Zen-Score", "zen-score"), ("SynFlow", "synflow"), ("NASWOT", "naswot")):
        assert cells(lines, label) == tuple(f"{score.z:,.2f}" for score in shown.expected[name])
    assert "Zen-Score, SynFlow and NASWOT in closed form as well." in legend(shown)
    nothing = (float("nan"),) * 5
    measured = Score(272.41, nothing, float("nan"), "synflow", "synflow, 1 pass", 1)
    lines = number_lines(replace(shown, measured={"synflow": (measured, None)}))
    place = [line.label for line in lines].index("SynFlow")
    assert (lines[place + 1].label, lines[place + 1].cells) == ("  by passes", ("272.41", ""))


def test_relative_numbers():
    lines = number_lines(comparison("maedet-m", "maedet-s"))
    params, flops, z = (line.cells for line in lines if line.label == "  to first")
    assert params == ("", f"{100 * (21.2 / 25.8 - 1):.1f} %") == ("", "-17.8 %")
    assert flops[1] == "-45.8 %" and z[1].startswith("-")


def test_differences_to_a_chosen_one():
    shown = replace(comparison("maedet-m", "maedet-s", "maedet-m"), chosen=1)
    lines = number_lines(shown)
    params, flops, _ = (line.cells for line in lines if line.label == "  to no. 2")
    assert params == ("+21.7 %", "", "+21.7 %") and flops[0] == "+84.7 %"
    assert marks(lines, "params") == (MARK, BEST, MARK)
    assert "marks what differs from MAE-DET-S" in legend(shown)[0]
    against = [line.as_differences() for line in lines]
    assert cells(against, "params") == ("+4.6M", "21.2M", "+4.6M")
    assert cells(against, "layers") == ("+12", "79", "+12")
    assert cells(against, "C1") == ("=", "1.6", "=")
    assert marks(against, "C1") == ("", "", "") and marks(against, "layers") == (MARK, "", MARK)
    blocks = block_lines([item.structure for item in shown.items], shown.chosen)
    told = [line.as_differences() for line in blocks]
    assert cells(told, "depth", "C5") == ("-2", "10", "-2")
    assert cells(told, "out", "C5") == ("=", "2048", "=")
    # words and what is not known stay as they are
    assert cells(told, "block", "C5") == ("ResBlock",) * 3
    unknown = replace(shown, scores=(None, shown.scores[1], None))
    assert cells([line.as_differences() for line in number_lines(unknown)], "Z")[::2] == ("", "")
    rows = layout(blocks, shown.names, 76, (), shown.chosen)
    assert [role for _, role in rows[0]] == ["label", "head", "chosen", "head"]


def test_every_difference_is_marked_and_nothing_else():
    m = ZOO["maedet-m"].structure
    blocks = list(m.blocks)
    blocks[3] = blocks[3]._replace(bottleneck=120)
    lines = block_lines([m, Structure(tuple(blocks)), m])
    differing = [line for line in lines if line.differs]
    assert [(line.group, line.label, line.cells) for line in differing] == [
        ("C4", "bottleneck", ("112", "120", "112"))
    ]
    rows = layout(lines, ("a", "b", "c"), 76)
    marked = [(text.strip(), role) for row in rows for text, role in row if MARK in text]
    assert marked == [(f"{MARK}120", "other")]


def marks(lines, label, group=None):
    (line,) = [one for one in lines if one.label == label and group in (None, one.group)]
    return line.marks


def test_the_best_number_of_a_row_is_marked_and_others_that_differ():
    shown = comparison("maedet-s", "maedet-m", "resnet-50", "resnet-101")
    lines = number_lines(shown)
    assert marks(lines, "params") == marks(lines, "FLOPs") == (BEST, MARK, MARK, MARK)
    assert marks(lines, "layers") == ("", MARK, BEST, MARK)
    # the two ResNets have the same first levels: both of them are the best
    assert marks(lines, "C2") == ("", MARK, BEST, BEST)
    assert marks(lines, "Z") == ("", MARK, MARK, BEST)
    # 44.7 of the first and of ResNet-50 are the same number
    assert cells(lines, "Table 1") == ("44.7", "46.8", "44.7", "46.3")
    assert marks(lines, "Table 1") == ("", BEST, "", MARK)
    # what is not known is neither the best nor another
    assert marks(lines, "Table 4") == ("", BEST, "", "")
    assert set("".join("".join(line.marks) for line in lines if "first" in line.label)) == set()
    told = " ".join(legend(shown))
    assert f"{MARK} marks what differs from MAE-DET-S, {BEST} the best number of a row" in told
    rows = layout(lines, shown.names, 76)
    assert ("best", f"{BEST}21.2M") in [(role, text.strip()) for row in rows for text, role in row]


def test_no_number_is_the_best_where_all_are_the_same():
    for line in number_lines(comparison("maedet-m", "maedet-m")):
        assert set(line.marks) == {""}


def test_levels_are_aligned_where_they_feed_the_neck():
    lines = block_lines([ZOO["resnet-50"].structure, ZOO["maedet-m"].structure])
    assert cells(lines, "block", "C2.1") == ("MaxPool", "")
    assert cells(lines, "block", "C2.2") == ("ResBlock", "ResBlock")
    # in bottlenecks, as a preset says it: where the paper prints 5 for C3 of M, 10
    assert cells(lines, "depth", "C3") == ("4", "10")


def test_kinds_without_bottlenecks_stand_beside_others():
    mobile = Structure(
        (
            Block("Conv", 3, 3, 16, 2),
            *(Block("InvertedBlock", 3, 16, 16, 2, expansion=6, depth=2, se=4) for _ in range(4)),
        )
    )
    lines = block_lines([mobile, ZOO["maedet-s"].structure])
    assert cells(lines, "bottleneck", "C5") == ("x6 se4", "240")
    rows = layout(lines, ("mobile", "MAE-DET-S"), 60)
    assert all(sum(len(text) for text, _ in row) <= 60 for row in rows)


def test_six_fit_80_columns():
    names = list(ZOO_ITEMS)[:6]
    shown = comparison(*names)
    for lines in (
        number_lines(shown),
        block_lines([item.structure for item in shown.items]),
    ):
        width = max(sum(len(text) for text, _ in row) for row in layout(lines, shown.names, 76))
        assert width <= max(76, least_width(6))


def test_what_was_measured_has_its_error_and_failures_their_reason():
    nothing = (float("nan"),) * 5
    score = Score(2281.5, nothing, 3.0, "forward", "forward, 4 passes, float32 on cpu", 4)
    measured = {"forward": (score, "too large for 2 GB"), "naswot": (None, None)}
    shown = comparison("maedet-s", "maedet-m", measured=measured)
    lines = number_lines(shown)
    assert cells(lines, "Z by passes") == ("2,281.50", "failed")
    assert cells(lines, "std. error") == ("1.50", "")
    assert not [line for line in lines if line.label == "NASWOT"]
    told = " ".join(legend(shown))
    assert "4 passes, float32" in told and "of MAE-DET-M failed: too large for 2 GB" in told


def test_proxies_of_gradients_stand_below_the_others_with_the_side_of_their_images():
    score = Score(2.5, (float("nan"),) * 5, float("nan"), "snip", "snip, 1 pass of 16 images", 1)
    shown = comparison("maedet-s", "maedet-m", measured={"snip": (score, None)})
    assert cells(number_lines(shown), "SNIP") == ("2.50", "")
    assert "Proxies of gradients at 128x128." in legend(shown)


@pytest.mark.parametrize("text", ["0 0 1 1 6", "0:0:1:1:6", "0, 0, 1, 1, 6"])
def test_alphas_as_people_write_them(text):
    assert parse_alphas(text) == (0, 0, 1, 1, 6)


@pytest.mark.parametrize("text", ["", "1 1 6", "0 0 1 1 x", "0 0 1 1 -6", "0 0 0 0 0", "nan " * 5])
def test_alphas_that_are_none(text):
    with pytest.raises(ValueError, match=r"0 0 1 1 6|weight above 0"):
        parse_alphas(text)


def test_a_legend_tells_of_ap_only_where_there_is_one():
    assert any("as the paper prints it" in line for line in legend(comparison("maedet-s")))
    assert not any("as the paper prints it" in line for line in legend(comparison("initial")))
