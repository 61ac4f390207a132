"""What short searches of every shipped preset find, written down as they found it.

The structures are text in this file, so that a change of the mutation, the population, the
budget, the trade, the closed form or a preset that moves any search is seen here; where it
is meant to, the text is replaced by what the failing test prints. All random numbers are
`random.Random`'s `random()`, and in random search its `choice`, `randint` and `uniform`,
which Python 3.10 to 3.13 draw alike. Only structures are compared: the last digit of a Z
may differ between processors.
"""

from dataclasses import replace

import pytest

from engine.optimum.search import certified
from engine.scorers.closed_form import ClosedForm
from engine.settings import NO_ENTROPY
from engine.structure import Block, Structure
from maedet_tui.presets import builtin_names, load
from tests.golden import found, written

ITERATIONS = 3000

#: by preset and seed: block, kernel, out, stride, bottleneck, depth, expansion, se
FOUND = {
    ("maedet-s", 0): """
Conv 3 96 2 0 1 0 0
ResBlock 3 208 2 64 3 0 0
ResBlock 5 512 2 104 2 0 0
ResBlock 3 1088 2 168 5 0 0
ResBlock 3 728 2 280 2 0 0
""",
    ("maedet-s", 1): """
Conv 3 144 2 0 1 0 0
ResBlock 3 136 2 64 3 0 0
ResBlock 3 512 2 88 5 0 0
ResBlock 3 1024 2 256 2 0 0
ResBlock 3 2048 2 512 1 0 0
""",
    ("maedet-m", 0): """
Conv 3 80 2 0 1 0 0
ResBlock 3 240 2 64 3 0 0
ResBlock 5 640 2 88 4 0 0
ResBlock 3 816 2 256 4 0 0
ResBlock 5 2048 2 344 7 0 0
""",
    ("maedet-m", 1): """
Conv 3 24 2 0 1 0 0
ResBlock 3 168 2 128 2 0 0
ResBlock 3 432 2 128 8 0 0
ResBlock 3 1024 2 208 2 0 0
ResBlock 3 2048 2 512 4 0 0
""",
    ("maedet-l", 0): """
Conv 3 360 2 0 1 0 0
ResBlock 5 256 2 48 2 0 0
ResBlock 5 800 2 120 6 0 0
ResBlock 5 1280 2 256 5 0 0
ResBlock 5 2400 2 344 3 0 0
""",
    ("maedet-l", 1): """
Conv 3 96 2 0 1 0 0
ResBlock 3 656 2 80 2 0 0
ResBlock 3 512 2 176 9 0 0
ResBlock 3 1280 2 256 2 0 0
ResBlock 5 2400 2 432 4 0 0
""",
    ("maedet-mb-m", 0): """
Conv 3 24 2 0 1 0 0
InvertedBlock 5 16 2 0 3 3 0
InvertedBlock 5 96 2 0 3 3 0
InvertedBlock 3 88 2 0 4 6 0
InvertedBlock 5 112 2 0 5 3 0
""",
    ("maedet-mb-m", 1): """
Conv 3 32 2 0 1 0 0
InvertedBlock 5 32 2 0 1 3 0
InvertedBlock 5 32 2 0 5 6 0
InvertedBlock 5 64 2 0 5 3 0
InvertedBlock 5 288 2 0 2 6 0
""",
    ("maedet-mb-m-se", 0): """
Conv 3 32 2 0 1 0 0
InvertedBlock 5 16 2 0 1 6 32
InvertedBlock 3 32 2 0 4 3 32
InvertedBlock 5 96 2 0 5 6 32
InvertedBlock 5 192 2 0 5 3 32
""",
    ("maedet-mb-m-se", 1): """
Conv 3 16 2 0 1 0 0
InvertedBlock 3 32 2 0 3 6 32
InvertedBlock 5 48 2 0 5 3 32
InvertedBlock 3 120 2 0 4 3 32
InvertedBlock 3 80 2 0 3 6 32
""",
    ("maedet-mb-s", 0): """
Conv 3 24 2 0 1 0 0
InvertedBlock 5 16 2 0 1 1 0
InvertedBlock 5 32 2 0 4 3 0
InvertedBlock 5 64 2 0 4 6 0
InvertedBlock 5 96 2 0 5 3 0
""",
    ("maedet-mb-s", 1): """
Conv 3 8 2 0 1 0 0
InvertedBlock 5 16 2 0 1 3 0
InvertedBlock 5 32 2 0 5 3 0
InvertedBlock 5 80 2 0 3 3 0
InvertedBlock 3 144 2 0 5 3 0
""",
    ("multi-scale-coarse", 0): """
Conv 3 80 2 0 1 0 0
ResBlock 3 256 2 64 2 0 0
ResBlock 3 512 2 128 10 0 0
ResBlock 3 816 2 208 3 0 0
ResBlock 5 2048 2 344 3 0 0
""",
    ("multi-scale-coarse", 1): """
Conv 3 160 2 0 1 0 0
ResBlock 3 256 2 64 3 0 0
ResBlock 3 512 2 128 7 0 0
ResBlock 3 1280 2 168 3 0 0
ResBlock 3 2048 2 640 2 0 0
""",
    ("naswot", 0): """
Conv 3 1360 2 0 1 0 0
ResBlock 3 256 2 32 4 0 0
ResBlock 3 272 2 256 1 0 0
ResBlock 3 1024 2 256 3 0 0
ResBlock 3 2048 2 512 1 0 0
""",
    ("naswot", 1): """
Conv 3 1488 2 0 1 0 0
ResBlock 5 208 2 40 3 0 0
ResBlock 3 640 2 80 1 0 0
ResBlock 3 1024 2 384 1 0 0
ResBlock 3 2048 2 408 3 0 0
""",
    ("single-scale", 0): """
Conv 3 128 2 0 1 0 0
ResBlock 3 512 2 64 2 0 0
ResBlock 3 512 2 72 4 0 0
ResBlock 3 816 2 208 4 0 0
ResBlock 3 2048 2 408 10 0 0
""",
    ("single-scale", 1): """
Conv 3 64 2 0 1 0 0
ResBlock 3 256 2 64 2 0 0
ResBlock 3 640 2 128 4 0 0
ResBlock 3 1360 2 256 4 0 0
ResBlock 3 2048 2 512 6 0 0
""",
    ("synflow", 0): """
Conv 3 104 2 0 1 0 0
ResBlock 3 256 2 64 4 0 0
ResBlock 3 512 2 128 4 0 0
ResBlock 3 816 2 208 6 0 0
ResBlock 3 1712 2 512 6 0 0
""",
    ("synflow", 1): """
Conv 3 96 2 0 1 0 0
ResBlock 5 168 2 64 2 0 0
ResBlock 3 344 2 56 6 0 0
ResBlock 3 1280 2 256 4 0 0
ResBlock 3 2048 2 512 8 0 0
""",
    ("zen-score", 0): """
Conv 3 120 2 0 1 0 0
ResBlock 3 208 2 64 4 0 0
ResBlock 3 512 2 104 2 0 0
ResBlock 3 816 2 208 9 0 0
ResBlock 3 2048 2 512 6 0 0
""",
    ("zen-score", 1): """
Conv 3 80 2 0 1 0 0
ResBlock 5 336 2 64 1 0 0
ResBlock 3 408 2 80 9 0 0
ResBlock 5 1024 2 256 2 0 0
ResBlock 3 2048 2 512 6 0 0
""",
}

#: Appendix F under the budget of M, by seed
DRAWN = {
    0: """
Conv 3 8 2 0 1 0 0
ResBlock 5 184 2 72 3 0 0
ResBlock 5 208 2 32 10 0 0
ResBlock 5 1576 2 64 8 0 0
ResBlock 3 8 2 256 8 0 0
""",
    1: """
Conv 3 136 2 0 1 0 0
ResBlock 5 48 2 40 3 0 0
ResBlock 5 592 2 24 9 0 0
ResBlock 5 328 2 152 8 0 0
ResBlock 5 248 2 336 7 0 0
""",
}


#: the proven optimum of each preset, to the third decimal, of which the night tests all
OPTIMA = {
    "maedet-s": 1980.931,
    "maedet-m": 2316.629,
    "maedet-l": 2858.966,
    "maedet-mb-s": 623.591,
    "maedet-mb-m": 710.581,
    "maedet-mb-m-se": 710.418,
}


def read(text: str) -> Structure:
    """What `written` wrote."""
    blocks, before = [], 3
    for line in text.strip().splitlines():
        kind, *numbers = line.split()
        kernel, out, stride, bottleneck, depth, expansion, se = map(int, numbers)
        blocks.append(
            Block(kind, kernel, before, out, stride, bottleneck, depth, expansion=expansion, se=se)
        )
        before = out
    return Structure(tuple(blocks))


@pytest.mark.parametrize(("name", "seed"), [one for one in FOUND if one[0] in OPTIMA])
def test_no_short_search_finds_what_lies_above_the_optimum(name, seed):
    structure = read(FOUND[name, seed])
    assert written(structure) == FOUND[name, seed].strip()
    (score,) = ClosedForm(load(name).objective).score([structure])
    assert 0 < score.z < OPTIMA[name]


@pytest.mark.parametrize("text", DRAWN.values())
def test_no_random_search_draws_what_lies_above_the_optimum(text):
    (score,) = ClosedForm(load("maedet-m").objective).score([read(text)])
    assert 0 < score.z < OPTIMA["maedet-m"]


@pytest.mark.nightly
@pytest.mark.parametrize("name", builtin_names())
def test_every_golden_search_is_below_its_bound(name):
    preset = load(name)
    if preset.scorer in NO_ENTROPY:
        return
    found = certified(preset, 600.0)
    if name in OPTIMA:
        assert found.proven and round(found.bound, 3) == OPTIMA[name]
    texts = [text for (of, _), text in FOUND.items() if of == name]
    for score in ClosedForm(preset.objective).score([read(text) for text in texts]):
        assert score.z <= found.bound


@pytest.mark.parametrize(("name", "seed"), FOUND)
def test_a_short_search_finds_what_it_once_found(name, seed):
    assert written(found(load(name), ITERATIONS, seed)) == FOUND[name, seed].strip()


def test_every_preset_has_two_golden_searches():
    assert {name for name, _ in FOUND} == set(builtin_names())
    assert len(FOUND) == 2 * len(builtin_names())


@pytest.mark.parametrize("seed", DRAWN)
def test_a_short_random_search_draws_what_it_once_drew(seed):
    preset = load("maedet-m")
    random = replace(preset, schedule=replace(preset.schedule, strategy="random"))
    assert written(found(random, ITERATIONS, seed)) == DRAWN[seed].strip()
