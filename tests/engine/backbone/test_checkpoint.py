"""Files of weights, above all wrong ones."""

import pytest
import torch

from engine.backbone import build
from engine.backbone.checkpoint import CheckpointError, load_weights, read_checkpoint
from engine.structure import Structure
from tests.engine.backbone.random_structures import EVERY_KIND


@pytest.fixture(scope="module")
def state():
    return build(EVERY_KIND).state_dict()


@pytest.mark.parametrize("wrap", [dict, lambda s: {"model": s}, lambda s: {"state_dict": s}])
def test_weights_are_found_in_what_trainers_write(wrap, state, tmp_path):
    torch.save(wrap(dict(state)), tmp_path / "w.pth")
    module = build(EVERY_KIND, out_indices=(1, 2))  # without C4 and C5, whose weights are left out
    load_weights(module, tmp_path / "w.pth")
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_weights_of_a_detector_have_a_prefix(state, tmp_path):
    names = {f"backbone.{name}": value for name, value in state.items()}
    torch.save(names | {"head.bias": torch.ones(1)}, tmp_path / "w.pth")
    module = build(EVERY_KIND)
    load_weights(module, tmp_path / "w.pth")
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_weights_of_another_structure(state, tmp_path):
    torch.save(state, tmp_path / "w.pth")
    blocks = list(EVERY_KIND.blocks)
    deeper = Structure((*blocks[:-1], blocks[-1]._replace(depth=3)))
    with pytest.raises(CheckpointError, match=r"no weights for stages.4.2.* and 14 others"):
        load_weights(build(deeper), tmp_path / "w.pth")
    wider = Structure((*blocks[:-1], blocks[-1]._replace(bottleneck=12)))
    with pytest.raises(CheckpointError, match=r"has the shape \(8, 24, 1, 1\), but .* \(12, 24"):
        load_weights(build(wider), tmp_path / "w.pth")


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("damage", ["empty", "text", "half", "absent"])
def test_damaged_files(suffix, damage, state, tmp_path):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"w.{suffix}"
    torch.save(state, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    if damage != "absent":
        content = {"empty": b"", "text": b"hello there\n", "half": whole[: len(whole) // 2]}
        path.write_bytes(content[damage])
    message = "cannot be read: No such file" if damage == "absent" else "damaged, or not a check"
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(path)


class Trap:
    def __reduce__(self):
        return (print, ("executed",))


def test_nothing_in_a_file_is_executed(tmp_path, capsys):
    torch.save({"model": Trap()}, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="damaged"):
        read_checkpoint(tmp_path / "w.pth")
    assert capsys.readouterr().out == ""


def test_a_file_of_something_else(tmp_path):
    torch.save([1, 2], tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match="holds a list, not a dict"):
        read_checkpoint(tmp_path / "w.pth")
