"""Which device the home screen names."""

import sys

from maedet_tui.machine import device


def test_without_a_driver_torch_is_not_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(device, "_DRIVERS", ("/nowhere/nvidiactl",))
    monkeypatch.setattr(device, "_ask_torch", lambda: 1 / 0)
    assert device.found().endswith("no GPU")


def test_with_a_driver_torch_decides(monkeypatch):
    monkeypatch.setattr(device, "_DRIVERS", ("/",))
    assert device.found(lambda: "NVIDIA H100") == "NVIDIA H100"
    assert device.found(lambda: None).endswith("no GPU")


def test_a_torch_that_does_not_answer_is_no_gpu(monkeypatch):
    monkeypatch.setattr(device, "_DRIVERS", ("/",))
    monkeypatch.setattr(device, "_ASK", "import sys; sys.exit('broken')")
    assert device.found().endswith("no GPU")
