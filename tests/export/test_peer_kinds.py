"""Every kind of block that peers publish goes through the exports that need no framework."""

import pytest

from maedet_tui.export import export
from maedet_tui.export.source import Source
from tests.engine.backbone.random_structures import PEERS


@pytest.mark.parametrize(
    ("form", "name"),
    [("python", "peers.py"), pytest.param("onnx", "peers.onnx", marks=pytest.mark.nightly)],
)
def test_the_peers_kinds_are_exported_as_the_cost_model_counts_them(form, name, tmp_path):
    export(Source("peers", "Peers", PEERS), form, tmp_path / name)
    if form == "python":
        text = (tmp_path / name).read_text("utf-8")
        assert "class NormedExcite(" in text and "class Unshuffle(" in text
        assert "squeezed: int = 0" in text and "bias: bool = False" in text
