"""Kinds of blocks that peers publish, in frameworks: exports check themselves there."""

import pytest

from maedet_tui.export import export
from maedet_tui.export.source import Source
from tests.engine.backbone.random_structures import PEERS, YOLO


@pytest.mark.parametrize("structure", [PEERS, YOLO], ids=["peers", "yolo"])
@pytest.mark.parametrize("form", ["torchvision", "timm", "mmdet"])
def test_peers_kinds_go_into_frameworks(form, structure, tmp_path):
    pytest.importorskip(form)
    path, checked = export(Source("kinds", "Kinds", structure), form, tmp_path)
    assert path.exists() and any("as the cost model counts" in phrase for phrase in checked)
    if form == "mmdet":
        assert "builds GFLV2, FCOS, RetinaNet from the configs" in checked[-1]
