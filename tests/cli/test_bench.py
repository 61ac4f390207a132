"""`maedet-tui bench`, on images small enough for a test."""

import re

import pytest
import torch

from engine.costs import total_cost
from engine.formats import structure_yaml
from engine.structure import Block, Structure
from engine.zoo import ZOO
from tests.cli.conftest import last_json
from tests.engine.formats.test_published import PARAMS, damo

QUICK = ("--size", "64x32", "--rounds", "2", "--device", "cpu")


def test_results_stand_beside_the_reference(run):
    values = last_json(run("bench", "initial", *QUICK, "--batch", "2", "--json").stdout)
    assert [row["name"] for row in values["results"]] == ["initial structure", "ResNet-50"]
    assert values["batch"] == 2 and values["size"] == "64x32"
    first = values["results"][0]
    assert first["flops"] == total_cost(ZOO["initial"].structure, (32, 64)).flops
    eager = first["eager"]
    low, high = eager["latency_ms_quartiles"]
    assert 0 < low <= eager["latency_ms"] <= high
    assert eager["images_per_second"] == pytest.approx(2e3 / eager["latency_ms"])
    assert first["compiled"] is None and first["compile_error"] is None
    assert first["memory_bytes"] > 4 * first["params"]


def test_the_table_names_device_and_spread(run):
    lines = run("bench", "initial", *QUICK, "--reference", "initial").output.splitlines()
    assert lines[1].startswith("initial structure") and " ms " in lines[1]
    assert len(lines) == 4  # the reference is among the sources, and not measured twice
    assert "cpu" in lines[3] and "1 x 64x32" in lines[3]


def test_a_text_of_damo_yolos_of_which_the_family_is_said(run, tmp_path):
    (tmp_path / "N.txt").write_text(damo("N"), "utf-8")
    args = ("bench", "N.txt", *QUICK, "--reference", "initial", "--json")
    assert "say --family res" in run(*args).output
    one, _ = last_json(run(*args, "--family", "mob").stdout)["results"]
    assert (one["name"], one["params"]) == ("N.txt#mob", PARAMS["N"])


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "SOURCE"),
        (("maedet-x",), 2, "not in the zoo"),
        (("initial", "--size", "31x64"), 2, "must have sides from 32"),
        (("initial", "--size", "large"), 2, "write WIDTHxHEIGHT"),
        (("initial", "--batch", "0"), 2, "--batch"),
    ],
)
def test_what_cannot_be_measured(run, args, code, message):
    result = run("bench", *args)
    assert result.exit_code == code and message in result.output


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_there_is_not(run):
    result = run("bench", "initial", "--device", "cuda")
    assert result.exit_code == 1 and "torch finds no GPU" in result.output


def test_too_little_memory_is_one_sentence(run, monkeypatch):
    from engine.backbone import bench

    def bench_without_memory(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 TB")

    monkeypatch.setattr(bench, "bench", bench_without_memory)
    result = run("bench", "initial", "--device", "cpu")
    assert result.exit_code == 1 and "not enough memory for 1 images" in result.output


@pytest.fixture
def measured(monkeypatch):
    """What is measured of any backbone, at once: compiling fails of the second."""
    from engine.backbone import bench

    eager, fast = bench.Timing(0.02, 0.019, 0.03), bench.Timing(0.01, 0.009, 0.015)

    def results(structures, *_, **__):
        assert len(structures) == 2
        good = bench.Bench(eager, fast, "", 5_000_000)
        return [good, bench.Bench(eager, None, "no compiler is found", 5_000_000)]

    monkeypatch.setattr(bench, "bench", results)


def test_what_compiling_gains_and_where_it_does_not_work(run, measured):
    lines = run("bench", "initial", "--compiled", "--device", "cpu").output.splitlines()
    (compiled,) = (line for line in lines if " compiled " in line)
    assert compiled.startswith("initial structure") and "10.0 ms" in compiled
    assert "100.00" in compiled
    assert "ResNet-50: torch.compile does not work here: no compiler is found" in lines


def test_a_gpu_is_named(run, measured, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "NVIDIA H100")
    values = last_json(run("bench", "initial", "--json").stdout)
    assert values["device"] == "NVIDIA H100" and values["threads"] is None


def test_a_fault_of_the_program_is_not_taken_for_want_of_memory(run, monkeypatch):
    from engine.backbone import bench

    def broken(*_, **__):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(bench, "bench", broken)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        run("bench", "initial", "--device", "cpu")


@pytest.fixture
def small(folder):
    blocks = [Block("ResBlock", 3, 8, 8, 2, 8, 1) for _ in range(4)]
    structure = Structure((Block("Conv", 3, 3, 8, 2), *blocks))
    (folder / "small.yaml").write_text(structure_yaml.dumps(structure))
    return "small.yaml"


def test_a_graph_is_timed_beside_torch(run, small):
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name)
    args = ("bench", small, *QUICK, "--reference", small, "--runtime", "onnx")
    values = last_json(run(*args, "--json").stdout)
    (row,) = values["results"]
    low, high = row["onnx"]["latency_ms_quartiles"]
    assert 0 < low <= row["onnx"]["latency_ms"] <= high and row["eager"]["latency_ms"] > 0
    assert values["onnxruntime"][0].isdigit()


@pytest.mark.parametrize(
    ("device", "message"),
    [("cpu", r"--runtime onnx: onnx, .* not installed; pip install 'maedet-tui\[onnx\]'"),
     ("cuda", "--runtime onnx: graphs are measured on a CPU; use --device cpu")],
)  # fmt: skip
def test_graphs_that_cannot_be_timed(device, message, run, small, monkeypatch):
    from maedet_tui.export import source

    monkeypatch.setattr(source, "find_spec", lambda name: None)
    result = run("bench", small, "--runtime", "onnx", "--device", device)
    assert result.exit_code == 1 and re.search(message, " ".join(result.output.split()))
