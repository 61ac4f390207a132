"""Formats that hold weights: ONNX graphs and state dicts, there and back."""

import pytest
import torch

from engine.backbone import build
from engine.backbone.checkpoint import load_weights
from engine.costs import total_cost
from engine.formats import structure_yaml
from maedet_tui.export import ExportError, export
from maedet_tui.export.placing import written_as
from tests.engine.backbone.test_network import randomise_norms
from tests.engine.backbone.test_weight_names import theirs_of

ALL = (0, 1, 2, 3, 4)


@pytest.fixture
def trained(bottlenecks):
    torch.manual_seed(1)
    return randomise_norms(build(bottlenecks.structure, out_indices=ALL)).eval()


@pytest.mark.parametrize(("names", "first"), [
    (None, "stages.0.0.main.0.conv.weight"), ("detector", "backbone.stages.0.0.main.0.conv.weight"),
    ("authors", "block_list.0.conv1.weight"),
])  # fmt: skip
@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_state_dicts_under_three_kinds_of_names(
    names, first, suffix, bottlenecks, trained, tmp_path
):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    torch.save(trained.state_dict(), tmp_path / "mine.pth")
    path = tmp_path / f"w.{suffix}"
    _, checked = export(bottlenecks, "state-dict", path, tmp_path / "mine.pth", names=names)
    assert "weights of mine.pth, in the names of maedet-tui" in checked[-2]
    if suffix == "pth":
        state = torch.load(path)
    else:
        from safetensors.torch import load_file

        state = load_file(path)
    assert next(iter(sorted(state))) <= first and first in state
    again = build(bottlenecks.structure, out_indices=ALL).eval()
    load_weights(again, path)
    mine = trained.state_dict()
    assert all(torch.equal(value, mine[name]) for name, value in again.state_dict().items())
    if names == "authors":  # strictly, into their network
        theirs = theirs_of(bottlenecks.structure).eval()
        theirs.load_state_dict(state)
        x = torch.randn(1, 3, 64, 96)
        assert all(torch.equal(a, b) for a, b in zip(theirs(x), trained(x), strict=True))


def test_weights_of_the_authors_are_exported(bottlenecks, tmp_path):
    theirs = randomise_norms(theirs_of(bottlenecks.structure)).eval()
    state = {f"backbone.body.{name}": value for name, value in theirs.state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "theirs.pth")
    path = tmp_path / "ours.pth"
    _, checked = export(bottlenecks, "state-dict", path, tmp_path / "theirs.pth")
    assert "the names of the authors' CnnNet under 'backbone.body.', out of 'state" in checked[-2]
    ours = build(bottlenecks.structure, out_indices=ALL).eval()
    ours.load_state_dict(torch.load(path))
    x = torch.randn(1, 3, 64, 96)
    assert all(torch.equal(a, b) for a, b in zip(theirs(x), ours(x), strict=True))


def test_the_authors_have_no_names_for_some_blocks(every_kind, tmp_path):
    with pytest.raises(ExportError, match="names for Conv and ResBlock alone"):
        export(every_kind, "state-dict", tmp_path / "w.pth", names="authors")
    assert list(tmp_path.iterdir()) == []


def test_options_belong_to_a_format(bottlenecks, tmp_path):
    with pytest.raises(ExportError, match="python has no option opset"):
        export(bottlenecks, "python", tmp_path, opset=20)


def graph_tools():
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name)


@pytest.mark.parametrize("opset", [pytest.param(18, marks=pytest.mark.nightly), 21])
def test_onnx_in_the_opset_asked_for_says_what_it_is(opset, bottlenecks, trained, tmp_path):
    graph_tools()
    import onnx
    import onnxruntime

    torch.save(trained.state_dict(), tmp_path / "mine.pth")
    path, checked = export(
        bottlenecks, "onnx", tmp_path / "x.onnx", tmp_path / "mine.pth", opset=opset
    )
    assert "in the names of maedet-tui" in checked[-3] and f"opset {opset}, with" in checked[-1]
    assert written_as(path) == "onnx"
    graph = onnx.load(path)
    assert {one.domain: one.version for one in graph.opset_import}[""] == opset
    told = {entry.key: entry.value for entry in graph.metadata_props}
    assert structure_yaml.loads(told["structure"]) == bottlenecks.structure
    assert int(told["flops_at_1280x800"]) == total_cost(bottlenecks.structure).flops
    assert graph.producer_name == "maedet-tui" and graph.producer_version[0].isdigit()
    session = onnxruntime.InferenceSession(str(path))
    for size in ((64, 96), (45, 77)):
        images = torch.randn(2, 3, *size)
        found = session.run(None, {"images": images.numpy()})
        for a, b in zip(found, trained(images)[1:], strict=True):
            torch.testing.assert_close(torch.from_numpy(a), b, rtol=1e-3, atol=1e-3)


@pytest.mark.nightly
def test_a_graph_in_another_opset_is_not_left_behind(bottlenecks, tmp_path, monkeypatch):
    graph_tools()
    from maedet_tui.export import weights

    right = weights.trace
    monkeypatch.setattr(weights, "trace", lambda module, path, opset: right(module, path, 18))
    with pytest.raises(ExportError, match="writes opset 18 in place of 21"):
        export(bottlenecks, "onnx", tmp_path, opset=21)
    assert list(tmp_path.iterdir()) == []


def test_one_initialisation_everywhere(bottlenecks, tmp_path):
    from engine.detection import Detector

    export(bottlenecks, "state-dict", tmp_path / "w.pth")
    exported = torch.load(tmp_path / "w.pth")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        trainers = Detector(bottlenecks.structure, 3).backbone.state_dict()
    assert all(torch.equal(value, exported[name]) for name, value in trainers.items())
    assert not exported["stages.1.0.main.2.norm.weight"].any()
