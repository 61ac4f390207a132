"""Names and places of exports: nothing is hidden, and no other format is replaced."""

import sys
from types import ModuleType

import pytest

from engine.zoo import ZOO
from maedet_tui.export import ExportError, Source, export, source_of
from maedet_tui.export.placing import written_as
from maedet_tui.export.proportion import proportion


def test_a_format_does_not_replace_another(bottlenecks, tmp_path):
    path, _ = export(bottlenecks, "python", tmp_path)
    before = path.read_text()
    (tmp_path / "gflv2_small.py").write_text("mine = 1")
    with pytest.raises(ExportError, match=r"small.py is there already, as .* format python, which"):
        export(bottlenecks, "mmdet", tmp_path)
    assert path.read_text() == before and len(list(tmp_path.iterdir())) == 2
    # its own kind it replaces, and what is no export at all
    path.write_text(before + "# old\n")
    export(bottlenecks, "python", tmp_path)
    assert path.read_text() == before
    export(bottlenecks, "markdown", tmp_path / "gflv2_small.py")


#: but for onnx, of which so much is said where its graphs are tested
FORMATS = ["yaml", "structure-info", "markdown", "python", "mmdet", "state-dict", "torchvision",
           "timm"]  # fmt: skip


@pytest.mark.parametrize("format_", FORMATS)
def test_every_file_of_a_format_is_known_as_that(format_, bottlenecks, tmp_path):
    if format_ in ("torchvision", "timm"):
        pytest.importorskip(format_)
    output = tmp_path / "w.pth" if format_ == "state-dict" else tmp_path
    export(bottlenecks, format_, output)
    assert {written_as(path) for path in tmp_path.iterdir()} == {format_}


@pytest.mark.parametrize("stem", ["json", "torch", "mmdet", "gflv2_head", "signature", "typing"])
def test_names_that_would_hide_others_are_changed(stem):
    assert source_of(stem, stem, ZOO["initial"].structure).name == f"backbone_{stem}"


@pytest.mark.parametrize(("name", "hidden"), [("json.py", "Python's own module json"),
                                              ("timm.py", "the module timm")])  # fmt: skip
def test_files_that_would_hide_others_are_refused(name, hidden, bottlenecks, tmp_path):
    with pytest.raises(ExportError, match=f"{name} would hide {hidden} from .*; rename it"):
        export(bottlenecks, "python", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [
    RuntimeError("operator torchvision::nms does not exist"), OSError("libtorch.so: cannot open"),
])  # fmt: skip
def test_a_framework_that_does_not_import_is_a_sentence(error, bottlenecks, tmp_path, monkeypatch):
    from maedet_tui.export import source

    def broken(name):
        raise error

    monkeypatch.setattr(source, "find_spec", lambda name: object())
    monkeypatch.setattr(source, "import_module", broken)
    for format_ in ("timm", "torchvision", "onnx"):
        with pytest.raises(ExportError, match=f"is installed, but cannot be imported: {error}"):
            export(bottlenecks, format_, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_mmdetection_that_does_not_import_is_stood_in_for(bottlenecks, tmp_path, monkeypatch):
    from maedet_tui.export import mmdet_registry

    monkeypatch.setattr(mmdet_registry, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "mmdet", ModuleType("mmdet"))
    monkeypatch.setitem(sys.modules, "mmdet.registry", None)
    _, checked = export(bottlenecks, "mmdet", tmp_path)
    assert "a stand-in for its registry: MMDetection cannot be imported, " in checked[-1]


def test_what_is_built_on_a_backbone_is_in_proportion():
    sizes = {name: proportion(ZOO[name].structure) for name in ("maedet-s", "maedet-m", "maedet-l")}
    assert [sizes[name][:2] for name in sizes] == [(192, 4), (256, 4), (256, 4)]
    assert not any(size.mobile for size in sizes.values())


def test_an_export_in_python_takes_the_same_options(tmp_path):
    from maedet_tui import ExportError as Refused
    from maedet_tui import design

    with pytest.raises(Refused, match="yaml has no option names"):
        design("initial").export("yaml", tmp_path / "x.yaml", names="authors")
    assert Source("a", "a", ZOO["initial"].structure).class_name == "A"
