"""Measured latencies on disk: kept, told apart by key, and rebuilt where damaged."""

import json

import pytest

from engine.latency import store
from engine.latency.model import Latency
from tests.engine.latency.test_latency import PRESET, SIZE, Formula


def test_the_table_is_kept_and_not_measured_again(tmp_path):
    first = Latency(Formula(), SIZE, tmp_path)
    first.build(PRESET.space, PRESET.initial)
    device = Formula()
    second = Latency(device, SIZE, tmp_path)
    second.build(PRESET.space, PRESET.initial)
    assert device.measured == []
    assert second(PRESET.initial) == first(PRESET.initial)
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


@pytest.mark.parametrize(
    "change",
    [{"device": "other"}, {"batch": 2}, {"dtype": "bfloat16"}, {"torch": "1.0"}, {"threads": 64}],
)
def test_another_device_or_version_has_another_table(tmp_path, monkeypatch, change):
    Latency(Formula(), SIZE, tmp_path).build(PRESET.space, PRESET.initial)
    key = {**Formula().key(), **change}
    monkeypatch.setattr(Formula, "key", lambda self: key)
    assert Latency(Formula(), SIZE, tmp_path).grids == {}


def test_another_schema_has_another_table(tmp_path, monkeypatch):
    Latency(Formula(), SIZE, tmp_path).build(PRESET.space, PRESET.initial)
    monkeypatch.setattr(store, "SCHEMA", store.SCHEMA + 1)
    assert Latency(Formula(), SIZE, tmp_path).grids == {}


def damaged(document, how):
    if how == "of another key":
        return json.dumps({**document, "key": {}})
    if how == "a negative time":
        document["families"][0]["seconds"][0][2] = -1.0
    if how == "some times lost":
        del document["families"][0]["seconds"][0]
    if how == "no times":
        document["families"][0]["seconds"] = []
    if how == "an unknown field":
        document["families"][0]["colour"] = 1
    return json.dumps(document)


@pytest.mark.parametrize(
    "how",
    [
        "half",
        "empty",
        "nested",
        "of another key",
        "a negative time",
        "no times",
        "some times lost",
        "an unknown field",
    ],
)
def test_a_damaged_table_is_rebuilt(tmp_path, how):
    good = Latency(Formula(), SIZE, tmp_path)
    good.build(PRESET.space, PRESET.initial)
    text = good.path.read_text()
    texts = {"half": text[: len(text) // 2], "empty": "", "nested": "[" * 100_000}
    good.path.write_text(texts[how] if how in texts else damaged(json.loads(text), how))
    again = Latency(Formula(), SIZE, tmp_path)
    assert again.grids == {}
    again.build(PRESET.space, PRESET.initial)
    assert again.path.read_text() == text


def test_a_full_disk_leaves_the_table_that_there_was_and_nothing_half_written(
    tmp_path, monkeypatch
):
    latency = Latency(Formula(), SIZE, tmp_path)
    latency.build(PRESET.space, PRESET.initial)
    before = latency.path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_whole", full)
    latency.keep()
    assert latency.path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [latency.path]
    assert "No space left on device" in latency.trouble and "measured again" in latency.trouble
