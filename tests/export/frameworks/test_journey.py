"""The page that goes from a search to a detector, executed as it is printed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "journey.md"
#: in place of timm's train.py, which would take days: writes what it leaves behind at once
TRAIN = """
import os, sys, timm, torch
told = dict(zip(sys.argv[1::2], sys.argv[2::2]))
folder = os.path.join(told["--output"], told["--experiment"])
os.makedirs(folder)
model = timm.create_model(told["--model"])
state = {"epoch": 119, "arch": told["--model"], "state_dict": model.state_dict()}
torch.save(state, os.path.join(folder, "model_best.pth.tar"))
"""


def test_the_journey_works_as_printed(tmp_path, monkeypatch, capsys):
    for name in ("timm", "torchvision", "onnxscript", "onnxruntime", "safetensors"):
        pytest.importorskip(name)
    (tmp_path / "pytorch-image-models").mkdir()
    (tmp_path / "pytorch-image-models" / "train.py").write_text(TRAIN)
    folder = os.path.dirname(sys.executable)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    blocks = re.findall(r"```(sh|python|text)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert [language for language, _ in blocks].count("python") == 2
    names: dict = {}
    for language, text in blocks:
        if language == "sh":
            done = subprocess.run(
                ["sh", "-eu", "-c", text], env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, text + done.stdout + done.stderr
            printed = done.stdout
        elif language == "python":
            capsys.readouterr()
            exec(text, names)
            printed = capsys.readouterr().out
        else:
            assert printed == text
    assert "onnxruntime agrees with torch" in printed
    import torch

    trained = torch.load("mine.pth")
    best = torch.load("output/mine/model_best.pth.tar")["state_dict"]
    assert all(torch.equal(value, best[name]) for name, value in trained.items())
    # statistics of batch norm have moved with the image since
    for name, value in names["features"].named_parameters():
        assert torch.equal(value, best[name.replace("stages_", "stages.", 1)]), name
    for name in ("mine_torchvision", "mine_timm"):
        sys.modules.pop(name, None)
