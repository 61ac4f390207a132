"""Costs against the paper's tables, and against torch's own counter."""

import pytest
import torch
from hypothesis import given, settings
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from engine.checks import check
from engine.costs import block_costs, stage_costs, total_cost
from engine.structure import Block, Structure
from engine.zoo import KNOWN, ZOO
from tests.strategies import structures

PRINTED = {
    "maedet-s": ("21.2", "48.7", 79),
    "maedet-m": ("25.8", "89.9", 91),
    "maedet-l": ("43.9", "152.9", 109),
    "multi-scale-coarse": ("29.4", "88.7", 91),
}


@pytest.mark.parametrize("name", PRINTED)
def test_costs_reproduce_the_paper_to_the_digit(name):
    cost = total_cost(ZOO[name].structure)
    params, flops, layers = PRINTED[name]
    assert f"{cost.params / 1e6:.1f}" == params
    assert f"{cost.flops / 1e9:.1f}" == flops
    assert cost.layers == layers


@pytest.mark.parametrize(
    ("name", "params", "flops"), [("resnet-50", 23.5, 83.6), ("resnet-101", 42.4, 159.5)]
)
def test_resnets_are_within_a_percent_of_their_published_costs(name, params, flops):
    cost = total_cost(ZOO[name].structure)
    assert cost.params / 1e6 == pytest.approx(params, rel=0.01)
    assert cost.flops / 1e9 == pytest.approx(flops, rel=0.01)


@pytest.mark.parametrize(
    ("name", "params", "layers"),
    # without their classifiers, as torchvision has them, which projects in no first block
    [("MobileNetV2", 2_223_872, 52), ("ResNet-18", 11_176_512, 17), ("ResNet-34", 21_284_672, 33)],
)
def test_networks_that_people_know_have_the_parameters_that_they_are_known_for(
    name, params, layers
):
    cost = total_cost(check(KNOWN[name]))
    assert cost.params == pytest.approx(params, rel=5e-4) and cost.layers == layers


def test_single_scale_structure_has_the_parameters_of_table_10():
    # printed as 60.1 M; without a projection in each of the three C5 blocks it is 55.8 M
    assert total_cost(ZOO["single-scale"].structure).params / 1e6 == pytest.approx(60.1, rel=2e-3)


class Bottleneck(nn.Module):
    """A literal bottleneck, written from the description of the paper's ResBlock."""

    def __init__(self, inside, out, width, kernel, stride, project):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(inside, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        pooling = [nn.AvgPool2d(2, ceil_mode=True)] if stride == 2 else []
        projection = [nn.Conv2d(inside, out, 1, bias=False), nn.BatchNorm2d(out)]
        self.shortcut = nn.Sequential(*pooling, *projection) if project else nn.Identity()

    def forward(self, x):
        return torch.relu(self.main(x) + self.shortcut(x))


def literal(structure: Structure) -> nn.Module:
    modules = []
    for block in structure.blocks:
        if block.kind == "Conv":
            modules += [
                nn.Conv2d(
                    block.in_channels,
                    block.out_channels,
                    block.kernel,
                    block.stride,
                    block.kernel // 2,
                    bias=False,
                ),
                nn.BatchNorm2d(block.out_channels),
                nn.ReLU(),
            ]
        elif block.kind == "MaxPool":
            modules.append(nn.MaxPool2d(block.kernel, block.stride, block.kernel // 2))
        else:
            for i in range(block.depth):
                modules.append(
                    Bottleneck(
                        block.out_channels if i else block.in_channels,
                        block.out_channels,
                        block.bottleneck,
                        block.kernel,
                        1 if i else block.stride,
                        project=i == 0,
                    )
                )
    return nn.Sequential(*modules).eval()


def measured(structure: Structure, size: tuple[int, int]) -> tuple[int, int, int]:
    """(params, multiply-accumulates, batch-norm and pooling elements) of a real module."""
    with torch.device("meta"):
        module = literal(structure)
        image = torch.empty(1, 3, *size)
    elements = 0

    def count(layer, inputs, output):
        nonlocal elements
        elements += 2 * output.numel() if isinstance(layer, nn.BatchNorm2d) else inputs[0].numel()

    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d | nn.AvgPool2d):
            layer.register_forward_hook(count)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(image)
    params = sum(parameter.numel() for parameter in module.parameters())
    return params, counter.get_total_flops() // 2, elements


@settings(max_examples=15, deadline=None)
@given(structures())
def test_costs_equal_those_of_a_module(structure):
    size = (96, 160)
    params, macs, elements = measured(structure, size)
    cost = total_cost(structure, size)
    assert cost.params == params
    assert cost.flops == macs + elements


@pytest.mark.parametrize(
    "size",
    [
        pytest.param((800, 1280), marks=pytest.mark.nightly),
        pytest.param((799, 1333), marks=pytest.mark.nightly),
        (33, 65),
    ],
)
def test_costs_of_the_zoo_equal_those_of_modules_at_any_image_size(size):
    for entry in ZOO.values():
        params, macs, elements = measured(entry.structure, size)
        cost = total_cost(entry.structure, size)
        assert (cost.params, cost.flops) == (params, macs + elements), entry.name


@given(structures())
def test_blocks_and_stages_add_up_to_the_structure(structure):
    for parts in (block_costs(structure), stage_costs(structure)):
        for i, total in enumerate(total_cost(structure)):
            assert sum(part[i] for part in parts) == total


def test_zoo_structures_can_be_built():
    for entry in ZOO.values():
        check(entry.structure)


def test_layers_count_the_convolutions_of_the_main_path():
    block = Block("ResBlock", 3, 64, 256, 2, 64, 3)
    stem = Block("Conv", 3, 3, 64, 2)
    costs = block_costs(Structure((stem, block)))
    assert [cost.layers for cost in costs] == [1, 9]
