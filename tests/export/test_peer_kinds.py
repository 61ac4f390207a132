"""Every kind of block that peers publish goes through the exports that need no framework."""

import pytest

from maedet_tui.export import export
from maedet_tui.export.source import Source
from tests.engine.backbone.random_structures import PEERS, YOLO

ONNX = pytest.param("onnx", "peers.onnx", marks=pytest.mark.nightly)


@pytest.mark.parametrize("structure", [PEERS, YOLO], ids=["peers", "yolo"])
@pytest.mark.parametrize(("form", "name"), [("python", "peers.py"), ONNX])
def test_the_peers_kinds_are_exported_as_the_cost_model_counts_them(
    form, name, structure, tmp_path
):
    export(Source("peers", "Peers", structure), form, tmp_path / name)
    if form == "python":
        text = (tmp_path / name).read_text("utf-8")
        assert "class Unshuffle(" in text
        nested = structure is YOLO
        assert ("main: tuple[Layer | Unit, ...]" in text) == nested
        assert ('join="concat"' in text) == nested
        assert ("class NormedExcite(" in text) != nested
        assert ("squeezed: int = 0" in text) != nested and ("bias: bool = False" in text) != nested
