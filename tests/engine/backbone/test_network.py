"""Modules: the units' arithmetic against literal ones, and what trainers expect of a backbone."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from torch import nn
from torch.export import Dim

from engine.backbone import build, measure, promised_shapes, verify
from engine.backbone.network import ConvNorm, ResidualUnit, module_of
from engine.backbone.verify import MismatchError
from engine.blocks import units
from engine.costs import total_cost
from engine.structure import Block, Structure, StructureError
from engine.zoo import ZOO
from tests.engine.backbone.random_structures import EVERY_KIND, any_structures

ALL = (0, 1, 2, 3, 4)


@settings(max_examples=12, deadline=None)
@given(any_structures())
def test_random_structures_build_as_counted_and_learn(structure):
    module = build(structure, out_indices=ALL)
    measured = verify(module, structure)
    cost = total_cost(structure)
    assert (measured.params, measured.flops) == (cost.params, cost.flops)
    features = module(torch.randn(2, 3, 33, 65))
    expected = promised_shapes(structure, (33, 65))
    assert [tuple(map.shape[1:]) for map in features] == [shape[1:] for shape in expected]
    sum(map.square().mean() for map in features).backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@pytest.mark.parametrize("name", ["maedet-s", "maedet-m", "resnet-50"])
def test_published_structures_are_what_the_paper_counts(name):
    with torch.device("meta"):
        module = build(ZOO[name].structure, out_indices=ALL)
    measured = verify(module, ZOO[name].structure)
    assert f"{measured.params / 1e6:.1f}M" == ZOO[name].params
    if name != "resnet-50":  # whose FLOPs are printed by another way of counting
        assert f"{measured.flops / 1e9:.1f}G" == ZOO[name].flops


def test_torch_counts_two_flops_per_multiply_accumulate():
    conv = build(EVERY_KIND).stages[0][0].main[0].conv
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        conv(torch.empty(1, 3, 64, 64))
    assert counter.get_total_flops() == 2 * (8 * 3 * 9) * 32 * 32
    # the whole module: without batch norm, pooling and squeeze-and-excitation, less than all
    measured = measure(build(EVERY_KIND), (64, 64))
    assert measured.conv_flops < 2 * measured.flops < 1.3 * measured.conv_flops


def test_a_module_that_is_not_its_structure_is_found_out():
    module = build(ZOO["initial"].structure, out_indices=ALL)
    module.stages[4][1].main[1].conv.dilation = (2, 2)  # shrinks the map
    with pytest.raises((MismatchError, RuntimeError)):
        verify(module, ZOO["initial"].structure)
    with pytest.raises(MismatchError, match=r"parameters at 161x97 are .* but should be"):
        verify(build(EVERY_KIND, out_indices=ALL), ZOO["initial"].structure)
    with pytest.raises(MismatchError, match="output shapes"):
        verify(build(EVERY_KIND), EVERY_KIND)


def norm(x, part):
    """Batch norm in evaluation, written out."""
    scale = part.norm.weight / (part.norm.running_var + part.norm.eps).sqrt()
    shift = part.norm.bias - part.norm.running_mean * scale
    return x * scale[:, None, None] + shift[:, None, None]


def conv(x, part, stride=1, groups=1):
    weight = part.conv.weight
    return norm(F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, 1, groups), part)


def literal(kind, unit, x, stride):
    """One unit, as papers draw it; the first of a block where stride is 2."""
    parts = list(unit.main)
    if kind == "InvertedBlock":
        y = x
        if len(parts) > 3 or (len(parts) == 3 and isinstance(parts[1], ConvNorm)):
            y = conv(y, parts.pop(0)).clamp(0, 6)
        y = conv(y, parts[0], stride, y.shape[1]).clamp(0, 6)
        if len(parts) == 3:
            excite = parts[1]
            mean = y.mean((2, 3), keepdim=True)
            squeezed = F.conv2d(mean, excite.reduce.weight, excite.reduce.bias).clamp(min=0)
            gate = F.conv2d(squeezed, excite.expand.weight, excite.expand.bias)
            y = y * torch.sigmoid(gate)
        y = conv(y, parts[-1])
        return y if unit.shortcut is None else x + y
    if kind == "ResBlock":
        y = conv(x, parts[0]).clamp(min=0)
        y = conv(conv(y, parts[1], stride).clamp(min=0), parts[2])
    else:
        y = conv(conv(x, parts[0], stride).clamp(min=0), parts[1])
    if len(unit.shortcut):
        x = F.avg_pool2d(x, 2, ceil_mode=True) if stride == 2 else x
        x = conv(x, unit.shortcut[-1])
    return (x + y).clamp(min=0)


def randomise_norms(module):
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for values in (part.weight, part.bias, part.running_mean, part.running_var):
                nn.init.uniform_(values, 0.5, 1.5)
    return module


def test_units_compute_what_the_papers_draw():
    torch.manual_seed(0)
    module = randomise_norms(build(EVERY_KIND, out_indices=ALL)).eval()
    x = torch.randn(2, 3, 45, 67)
    stem = module.stages[0][0]
    y = conv(x, stem.main[0], 2).clamp(min=0)
    blocks = iter(EVERY_KIND.blocks[1:])
    with torch.no_grad():
        features = module(x)
        for stage, expected in zip(module.stages[1:], features[1:]):
            remaining = list(stage)
            while remaining:
                block = next(blocks)
                for number in range(sum(count for _, count in units(block))):
                    unit = remaining.pop(0)
                    if block.kind == "MaxPool":
                        y = F.max_pool2d(y, 3, 1, 1)
                    else:
                        y = literal(block.kind, unit, y, 1 if number else block.stride)
            torch.testing.assert_close(expected, y, rtol=1e-4, atol=1e-4)


def test_features_are_described_as_timm_describes_them():
    module = build(ZOO["initial"].structure, out_indices=(2, 4))
    assert module.feature_info.channels() == [512, 2048]
    assert module.feature_info.reduction() == [8, 32]
    assert module.feature_info.module_name() == ["stages.2", "stages.4"]
    parts = dict(module.named_modules())
    for info in module.feature_info:
        last = parts[info["module"]][-1].main[-1]
        assert last.conv.out_channels == info["num_chs"]
    assert [map.shape[1] for map in module(torch.randn(2, 3, 64, 64))] == [512, 2048]


def test_levels_that_do_not_come_out_are_not_built():
    assert len(build(EVERY_KIND, out_indices=(1, 2)).stages) == 3


@pytest.mark.parametrize("indices", [(5,), (-1,), (2, 1), (1, 1), ()])
def test_levels_that_there_are_not(indices):
    with pytest.raises(ValueError, match=r"out_indices is .* from 0 \(C1\) to 4 \(C5\)"):
        build(EVERY_KIND, out_indices=indices)


@pytest.mark.parametrize("frozen", [-2, 3])
def test_frozen_stages_out_of_range(frozen):
    with pytest.raises(ValueError, match=f"frozen_stages is {frozen}, but must be from -1"):
        build(EVERY_KIND, out_indices=(1, 2), frozen_stages=frozen)


def test_structures_that_cannot_be_built():
    with pytest.raises(StructureError, match="C1-C5 need exactly 5"):
        build(Structure(EVERY_KIND.blocks[:-1]))


@pytest.mark.parametrize("size", [(31, 64), (64, 31)])
def test_images_smaller_than_the_deepest_stride(size):
    with pytest.raises(ValueError, match="smaller than 32x32"):
        build(EVERY_KIND)(torch.zeros(1, 3, *size))


def test_frozen_stages_neither_learn_nor_update():
    module = build(EVERY_KIND, frozen_stages=1).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module(torch.randn(2, 3, 64, 64))[-1].sum().backward()
    frozen = ("stages.0.", "stages.1.")
    for name, parameter in module.named_parameters():
        assert (parameter.grad is None) == name.startswith(frozen), name
    for name, value in module.state_dict().items():
        if "running_mean" in name:
            assert torch.equal(value, before[name]) == name.startswith(frozen), name


def test_norm_eval_keeps_statistics_while_weights_learn():
    module = build(EVERY_KIND, norm_eval=True).train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module(torch.randn(2, 3, 64, 64))[-1].sum().backward()
    assert module.training and all(p.grad is not None for p in module.parameters())
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_zero_init_makes_units_start_as_their_shortcut():
    module = build(EVERY_KIND).eval()
    last = module.stages[4][-1]  # the second bottleneck: an identity shortcut, then ReLU
    x = torch.randn(1, 32, 4, 4)
    assert torch.equal(last(x), x.relu())
    other = build(EVERY_KIND, zero_init_last=False).eval().stages[4][-1]
    assert not torch.equal(other(x), x.relu())


def test_initial_weights_are_kaiming_normal():
    torch.manual_seed(0)
    weight = build(ZOO["initial"].structure).stages[4][0].main[1].conv.weight
    assert weight.std().item() == pytest.approx((2 / (512 * 9)) ** 0.5, rel=0.01)


def test_batch_norm_can_be_synchronised():
    module = nn.SyncBatchNorm.convert_sync_batchnorm(build(EVERY_KIND, norm_eval=True))
    parts = [type(part) for part in module.modules()]
    assert nn.SyncBatchNorm in parts and nn.BatchNorm2d not in parts
    norms = [part for part in module.train().modules() if isinstance(part, nn.SyncBatchNorm)]
    assert not any(part.training for part in norms)


def agrees(traced, module, *sizes):
    for size in sizes:
        x = torch.randn(2, 3, *size)
        for found, expected in zip(traced(x), module(x), strict=True):
            torch.testing.assert_close(found, expected)


def test_torch_export_takes_dimensions_by_name():
    module = build(EVERY_KIND, out_indices=(1, 3), zero_init_last=False).eval()
    free = {0: Dim("batch"), 2: Dim("height", min=33), 3: Dim("width", min=33)}
    program = torch.export.export(module, (torch.randn(3, 3, 64, 96),), dynamic_shapes={"x": free})
    symbols = [
        str(size) for size in program.graph.find_nodes(op="placeholder")[-1].meta["val"].shape
    ]
    assert symbols[1] == "3" and len(set(symbols)) == 4
    with torch.no_grad():
        agrees(program.module(), module, (64, 64), (45, 67), (33, 160))


def test_torch_fx_traces_any_size():
    module = build(EVERY_KIND, zero_init_last=False).eval()
    traced = torch.fx.symbolic_trace(module)
    agrees(traced, module, (64, 64), (45, 67), (32, 32))
    with pytest.raises(ValueError, match="smaller than 32x32"):
        traced(torch.zeros(1, 3, 31, 64))


@pytest.mark.nightly
def test_torch_compile_computes_the_same():
    module = build(EVERY_KIND, zero_init_last=False).eval()
    compiled = torch.compile(module, backend="eager", fullgraph=True, dynamic=True)
    agrees(compiled, module, (64, 64), (45, 67))


def test_less_is_kept_with_the_same_gradients():
    torch.manual_seed(0)
    module = build(EVERY_KIND, norm_eval=True).train()
    kept = []

    def keep(value):
        kept.append(value.numel())
        return value

    x = torch.randn(2, 3, 64, 64)
    gradients = []
    for with_cp in (False, True):
        module.with_cp = with_cp
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
            loss = sum(map_.square().mean() for map_ in module(x))
        gradients.append((sum(kept), torch.autograd.grad(loss, list(module.parameters()))))
    (all_of_it, plain), (less, again) = gradients
    assert less < all_of_it / 2
    for a, b in zip(plain, again, strict=True):
        torch.testing.assert_close(a, b)


def test_main_paths_are_skipped_in_training_as_often_as_said():
    module = build(EVERY_KIND, drop_path_rate=0.5, zero_init_last=False, norm_eval=True)
    units = [unit for unit in module.modules() if isinstance(unit, ResidualUnit)]
    rates = [unit.drop_path for unit in units]
    assert rates == sorted(rates) and rates[-1] == 0.5 and rates[0] == 0.5 / len(units)
    last, x = module.stages[4][-1], torch.randn(1, 32, 4, 4).expand(1000, -1, -1, -1)
    with torch.no_grad():
        y = last(x)
        skipped = (y == x.relu()).flatten(1).all(1)
        assert 400 < skipped.sum() < 600
        kept = (x[0] + last.main(x[:1])[0] / (1 - 0.5)).relu()
        torch.testing.assert_close(y[~skipped][0], kept)
        assert not (last.eval()(x) == x.relu()).flatten(1).all(1).any()
    with pytest.raises(ValueError, match="drop_path_rate is 1, but must be from 0 to below 1"):
        build(EVERY_KIND, drop_path_rate=1)


def test_images_of_other_channels():
    module = build(EVERY_KIND, in_channels=5)
    assert module.stages[0][0].main[0].conv.weight.shape == (8, 5, 3, 3)
    assert len(module(torch.randn(2, 5, 64, 64))) == 4
    with pytest.raises(ValueError, match="in_channels is 0, but must be at least 1"):
        build(EVERY_KIND, in_channels=0)
    pooled = Structure((Block("MaxPool", 3, 3, 3, 2), *ZOO["initial"].structure.blocks[1:]))
    pooled = Structure(
        (*pooled.blocks[:1], pooled.blocks[1]._replace(in_channels=3), *pooled.blocks[2:])
    )
    with pytest.raises(ValueError, match="only 3 is possible where the first block is no plain"):
        build(pooled, in_channels=1)


def test_weights_of_levels_that_are_not_built_are_left_aside():
    whole = build(EVERY_KIND).state_dict()
    part = build(EVERY_KIND, out_indices=(1, 2))
    part.load_state_dict(whole)  # strictly
    assert all(torch.equal(value, whole[name]) for name, value in part.state_dict().items())
    inside = nn.ModuleDict({"backbone": part, "head": nn.Linear(1, 1)})
    names = {f"backbone.{name}": value for name, value in whole.items()}
    inside.load_state_dict(names | {f"head.{n}": v for n, v in inside["head"].state_dict().items()})
    for wrong in ("stages.7.0.main.0.conv.weight", "stages.1.9.main.0.conv.weight", "head.weight"):
        with pytest.raises(RuntimeError, match=f"Unexpected key.*{wrong}"):
            part.load_state_dict(whole | {wrong: torch.zeros(1)})


def test_autocast_and_channels_last():
    module = build(EVERY_KIND).eval()
    x = torch.randn(2, 3, 64, 96)
    plain = module(x)
    swapped = module.to(memory_format=torch.channels_last)
    y = swapped(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(y, plain, rtol=1e-4, atol=1e-4)
    assert y[0].is_contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        rough = module(x)
    assert rough[-1].dtype == torch.bfloat16 and rough[-1].isfinite().all()


def test_state_dicts_go_round():
    first, second = build(EVERY_KIND).eval(), build(EVERY_KIND).eval()
    second.load_state_dict(first.state_dict())
    x = torch.randn(1, 3, 64, 64)
    assert all(torch.equal(a, b) for a, b in zip(first(x), second(x)))


def test_an_operation_without_a_module_is_named():
    with pytest.raises(ValueError, match="no module for a layer 'magic'"):
        module_of(SimpleNamespace(op="magic"))
