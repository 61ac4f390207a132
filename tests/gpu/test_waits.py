"""Nothing between two layers has the host wait for the device, by the code as it stands.

What has the host wait is a read of a tensor's value, or a synchronisation. Each that there is in
the files of a pass, and of a training's step, has its reason here.
"""

import ast
from pathlib import Path

import pytest

import engine

ROOT = Path(engine.__file__).parent
HOT = (
    "scorers/forward.py",
    "scorers/forward_pass.py",
    "scorers/forward_lanes.py",
    "scorers/forward_memory.py",
    "scorers/gaussian_pool.py",
    "scorers/activation_cache.py",
    "scorers/proxies/base.py",
    "scorers/proxies/naswot.py",
    "scorers/proxies/synflow.py",
    "scorers/proxies/zen_score.py",
    "scorers/proxies/network.py",
    "scorers/proxies/gradients.py",
    "scorers/proxies/grad_norm.py",
    "scorers/proxies/snip.py",
    "scorers/proxies/grasp.py",
    "scorers/proxies/fisher.py",
    "scorers/proxies/jacov.py",
    "scorers/proxies/ntk_condition.py",
    "detection/detector.py",
    "detection/head.py",
    "detection/neck.py",
    "detection/points.py",
    "detection/assign.py",
    "detection/losses.py",
    "training/trainer.py",
)
METHODS = {"item", "tolist", "cpu", "numpy", "nonzero", "synchronize", "is_nonzero", "equal"}
FUNCTIONS = {"settle", "bool", "float", "int", "print"}
#: (file, function, call): why it may
ALLOWED = {
    ("scorers/forward.py", "_free", "settle"): "once, when a scorer gives its memory back",
    ("scorers/forward.py", "_entropies", "tolist"): "the one wait of a batch: its results",
    ("scorers/forward.py", "_entropy", "float"): "of a number of the host",
    ("scorers/forward_lanes.py", "stop", "bool"): "of a list of the host",
    ("scorers/forward_pass.py", "_image", "settle"): "each eighth image, before they are dropped",
    ("scorers/gaussian_pool.py", "_drop", "settle"): "before weights go that a lane may read",
    ("scorers/gaussian_pool.py", "_draw", "settle"): "once a segment, before other lanes read it",
    ("scorers/proxies/base.py", "value", "float"): "results, after all passes were issued",
    ("scorers/proxies/naswot.py", "value", "float"): "likewise",
    ("scorers/proxies/naswot.py", "value", "cpu"): "likewise",
    ("scorers/proxies/jacov.py", "value", "cpu"): "likewise",
    ("scorers/proxies/jacov.py", "value", "float"): "likewise",
    ("scorers/proxies/ntk_condition.py", "value", "cpu"): "likewise",
    ("scorers/proxies/ntk_condition.py", "value", "tolist"): "likewise",
    ("detection/points.py", "bounds", "float"): "of a number of the host",
    ("training/trainer.py", "_advance", "tolist"): "the losses of a step, which are shown",
    ("training/trainer.py", "_advance", "float"): "likewise, the gradient's norm",
}


def waits(source):
    """(function, call) of what may have the host wait, in order of appearance."""
    found = []

    def visit(node, function):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            function = node.name
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr in METHODS:
                found.append((function, called.attr))
            elif isinstance(called, ast.Name) and called.id in FUNCTIONS:
                found.append((function, called.id))
            moves = isinstance(called, ast.Attribute) and called.attr == "to"
            if moves and any(isinstance(a, ast.Constant) and a.value == "cpu" for a in node.args):
                found.append((function, "to cpu"))
        for child in ast.iter_child_nodes(node):
            visit(child, function)

    visit(ast.parse(source), "")
    return found


def all_waits():
    return {(name, *one) for name in HOT for one in waits((ROOT / name).read_text("utf-8"))}


def test_only_where_there_is_a_reason():
    assert all_waits() - ALLOWED.keys() == set()


def test_each_reason_has_its_wait():
    assert ALLOWED.keys() - all_waits() == set()


@pytest.mark.parametrize(
    "text, call",
    [
        ("def f(x):\n    return x.sum().item()", "item"),
        ("def f(x):\n    if bool(x > 0):\n        return 1", "bool"),
        ("def f():\n    torch.cuda.synchronize()", "synchronize"),
        ("def f(x):\n    return x.to('cpu')", "to cpu"),
    ],
)
def test_the_check_sees_it(text, call):
    assert waits(text) == [("f", call)]
