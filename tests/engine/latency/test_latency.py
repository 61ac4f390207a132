"""The latency table: what is measured, how it is interpolated, kept, and held to."""

import os
from dataclasses import replace

import pytest
import torch

from engine.checks import check
from engine.costs import total_cost
from engine.latency import table
from engine.latency.budget import LatencyBudget, latency_of
from engine.latency.device import Device
from engine.latency.model import Latency
from engine.latency.operations import Family, Operation, block_operations, elementwise, steps_of
from engine.latency.reach import reachable_families, typical_structures
from engine.run.runner import Runner
from engine.scorers.base import Cancelled, ScoringError
from engine.search.sampling import smallest
from engine.settings import Budget, Preset, Schedule, Space, Timing
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.backbone.random_structures import YOLO
from tests.engine.scorers.literal_network import network
from tests.waiting import PATIENCE

SIZE = (64, 96)
STEM = Block("Conv", 3, 3, 16, 2)
STRUCTURES = {
    "residual": Structure(
        (
            STEM,
            Block("MaxPool", 3, 16, 16, 2),
            Block("BasicBlock", 3, 16, 32, 1, 16, 2),
            Block("ResBlock", 5, 32, 48, 2, 24, 2),
            Block("ResBlock", 3, 48, 64, 2, 32, 1),
            Block("ResBlock", 5, 64, 96, 2, 32, 2),
        )
    ),
    "inverted": Structure(
        (
            STEM,
            Block("InvertedBlock", 3, 16, 24, 2, 0, 2, 3),
            Block("InvertedBlock", 5, 24, 32, 2, 0, 2, 6),
            Block("InvertedBlock", 3, 32, 48, 2, 0, 2, 1, 4),
            Block("Conv", 1, 48, 96, 2),
        )
    ),
    "yolo": YOLO,
}
PRESET = Preset(
    "slow", ZOO["initial"].structure, Budget(image_size=SIZE, latency=1.0), device="cpu"
)


class Formula(Device):
    """A device whose times are a formula: 1 ns for each multiply-accumulate, doubled in place."""

    def __init__(self):
        super().__init__("cpu")
        self.measured = []

    def seconds(self, operation):
        self.measured.append(operation)
        return 1e-9 * operation.macs

    def in_place(self, units, runs=8):
        found = {}
        for step in (step for unit in units for step in unit):
            op = step.operation.family.op
            found[op] = found.get(op, 0.0) + 2e-9 * step.operation.macs
        return found


def by_formula(structure, size=SIZE):
    return sum(2e-9 * step.operation.macs for unit in steps_of(structure, size) for step in unit)


@pytest.mark.parametrize("name", ["residual", "inverted"])
def test_the_plan_is_the_network(name):
    structure = STRUCTURES[name]
    steps = [step.operation for unit in steps_of(structure, SIZE) for step in unit]
    modules = list(network(structure).modules())
    se = {op for op in steps if op.family.op == "se"}
    assert bool(se) == (name == "inverted")
    for ops, kind in (
        (("conv", "depthwise"), torch.nn.Conv2d),
        (("relu", "relu6"), torch.nn.ReLU),
        (("avgpool",), torch.nn.AvgPool2d),
        (("maxpool",), torch.nn.MaxPool2d),
    ):
        ours = [op for op in steps if op.family.op in ops]
        theirs = [module for module in modules if isinstance(module, kind)]
        assert len(ours) == len(theirs)
        if kind is torch.nn.Conv2d:
            for op, module in zip(ours, theirs):
                assert (op.family.image or op.inside) in (module.in_channels, op.outside)
                assert op.outside == module.out_channels
                assert (op.family.kernel,) * 2 == module.kernel_size
                assert (op.family.stride,) * 2 == module.stride
    shortcuts = [m for m in modules if getattr(m, "shortcut", None) is not None]
    assert sum(op.family.op == "add" for op in steps) == len(shortcuts)


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_operation_runs_in_its_place(name):
    units = steps_of(STRUCTURES[name], SIZE)
    device = Device("cpu", batch=2)
    seconds = device.in_place(units, runs=1)
    assert set(seconds) == {step.operation.family.op for unit in units for step in unit}
    assert all(value > 0 for value in seconds.values())
    operations = {step.operation for unit in units for step in unit}
    for operation in operations:
        x = device.map(operation.entering, operation.family.size)
        y = device.kernel(operation)(x, x)
        assert y.shape[:2] == (2, operation.outside) and torch.isfinite(y).all()


def test_a_measured_time_is_a_time():
    device = Device("cpu")
    small = elementwise("relu", 8, (8, 8))
    large = elementwise("relu", 256, (256, 256))
    assert 0 < device.seconds(small) < device.seconds(large) < 10


@pytest.mark.parametrize("op", ["conv", "depthwise", "relu"])
def test_interpolation_is_exact_for_powers_and_between_neighbours(op):
    family = Family(op, 3, 1, (4, 4))  # small enough to be measured throughout

    def power(operation):
        return 1e-9 * operation.inside**0.7 * operation.outside**1.1

    grid = table.measure(family, power)
    for inside, outside in ((8, 8), (72, 104), (4, 3000), (1200, 2048)):
        inside = inside if family.has_two_widths else outside
        wanted = Operation(family, inside, outside)
        assert table.interpolate(grid, wanted) == pytest.approx(power(wanted))


def test_what_takes_long_is_extrapolated_by_its_work():
    family = Family("conv", 5, 1, (200, 320))
    grid = table.measure(family, lambda operation: 1e-10 * operation.macs)
    assert len(grid) < len(table.WIDTHS) ** 2
    for inside, outside in ((2048, 2048), (64, 900), (900, 64)):
        wanted = Operation(family, inside, outside)
        assert table.interpolate(grid, wanted) == pytest.approx(1e-10 * wanted.macs)
    enormous = Family("conv", 31, 1, (10_000, 10_000))
    assert len(table.measure(enormous, lambda operation: 1.0)) == 1


def test_prediction_adds_up_operations_in_their_place():
    latency = Latency(Formula(), SIZE)
    for structure in (*STRUCTURES.values(), ZOO["maedet-m"].structure):
        latency.build(Space(blocks=("ResBlock",)), structure)
        assert latency(structure) == pytest.approx(by_formula(structure), rel=1e-6)


def test_a_search_meets_no_operation_that_was_not_measured_before():
    from random import Random

    from engine.search.mutation import Mutator

    device = Formula()
    latency = Latency(device, SIZE)
    space = Space(blocks=("ResBlock", "BasicBlock", "InvertedBlock"))
    latency.build(space, PRESET.initial)
    before, rng, mutator = len(device.measured), Random(0), Mutator(space)
    structure = PRESET.initial
    for _ in range(2000):
        structure = mutator.mutate(structure, rng, fine=False).structure
        latency(structure)
    assert len(device.measured) == before
    assert len(latency.grids) == len(set(reachable_families(space, PRESET.initial, SIZE)))


def test_an_unwritable_folder_is_said_once(tmp_path):
    (tmp_path / "file").write_text("")
    latency = Latency(Formula(), SIZE, tmp_path / "file" / "latency")
    budget = LatencyBudget(PRESET, None, latency)
    budget.prepare()
    assert "measured latencies cannot be kept there" in budget.notices[-1]
    assert latency(PRESET.initial) == pytest.approx(by_formula(PRESET.initial))


def limited(limit):
    preset = Preset("slow", PRESET.initial, Budget(image_size=SIZE, latency=limit), device="cpu")
    return LatencyBudget(preset, None, Latency(Formula(), SIZE))


def test_a_budget_that_nothing_meets_names_the_least():
    (one,) = smallest(PRESET.space, PRESET.initial)
    least = by_formula(one)
    with pytest.raises(ScoringError, match=f"smallest one takes {1e3 * least:.3g} ms"):
        limited(least * 0.99).prepare()
    with pytest.raises(ScoringError, match=r"the initial structure takes .* raise that or write"):
        limited(least * 1.01).prepare()
    limited(by_formula(PRESET.initial) * 1.01).prepare()


def test_a_budget_that_is_clearly_out_of_reach_is_refused_before_the_table_is_measured():
    least = by_formula(smallest(PRESET.space, PRESET.initial)[0])
    for limit, words in ((least / 3, "smallest one"), (least * 3, "initial structure")):
        budget = limited(limit)
        with pytest.raises(ScoringError, match=words):
            budget.prepare()
        assert budget.latency.device.measured == []


def test_a_batch_that_does_not_fit_into_memory_is_refused_before_it_is_tried():
    device = Formula()
    device.batch = 10**9
    budget = LatencyBudget(PRESET, None, Latency(device, SIZE))
    with pytest.raises(ScoringError, match=r"timing.batch 1000000000 needs .* lower timing.batch"):
        budget.prepare()
    assert device.measured == []


def test_what_would_take_long_or_much_memory_is_not_measured():
    family = Family("conv", 3, 1, (20, 20))
    quick = table.measure(family, lambda operation: 1e-10 * operation.macs)
    slow = table.measure(family, lambda operation: 1e-8 * operation.macs)  # as float16 on a CPU
    assert sum(slow.values()) < 0.3 * len(slow) and 5 < len(slow) < len(quick)
    wanted = Operation(family, 2048, 2048)
    assert table.interpolate(slow, wanted) == pytest.approx(1e-8 * wanted.macs)
    stem = Family("relu", 1, 1, (400, 640))
    for batch in (1, 16):
        most = max(operation.values for operation in table.points(stem, batch))
        assert batch * most * 4 <= 2**29
    assert len(table.points(Family("relu", 1, 1, (8000, 8000)), 64)) == 1


def test_building_stops_when_asked():
    device = Formula()
    calls = iter([False, False])
    with pytest.raises(Cancelled):
        Latency(device, SIZE).build(PRESET.space, PRESET.initial, lambda: next(calls, True))
    assert len({operation.family for operation in device.measured}) == 2


def test_branches_are_one_convolution_and_halves_are_put_together():
    (down, halves, fuse) = steps_of(Structure(YOLO.blocks[:2]), SIZE)[1:]
    assert [step.operation.family.op for step in (*down, *fuse)] == ["conv", "relu"] * 2
    start, around, join = halves[:2], halves[-3:-1], halves[-1]
    assert [step.operation.family.op for step in (*start, *around)] == ["conv", "relu"] * 2
    pair = [step.operation.family.op for step in halves[2:-3]]
    assert pair == ["conv", "silu", "conv", "add", "silu"] * 2  # without the 1x1 of the second
    assert join.operation.family.op == "concat" and join.operation.outside == 32
    assert join.takes == (start[-1].gives, around[-1].gives) and join.gives == 0
    poolings = [step for unit in steps_of(YOLO, SIZE) for step in unit
                if step.operation.family.op in ("maxpool", "concat")]  # fmt: skip
    assert [step.operation.outside for step in poolings[1:7]] == [32, 32, 32, 64, 96, 128]


def test_operations_of_a_block_do_not_forget_repetition():
    block = Block("ResBlock", 3, 32, 32, 1, 16, 3)
    counts = {op.family.op: 0 for op, _ in block_operations(block, (8, 8))}
    for op, count in block_operations(block, (8, 8)):
        counts[op.family.op] += count
    assert counts == {"conv": 10, "relu": 9, "add": 3}


def test_a_search_under_a_latency_budget(monkeypatch):
    latency = Latency(Formula(), SIZE)
    limit = 1.5 * by_formula(PRESET.initial)
    monkeypatch.setattr("engine.latency.budget.latency_of", lambda preset, folder: latency)
    preset = Preset(
        "slow",
        PRESET.initial,
        Budget(image_size=SIZE, latency=limit),
        schedule=Schedule(population=16, iterations=300, keep=4),
        scorer="closed-form",
        audit=False,
    )
    seen = []
    monkeypatch.setattr(
        Formula,
        "seconds",
        lambda self, operation: seen.append(runner.snapshot) or 1e-9 * operation.macs,
    )
    monkeypatch.setattr("engine.run.publishing.INTERVAL", 0.0)
    runner = Runner(preset)
    runner.start()
    assert runner.join(PATIENCE)
    snapshot = runner.snapshot
    assert snapshot.state == "finished", snapshot.error
    families = len(reachable_families(preset.space, preset.initial, SIZE))
    told = {(one.phase, one.progress) for one in seen}  # while it is measured
    assert ("timing", (families - 2, families)) in told
    assert snapshot.progress is None
    assert snapshot.counts["latency"] > 0
    result = snapshot.latency
    structure = snapshot.best.structure
    assert result.limit == limit
    assert result.predicted <= limit
    assert result.predicted == pytest.approx(by_formula(structure), rel=1e-6)
    assert result.measured == pytest.approx(by_formula(structure), rel=1e-6)
    assert any("measured latencies in" in notice for notice in snapshot.notices)


def test_a_winner_that_is_slower_than_the_table_says_is_pointed_out(monkeypatch):
    budget = limited(by_formula(PRESET.initial) * 1.01)
    budget.prepare()
    budget.measure(PRESET.initial)
    assert not any("as a whole" in notice for notice in budget.notices)
    monkeypatch.setattr(budget.latency, "measure", lambda structure: 2 * budget.limit)
    budget.measure(PRESET.initial)
    assert "measured as a whole it takes" in budget.notices[-1]


def test_a_search_that_cannot_begin_says_why(monkeypatch):
    latency = Latency(Formula(), SIZE)
    monkeypatch.setattr("engine.latency.budget.latency_of", lambda preset, folder: latency)
    preset = Preset("slow", PRESET.initial, Budget(image_size=SIZE, latency=1e-9), audit=False)
    runner = Runner(preset)
    runner.start()
    assert runner.join(PATIENCE)
    assert runner.snapshot.state == "failed"
    assert "no structure of the space keeps to budget.latency" in runner.snapshot.error


def test_a_preset_decides_what_is_timed():
    preset = Preset(
        "slow", PRESET.initial, PRESET.budget, device="cpu", timing=Timing(4, "bfloat16")
    )
    key = latency_of(preset, None).key
    assert (key["batch"], key["dtype"], key["torch"]) == (4, "bfloat16", torch.__version__)
    assert key["device"] and key["threads"] >= 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_said(tmp_path):
    tmp_path.chmod(0o500)
    latency = Latency(Formula(), SIZE, tmp_path / "latency")
    latency.build(PRESET.space, PRESET.initial)
    assert "Permission denied" in latency.trouble


def test_the_stem_is_counted_by_its_three_input_channels():
    stem = steps_of(PRESET.initial, SIZE)[0][0].operation
    assert stem.macs == 3 * 64 * 9 * 32 * 48
    assert len(table.points(stem.family)) == len(table.WIDTHS)


def test_typical_structures_are_those_a_search_may_meet():
    space = Space(blocks=("ResBlock", "BasicBlock"))
    found = typical_structures(space, PRESET.initial)
    assert found[0] == PRESET.initial and len(set(found)) == len(found) > 3
    assert found == typical_structures(space, PRESET.initial)
    families = set(reachable_families(space, PRESET.initial, SIZE))
    for structure in found:
        check(structure)
        assert total_cost(structure).flops <= 2 * total_cost(PRESET.initial).flops
        steps = {step.operation.family for unit in steps_of(structure, SIZE) for step in unit}
        assert steps <= families


def test_small_weights_are_taken_in_turns_as_a_backbone_would_meet_them(monkeypatch):
    device, made = Device("cpu"), []
    kernel = device.kernel

    def counted(operation):
        made.append(operation)
        return kernel(operation)

    monkeypatch.setattr(device, "kernel", counted)
    small = Operation(Family("conv", 1, 1, (4, 4)), 64, 64)
    device.seconds(small)
    assert len(made) == 64  # 16 KB each
    made.clear()
    device.seconds(Operation(Family("conv", 3, 1, (4, 4)), 960, 960))
    assert len(made) == 1  # 33 MB already
    made.clear()
    device.seconds(elementwise("relu", 8, (4, 4)))
    assert len(made) == 1


def test_a_killed_build_goes_on_where_it_stopped(tmp_path):
    calls = iter([False, False])
    with pytest.raises(Cancelled):
        Latency(Formula(), SIZE, tmp_path).build(
            PRESET.space, PRESET.initial, lambda: next(calls, True)
        )
    again = Latency(Formula(), SIZE, tmp_path)
    assert len(again.grids) == 2 and not again.factors


def test_a_preset_without_a_limit_has_no_latency_budget():
    with pytest.raises(ValueError, match="no latency budget"):
        LatencyBudget(replace(PRESET, budget=Budget()), None, Latency(Formula(), SIZE))


def test_a_system_that_does_not_tell_its_memory_is_taken_to_have_enough(monkeypatch):
    def unknown(name):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown)
    assert Device("cpu").memory == float("inf")


def test_a_build_that_is_given_up_among_whole_backbones_keeps_the_families(tmp_path):
    latency = Latency(Formula(), SIZE, tmp_path)
    left = len(latency.missing(PRESET.space, PRESET.initial))
    with pytest.raises(Cancelled):
        latency.build(PRESET.space, PRESET.initial, lambda: len(latency.grids) >= left)
    again = Latency(Formula(), SIZE, tmp_path)
    assert not again.missing(PRESET.space, PRESET.initial) and not again.factors


def test_a_network_that_takes_long_is_run_less_often(monkeypatch):
    passes, real = [], Device._run

    def counted(self, *args):
        passes.append(args)
        return real(self, *args)

    monkeypatch.setattr(Device, "_run", counted)
    units = steps_of(STRUCTURES["residual"], SIZE)
    Device("cpu").in_place(units, runs=4)
    assert len(passes) == 5  # one of them to warm up
    passes.clear()
    monkeypatch.setattr("engine.latency.device.MOST_SECONDS", 0.0)
    assert all(seconds > 0 for seconds in Device("cpu").in_place(units, runs=4).values())
    assert len(passes) == 2


def test_weights_of_a_depthwise_convolution_are_one_kernel_for_each_channel():
    steps = [step.operation for unit in steps_of(STRUCTURES["inverted"], SIZE) for step in unit]
    depthwise = [one for one in steps if one.family.op == "depthwise"]
    modules = [m for m in network(STRUCTURES["inverted"]).modules() if getattr(m, "groups", 1) > 1]
    assert [one.weight_bytes(4) for one in depthwise] == [4 * m.weight.numel() for m in modules]
