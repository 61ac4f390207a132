"""timm on an exported backbone: features, classifier, weights, options, and pre-training."""

import os
import subprocess
import sys

import pytest
import torch

from tests.export.frameworks.conftest import same_weights

timm = pytest.importorskip("timm")
pytest.importorskip("torchvision")
NAME = "small_timm"
CLASSES = ("list", "dict", "hook", "getter")


@pytest.fixture(scope="module", autouse=True)
def module(imported):
    return imported("timm", NAME)


def maps_of(features, images):
    found = features.eval()(images)
    return list(found.values()) if isinstance(found, dict) else found


@pytest.mark.parametrize("feature_cls", CLASSES)
def test_features_are_the_levels_asked_for(feature_cls):
    model = timm.create_model(NAME, features_only=True, feature_cls=feature_cls, out_indices=(1, 3))
    maps = maps_of(model, torch.randn(2, 3, 64, 96))
    assert [map_.shape for map_ in maps] == [(2, 8, 16, 24), (2, 8, 4, 6)]
    assert model.feature_info.channels() == [8, 8] and model.feature_info.reduction() == [4, 16]


def test_a_classifier_learns():
    torch.manual_seed(0)
    model = timm.create_model(NAME, num_classes=3, drop_rate=0.1, drop_path_rate=0.2).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    images, labels, losses = torch.randn(6, 3, 64, 64), torch.tensor([0, 1, 2] * 2), []
    for _ in range(12):
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] and model.eval()(images).shape == (6, 3)
    rates = [m.drop_path for m in model.modules() if hasattr(m, "drop_path")]
    assert rates[-1] == 0.2 and rates == sorted(rates)


def test_images_of_other_channels():
    assert timm.create_model(NAME, in_chans=5)(torch.randn(2, 5, 64, 64)).shape == (2, 1000)


def test_strides_cannot_be_traded_for_dilation():
    assert timm.create_model(NAME, output_stride=32, features_only=True)
    with pytest.raises(ValueError, match="output_stride is 16, but the backbone has no dilated"):
        timm.create_model(NAME, output_stride=16, features_only=True)


def test_options_that_vanish_with_the_wrapper_are_refused():
    for option in ({"frozen_stages": 1}, {"norm_eval": True}):
        with pytest.raises(ValueError, match="with features_only needs feature_cls='getter'"):
            timm.create_model(NAME, features_only=True, **option)
        model = timm.create_model(NAME, features_only=True, feature_cls="getter", **option)
        norm = model.train().model.stages[1][0].main[0].norm
        assert not norm.training
    with pytest.raises(TypeError, match="nonsense"):
        timm.create_model(NAME, nonsense=1)


def test_intermediates():
    model = timm.create_model(NAME).eval()
    images = torch.randn(1, 3, 64, 64)
    last, maps = model.forward_intermediates(images)
    assert len(maps) == 5 and torch.equal(last, maps[-1])
    assert torch.equal(last, model.forward_features(images))
    for indices, levels in ((2, [3, 4]), ([0, -2], [0, 3])):
        found = model.forward_intermediates(images, indices, intermediates_only=True)
        assert all(torch.equal(a, maps[i]) for a, i in zip(found, levels, strict=True))
    early, _ = model.forward_intermediates(images, [1], stop_early=True)
    assert torch.equal(early, maps[1])
    for wrong in (6, 0, [5]):
        with pytest.raises(ValueError, match="there are 5 levels"):
            model.forward_intermediates(images, wrong)
    with pytest.raises(ValueError, match="must be NCHW"):
        model.forward_intermediates(images, output_fmt="NLC")
    with pytest.raises(ValueError, match="smaller than 32x32"):
        model(images[..., :31])
    assert model.prune_intermediate_layers([0, 2]) == [0, 2]
    assert len(model.stages) == 3 and model.num_classes == 0


@pytest.mark.parametrize("features_only", [False, True])
def test_less_memory_by_computing_twice(features_only):
    model = timm.create_model(NAME, features_only=features_only, norm_eval=not features_only)
    model.train()
    images, kept = torch.randn(2, 3, 64, 64), []
    hooks = (lambda value: kept.append(value.numel()) or value), (lambda value: value)
    sums = []
    for enable in (False, True):
        model.set_grad_checkpointing(enable)
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(*hooks):
            out = model(images)
        sums.append(sum(kept))
        (out[-1] if features_only else out).sum().backward()
    assert sums[1] < sums[0] / 2


@pytest.mark.parametrize("headed", [False, True])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_weights_load_with_and_without_a_classifier(headed, suffix, trained, tmp_path):
    state, path = dict(trained.state_dict()), tmp_path / f"w.{suffix}"
    if headed:
        state |= {"head.fc.weight": torch.ones(7, 8), "head.fc.bias": torch.ones(7)}
    if suffix == "pth":
        torch.save({"state_dict": state}, path)
    else:
        pytest.importorskip("safetensors.torch").save_file(state, path)
    model = timm.create_model(NAME, num_classes=7, checkpoint_path=path)
    assert all(torch.equal(model.state_dict()[name], value) for name, value in state.items())
    bare = timm.create_model(NAME, num_classes=0, checkpoint_path=path)
    assert same_weights(bare, trained)
    images = torch.randn(1, 3, 64, 64)
    expected = trained(images)
    for feature_cls in CLASSES:
        features = timm.create_model(
            NAME, features_only=True, feature_cls=feature_cls, out_indices=(1, 2),
            checkpoint_path=path,
        )  # fmt: skip
        found = maps_of(features, images)
        assert all(torch.equal(a, b) for a, b in zip(found, expected[1:3], strict=True))


def test_weights_of_something_else_are_refused(trained, tmp_path):
    state = dict(trained.state_dict())
    state["stages.7.0.main.0.conv.weight"] = state.pop("stages.1.0.main.0.conv.weight")
    torch.save(state, tmp_path / "w.pth")
    for options in ({}, {"features_only": True}):
        with pytest.raises(RuntimeError, match="Missing key"):
            timm.create_model(NAME, checkpoint_path=tmp_path / "w.pth", **options)


def test_weights_go_back(trained, tmp_path):
    """What timm trains is read by `export --weights`, here by what is beneath it."""
    from engine.backbone.checkpoint import load_weights
    from tests.export.frameworks.conftest import BOTTLENECKS, build

    for options in ({}, {"features_only": True}, {"features_only": True, "feature_cls": "getter"}):
        model = timm.create_model(NAME, **options)
        torch.save({"state_dict": model.state_dict(), "epoch": 3}, tmp_path / "w.pth.tar")
        module = build(BOTTLENECKS)
        load_weights(module, tmp_path / "w.pth.tar")
        images = torch.randn(1, 3, 64, 64)
        taken = timm.create_model(NAME, features_only=True).eval()
        taken.load_state_dict(module.state_dict())
        maps = zip(taken(images), module.eval()(images), strict=True)
        assert all(torch.equal(a, b) for a, b in maps)


def test_the_model_compiles_and_exports():
    model = timm.create_model(NAME, num_classes=3, zero_init_last=False).eval()
    images = torch.randn(1, 3, 64, 64)
    expected = model(images)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(images), expected)
    program = torch.export.export(model, (images,))
    torch.testing.assert_close(program.module()(images), expected)


@pytest.mark.nightly
def test_the_recipe_runs_timms_script_with_the_papers_settings(module, tmp_path):
    """timm's train.py is in its repository alone; a script that tells its arguments stands in."""
    script = tmp_path / "train.py"
    script.write_text(
        "import sys, timm\nassert __name__ == '__main__'\n"
        "timm.create_model(sys.argv[sys.argv.index('--model') + 1])\nprint(' '.join(sys.argv[1:]))"
    )
    folder = os.path.dirname(module.__file__)
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "small_timm_pretrain.sh", script, "images", "--amp"],
        cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        "--data-dir images --model small_timm --opt sgd --momentum 0.9 --weight-decay 4e-5 "
        "--epochs 120 --sched cosine --lr 0.1 --min-lr 0 --warmup-epochs 0 --cooldown-epochs 0 "
        "--batch-size 256 --amp"
    )
