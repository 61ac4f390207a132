"""Exports: what is written works without this package, and nothing unchecked is left behind."""

import ast
import os
import re
import shutil
import subprocess
import sys
from types import ModuleType

import pytest
import torch

from engine.backbone import build, verify
from engine.costs import total_cost
from engine.formats import structure_info, structure_yaml
from engine.zoo import ZOO
from maedet_tui.errors import SaveError
from maedet_tui.export import ExportError, code, export, read_source
from maedet_tui.export.code import backbone_source, loaded, replaced
from maedet_tui.export.source import Source
from tests.engine.backbone.random_structures import YOLO

ALL = (0, 1, 2, 3, 4)


def test_yaml_and_structure_info_hold_the_structure(bottlenecks, tmp_path):
    path, checked = export(bottlenecks, "yaml", tmp_path)
    assert path == tmp_path / "small.yaml" and "read back the same" in checked[0]
    assert structure_yaml.loads(path.read_text()) == bottlenecks.structure
    path, _ = export(bottlenecks, "structure-info", tmp_path)
    assert structure_info.loads(path.read_text()) == bottlenecks.structure


def test_structure_info_has_no_class_for_some_blocks(every_kind, tmp_path):
    with pytest.raises(ExportError, match="no class for InvertedBlock; save the structure as YAML"):
        export(every_kind, "structure-info", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_markdown_tells_structure_and_costs(every_kind, tmp_path):
    path, _ = export(every_kind, "markdown", tmp_path)
    text = path.read_text()
    assert "| InvertedBlock | 5 | 8 | 16 | 2 | - | 6 | - | 2 | C3 |" in text
    cost = total_cost(every_kind.structure)
    costs = [line.split(" | ") for line in text.splitlines()[-5:]]
    assert sum(int(cells[1].replace(",", "")) for cells in costs) == cost.params
    assert sum(int(cells[2].replace(",", "")) for cells in costs) == cost.flops


def test_python_file_needs_torch_alone_and_computes_the_same(every_kind, tmp_path):
    path, checked = export(every_kind, "python", tmp_path)
    cost = total_cost(every_kind.structure)
    assert checked[0].startswith(f"{cost.params:,} parameters")
    assert checked[1].startswith(f"{cost.flops:,} FLOPs")
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported == {"__future__", "collections", "typing", "torch"}
    module = build(every_kind.structure, out_indices=(1, 3), zero_init_last=False).eval()
    torch.save(module.state_dict(), tmp_path / "weights.pth")
    image = torch.randn(2, 3, 45, 67)
    torch.save(image, tmp_path / "image.pth")
    # in a process of its own, where this package cannot be imported
    script = (
        "import sys, torch; sys.path.insert(0, '.')\n"
        "from every_kind import every_kind\n"
        "backbone = every_kind(out_indices=(1, 3)).eval()\n"
        "backbone.load_state_dict(torch.load('weights.pth'))\n"
        "assert not any(name.startswith(('engine', 'maedet')) for name in sys.modules)\n"
        "image = torch.load('image.pth')\n"
        "program = torch.export.export(backbone, (image,))\n"
        "torch.save(program.module()(image), 'features.pth')\n"
        "print(backbone.feature_info.channels(), backbone.feature_info.reduction())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[8, 24] [4, 16]\n"
    with torch.no_grad():
        for found, expected in zip(torch.load(tmp_path / "features.pth"), module(image)):
            torch.testing.assert_close(found, expected)


def test_python_file_has_no_code_that_nothing_needs(bottlenecks, every_kind):
    assert "SqueezeExcite" not in backbone_source(bottlenecks)
    assert "SqueezeExcite(layer)" in backbone_source(every_kind)
    for source in (bottlenecks, every_kind):
        text = backbone_source(source)
        # only options that are passed on, and state dicts, may be anything
        anything = [line for line in text.splitlines() if "Any" in line and "import" not in line]
        assert len(anything) == 2 and anything[-1] == (
            f"def {source.name}(**options: Any) -> Backbone:"
        )


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff is not installed")
@pytest.mark.parametrize("name", ["every_kind", "yolo", "resnet-50", "maedet-l"])
def test_generated_code_is_formatted(name, every_kind, tmp_path):
    own = {"every_kind": every_kind, "yolo": Source("yolo", "yolo", YOLO)}
    source = own[name] if name in own else read_source(name)
    path = tmp_path / "generated.py"
    path.write_text(backbone_source(source))
    for command in (["format", "--diff"], ["check", "--select", "E,F,I,B,W,SIM"]):
        done = subprocess.run(
            ["ruff", command[0], "--isolated", "--line-length", "100", *command[1:], path],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_mmdet_folder_registers_the_backbone_and_configures_the_paper(tmp_path, bottlenecks):
    folder, checked = export(bottlenecks, "mmdet", tmp_path / "out")
    assert re.search("configs fit its channels|builds GFLV2, FCOS, RetinaNet", checked[-1])
    assert {file.name for file in folder.iterdir()} == {
        "small.py", "gflv2_head.py", "schedule_6x.py",
        "gflv2_small.py", "fcos_small.py", "retinanet_small.py",
        "gflv2_small_3x.py", "fcos_small_3x.py", "retinanet_small_3x.py",
        "gflv2_small_1x.py", "fcos_small_1x.py", "retinanet_small_1x.py",
    }  # fmt: skip
    names = {}
    exec((folder / "schedule_6x.py").read_text(), names)
    optimizer = names["optim_wrapper"]["optimizer"]
    assert (optimizer["type"], optimizer["lr"], optimizer["momentum"]) == ("SGD", 0.02, 0.9)
    assert optimizer["weight_decay"] == 1e-4 and names["sync_bn"] == "torch"
    assert names["param_scheduler"][1]["milestones"] == [65, 71]
    assert names["train_cfg"]["max_epochs"] == names["param_scheduler"][1]["end"] == 73
    assert 8 * names["train_dataloader"]["batch_size"] == 16
    exec((folder / "gflv2_small.py").read_text(), names)
    model = names["model"]
    assert model["backbone"]["type"] == "Small" and model["neck"]["in_channels"] == [8, 8, 8, 8]
    assert "init_cfg" not in model["backbone"] and names["load_from"] is None
    # written over what is there, without leaving anything else
    (folder / "mine.py").write_text("")
    export(bottlenecks, "mmdet", folder)
    assert (folder / "mine.py").exists() and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(("name", "channels"), [("maedet-s", 192), ("maedet-m", 256)])
def test_the_pyramid_is_as_wide_as_the_paper_says(name, channels):
    from maedet_tui.export.mmdet import _config

    names = {}
    exec(_config(read_source(name), "fcos"), names)
    assert names["model"]["neck"]["out_channels"] == channels
    assert names["model"]["bbox_head"]["feat_channels"] == channels
    assert names["model"]["neck"]["in_channels"] == list(ZOO[name].structure.widths[1:])


class StandIn(torch.nn.Module):
    """GFL's head as far as GFLV2's touches it: one class, given logits and given sides."""

    reg_max = 16

    def __init__(self):
        super().__init__()
        self._init_layers()

    def _init_layers(self):
        self.sides = torch.randn(2, 4 * 17, 3, 5)

    def forward_single(self, x, scale):
        return x, self.sides


def test_gflv2_scores_by_class_times_quality(bottlenecks, tmp_path, monkeypatch):
    folder, _ = export(bottlenecks, "mmdet", tmp_path / "out")
    register = staticmethod(lambda force: lambda found: found)
    registry = type("Registry", (), {"register_module": register})
    for name, values in (
        ("mmdet", {}),
        ("mmdet.models", {}),
        ("mmdet.models.dense_heads", {"GFLHead": StandIn}),
        ("mmdet.registry", {"MODELS": registry}),
    ):
        module = ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)
    with loaded(folder / "gflv2_head.py") as module, torch.no_grad():
        head = module.GFLV2Head()
        logits = torch.linspace(-9, 9, 2 * 7 * 3 * 5).reshape(2, 7, 3, 5)
        scores, sides = head.forward_single(logits, None)
        # by hand: of each side's distribution the four largest probabilities and their mean
        probabilities = sides.reshape(2, 4, 17, 3, 5).softmax(2).sort(2, descending=True).values
        top = probabilities[:, :, :4]
        seen = torch.cat((top, top.sum(2, keepdim=True) / 4), 2).reshape(2, 20, 3, 5)
        quality = head.quality(seen).sigmoid()
    assert sum(parameter.numel() for parameter in head.parameters()) == 20 * 64 + 64 + 64 + 1
    torch.testing.assert_close(scores.sigmoid(), logits.sigmoid() * quality)


def test_a_missing_package_is_named_with_what_to_install(bottlenecks, tmp_path, monkeypatch):
    from maedet_tui.export import source

    monkeypatch.setattr(source, "find_spec", lambda name: None)
    for format_, extra in (
        ("onnx", "onnx"), ("timm", "timm"), ("torchvision", "torchvision"), ("state-dict", "export")
    ):  # fmt: skip
        with pytest.raises(ExportError, match=rf"not installed; pip install 'maedet-tui\[{extra}"):
            export(bottlenecks, format_, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_state_dict_goes_into_the_module(every_kind, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    path, _ = export(every_kind, "state-dict", tmp_path)
    state = safetensors.load_file(path)
    module = build(every_kind.structure, out_indices=ALL)
    module.load_state_dict(state)
    learned = {name for name, _ in module.named_parameters()}
    numbers = sum(value.numel() for name, value in state.items() if name in learned)
    assert numbers == total_cost(every_kind.structure).params
    # initial weights are always the same, and weights of the user's own are kept
    again, _ = export(every_kind, "state-dict", tmp_path / "again.safetensors")
    for name, value in safetensors.load_file(again).items():
        assert torch.equal(value, state[name]), name
    torch.save({"state_dict": {f"backbone.{k}": v + 1 for k, v in state.items()}}, tmp_path / "x")
    own, _ = export(every_kind, "state-dict", tmp_path / "own.safetensors", tmp_path / "x")
    assert all(torch.equal(v, state[k] + 1) for k, v in safetensors.load_file(own).items())


def test_onnx_agrees_with_torch_at_any_batch_and_size(every_kind, monkeypatch, tmp_path):
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name)
    import onnxruntime

    from maedet_tui.export import weights

    traced, right = [], weights.trace

    def trace(module, path, opset):
        traced.append(module)
        right(module, path, opset)

    monkeypatch.setattr(weights, "trace", trace)
    path, checked = export(every_kind, "onnx", tmp_path)
    assert "onnxruntime agrees with torch" in checked[-2]
    # what trains starts with its main paths switched off; a graph that only runs does not
    assert traced[0].stages[1][0].main[-1].norm.weight.all()
    session = onnxruntime.InferenceSession(str(path))
    (images,) = session.get_inputs()
    assert (images.name, images.shape) == ("images", ["batch", 3, "height", "width"])
    assert [output.name for output in session.get_outputs()] == ["C2", "C3", "C4", "C5"]
    found = session.run(None, {"images": torch.randn(5, 3, 50, 71).numpy()})
    shapes = [map_.shape for map_ in build(every_kind.structure).eval()(torch.ones(5, 3, 50, 71))]
    assert [map_.shape for map_ in found] == shapes


def test_a_wrong_export_is_not_left_behind(bottlenecks, every_kind, tmp_path, monkeypatch):
    from maedet_tui.export import code

    monkeypatch.setattr(code, "backbone_source", lambda _: wrong)
    wrong = backbone_source(every_kind).replace("every_kind", "small")
    with pytest.raises(ExportError, match="not those of the engine's module"):
        export(bottlenecks, "python", tmp_path)
    wrong = backbone_source(bottlenecks).replace("8, 8, 3, 2)", "8, 8, 5, 2)")
    with pytest.raises(ExportError, match=r"parameters at 161x97 are .* but should be"):
        export(bottlenecks, "python", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_titles_from_files_cannot_reach_the_code(tmp_path):
    path = tmp_path / 'x"""; import os; """.yaml'
    path.write_text(structure_yaml.dumps(ZOO["initial"].structure))
    source = read_source(str(path))
    assert source.name == "x_import_os" and '"' not in source.title
    target, _ = export(source, "python", tmp_path / "fine.py")
    assert "import os" not in [line.strip() for line in target.read_text().splitlines()]


@pytest.mark.parametrize(
    ("stem", "name"),
    [("best", "best"), ("3-deep net", "backbone_3_deep_net"), ("class", "backbone_class"),
     ("torch", "backbone_torch"), ("Ünï", "n")],
)  # fmt: skip
def test_names_are_identifiers(stem, name, tmp_path):
    path = tmp_path / f"{stem}.yaml"
    path.write_text(structure_yaml.dumps(ZOO["initial"].structure))
    assert read_source(str(path)).name == name
    assert read_source("maedet-m")[:2] == ("maedet_m", "MAE-DET-M")


@pytest.mark.parametrize("where", ["missing/x.py", "file/x.py"])
def test_places_that_cannot_be_written(where, bottlenecks, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match=r"no folder .*create it|in the way of a folder.*--output"):
        export(bottlenecks, "python", tmp_path / where)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_folders_that_may_not_be_written(bottlenecks, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SaveError, match=r"you may not write there; choose another .* --output"):
        export(bottlenecks, "python", tmp_path)


def test_a_run_stands_for_its_best(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "best.yaml").write_text(structure_yaml.dumps(ZOO["initial"].structure))
    assert read_source(str(folder)) == ("one", "one", ZOO["initial"].structure)


def test_loading_leaves_no_module_and_no_bytecode(bottlenecks, tmp_path):
    path = tmp_path / "small.py"
    path.write_text(backbone_source(bottlenecks))
    before = set(sys.modules)
    with loaded(path) as module:
        verify(module.small(out_indices=ALL), bottlenecks.structure)
    assert not {name for name in set(sys.modules) - before if "exported" in name}
    assert [file.name for file in tmp_path.iterdir()] == ["small.py"]


def test_a_passage_is_replaced_as_often_as_it_must_occur():
    assert replaced("a b a", "a", "c", times=2) == "c b c"
    for times in (1, 3):
        with pytest.raises(ExportError, match=f"has 'a' 2 times, where {times}"):
            replaced("a b a", "a", "c", times=times)
    with pytest.raises(ExportError, match="has 'x' 0 times"):
        replaced("a b a", "x", "c")


def test_code_that_is_no_longer_what_the_export_expects_is_not_handed_out(bottlenecks, monkeypatch):
    imports, body = code._network_parts()
    for part in ("unit: Any", "tuple[Any, int]", "def module_of(layer: Any)", "SqueezeExcite("):
        changed = body.replace(part, "changed")
        monkeypatch.setattr(code, "_network_parts", lambda text=changed: (imports, text))
        with pytest.raises(ExportError, match="the code to hand out has"):
            backbone_source(bottlenecks)


def test_a_python_file_needs_a_name_that_python_imports(bottlenecks, tmp_path):
    with pytest.raises(ExportError, match="Python cannot import a file of that name"):
        export(bottlenecks, "python", tmp_path / "backbone.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("format_", "name"), [("yaml", "structure_yaml"), ("structure-info", "structure_info")]
)
def test_a_file_that_reads_back_as_another_structure_is_not_left_behind(
    format_, name, bottlenecks, tmp_path, monkeypatch
):
    from maedet_tui.export import text

    other = getattr(text, name).dumps(ZOO["maedet-s"].structure)
    monkeypatch.setattr(getattr(text, name), "dumps", lambda structure: other)
    with pytest.raises(ExportError, match="reads back as another structure"):
        export(bottlenecks, format_, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("function", "old", "new", "message"),
    [
        ("_config", "[8, 8, 8, 8]", "[8, 8, 8, 9]", "does not fit the backbone's channels"),
        ("fill", "max_epochs=73", "max_epochs=72", "the training settings are not the paper's"),
    ],
)
def test_a_wrong_mmdet_folder_is_not_left_behind(
    bottlenecks, tmp_path, monkeypatch, function, old, new, message
):
    from maedet_tui.export import mmdet

    right, changed = getattr(mmdet, function), []

    def wrong(*args, **keywords):
        text = right(*args, **keywords)
        changed.append(old in text)
        return text.replace(old, new)

    monkeypatch.setattr(mmdet, function, wrong)
    with pytest.raises(ExportError, match=message):
        export(bottlenecks, "mmdet", tmp_path)
    assert any(changed) and list(tmp_path.iterdir()) == []


def test_what_python_leaves_beside_generated_files_is_not_exported(
    bottlenecks, tmp_path, monkeypatch
):
    def write(source, made):
        (made / "__pycache__").mkdir(parents=True)
        (made / "small.py").write_text("")
        return []

    monkeypatch.setattr("maedet_tui.export._writer", lambda format_: write)
    path, _ = export(bottlenecks, "mmdet", tmp_path / "out")
    assert [one.name for one in path.iterdir()] == ["small.py"]
