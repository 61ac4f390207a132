"""Weights under other people's names: found, loaded and given back, in arithmetic too."""

import ast

import pytest
import torch

from engine.backbone import build
from engine.backbone.checkpoint import CheckpointError, load_weights
from engine.backbone.weight_names import NoNamesError, authors_names, find_weights
from engine.formats import structure_info
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.engine.backbone.cnnnet import CnnNet
from tests.engine.backbone.random_structures import EVERY_KIND
from tests.engine.backbone.test_network import randomise_norms

ALL = (0, 1, 2, 3, 4)
#: a stage of two blocks of the same width, a Conv among the blocks, and a single bottleneck
BOTTLENECKS = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        Block("ResBlock", 3, 8, 16, 2, 8, 2),
        Block("ResBlock", 5, 16, 16, 1, 8, 3),
        Block("ResBlock", 3, 16, 24, 2, 8, 1),
        Block("Conv", 1, 24, 16, 1),
        Block("ResBlock", 3, 16, 24, 2, 16, 2),
        Block("ResBlock", 3, 24, 32, 2, 8, 2),
    )
)


def theirs_of(structure):
    rows = ast.literal_eval(structure_info.dumps(structure))["best_structures"][0]
    return CnnNet(rows)


def same(one, other):
    x = torch.randn(2, 3, 64, 96)
    with torch.no_grad():
        return all(torch.equal(a, b) for a, b in zip(one.eval()(x), other.eval()(x), strict=True))


@pytest.mark.parametrize(
    ("prefix", "container", "said"),
    [
        ("", "", "the names of the authors' CnnNet"),
        ("module.", "state_dict", "CnnNet under 'module.', out of 'state_dict'"),
        ("backbone.body.", "state_dict", "under 'backbone.body.', out of 'state_dict'"),
        ("module.backbone.", "model", "under 'module.backbone.', out of 'model'"),
        ("model.backbone.", "state_dict_ema", "'model.backbone.', out of 'state_dict_ema'"),
        ("module.", "ema.model", "under 'module.', out of 'ema.model'"),
    ],
)
def test_the_authors_weights_load_wherever_they_are(prefix, container, said, tmp_path):
    theirs = randomise_norms(theirs_of(BOTTLENECKS))
    state = {prefix + name: value for name, value in theirs.state_dict().items()}
    state |= {f"{prefix}fc_linear.bias": torch.ones(3), "bbox_head.fcos.bias": torch.ones(1)}
    for key in reversed(container.split(".") if container else []):
        state = {key: state, "epoch": 3}
    torch.save(state, tmp_path / "theirs.pth")
    ours = build(BOTTLENECKS, out_indices=ALL)
    assert said in str(load_weights(ours, tmp_path / "theirs.pth"))
    assert same(ours, theirs)


def test_our_weights_go_back_under_their_names():
    ours, theirs = randomise_norms(build(BOTTLENECKS, out_indices=ALL)), theirs_of(BOTTLENECKS)
    names = authors_names(ours)
    theirs.load_state_dict({names[name]: value for name, value in ours.state_dict().items()})
    assert same(ours, theirs)


@pytest.mark.parametrize("name", ["maedet-s", "maedet-m", "maedet-l", "single-scale"])
def test_published_structures_have_the_same_names_and_shapes(name):
    with torch.device("meta"):
        ours, theirs = build(ZOO[name].structure, out_indices=ALL), theirs_of(ZOO[name].structure)
    names, own = authors_names(ours), ours.state_dict()
    shapes = {names[key]: value.shape for key, value in own.items()}
    assert shapes == {key: value.shape for key, value in theirs.state_dict().items()}


def test_averaged_weights_come_before_the_others():
    ours = build(BOTTLENECKS)
    plain, averaged = ours.state_dict(), {k: v + 1 for k, v in ours.state_dict().items()}
    found = find_weights({"state_dict": plain, "state_dict_ema": averaged}, ours)
    assert found.container == "state_dict_ema" and found.state.keys() == plain.keys()
    # of mmengine, which keeps the averaged ones as `state_dict`
    found = find_weights({"ema_state_dict": plain, "state_dict": averaged}, ours)
    assert found.container == "state_dict"


def test_weights_of_timms_features(tmp_path):
    ours, again = randomise_norms(build(BOTTLENECKS)), build(BOTTLENECKS)
    state = {n.replace("stages.", "stages_", 1): v for n, v in ours.state_dict().items()}
    torch.save(state, tmp_path / "w.pth")
    assert str(load_weights(again, tmp_path / "w.pth")) == "the names of timm's features_only"
    assert same(ours, again)


def test_batches_need_not_be_counted(tmp_path):
    """Torch before 0.4 did not, and nothing computes with the number."""
    state = build(BOTTLENECKS).state_dict()
    torch.save({n: v for n, v in state.items() if "num_batches" not in n}, tmp_path / "w.pth")
    module = build(BOTTLENECKS)
    load_weights(module, tmp_path / "w.pth")
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_their_weights_of_another_structure(tmp_path):
    torch.save(theirs_of(BOTTLENECKS).state_dict(), tmp_path / "w.pth")
    blocks = list(BOTTLENECKS.blocks)
    deeper = Structure((*blocks[:-1], blocks[-1]._replace(depth=3)))
    with pytest.raises(CheckpointError, match=r"stages.4.2.* 14 others, in .* authors' CnnNet"):
        load_weights(build(deeper), tmp_path / "w.pth")
    wider = Structure((*blocks[:-1], blocks[-1]._replace(bottleneck=12)))
    with pytest.raises(CheckpointError, match=r"has the shape \(8, 24, 1, 1\), but .* \(12, 24"):
        load_weights(build(wider), tmp_path / "w.pth")


def test_blocks_that_their_code_has_not():
    with pytest.raises(NoNamesError, match="names for Conv and ResBlock alone"):
        authors_names(build(EVERY_KIND))
    assert find_weights(theirs_of(BOTTLENECKS).state_dict(), build(EVERY_KIND)) is None
