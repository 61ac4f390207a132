"""torchvision's detectors on an exported backbone: options, weights, training, detecting."""

import pytest
import torch

from tests.export.frameworks.conftest import same_weights

pytest.importorskip("torchvision")
NAMES = ("fcos", "retinanet", "mask_rcnn")
SMALL = {"num_classes": 3, "min_size": 128, "max_size": 128, "channels": 64}


@pytest.fixture(scope="module")
def module(imported):
    return imported("torchvision", "small_torchvision")


@pytest.mark.parametrize("name", NAMES)
def test_a_step_of_training_lowers_the_loss(name, module):
    torch.manual_seed(0)
    detector = getattr(module, name)(**SMALL).train()
    masks = torch.zeros(1, 128, 128, dtype=torch.uint8)
    masks[:, 20:90, 10:80] = 1
    target = {
        "boxes": torch.tensor([[10.0, 20, 80, 90]]),
        "labels": torch.tensor([1]),
        "masks": masks,
    }
    optimizer = torch.optim.SGD(detector.parameters(), lr=1e-3)
    image, losses = torch.rand(3, 128, 128), []
    for _ in range(3):
        loss = sum(detector([image, image], [target, target]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(p.grad is not None for p in detector.backbone.body.stages[2:].parameters())
    (found,) = detector.eval()([image])
    assert {"boxes", "labels", "scores"} <= set(found)


@pytest.mark.parametrize("name", NAMES)
def test_options_reach_what_they_are_for(name, module):
    own = {"box_score_thresh": 0.4} if name == "mask_rcnn" else {"score_thresh": 0.4}
    detector = getattr(module, name)(
        **SMALL, frozen_stages=1, norm_eval=True, zero_init_last=False, with_cp=True,
        drop_path_rate=0.1, **own,
    )  # fmt: skip
    body = detector.backbone.body
    assert (body.frozen_stages, body.norm_eval, body.with_cp) == (1, True, True)
    assert body.stages[-1][-1].drop_path == 0.1 and detector.backbone.out_channels == 64
    assert body.stages[-1][0].main[-1].norm.weight.all()
    assert not any(parameter.requires_grad for parameter in body.stages[:2].parameters())
    score = detector.roi_heads.score_thresh if name == "mask_rcnn" else detector.score_thresh
    assert score == 0.4 and detector.transform.min_size == (128,)


@pytest.mark.parametrize("name", NAMES)
def test_options_that_nobody_has_are_refused(name, module):
    with pytest.raises(TypeError, match=r"has no option nonsense, out_indices here; it has wei"):
        getattr(module, name)(nonsense=1, out_indices=(1,))


@pytest.mark.parametrize("ending", ["pth", "safetensors", "detector", "classifier", "dict"])
def test_weights_of_the_backbone(ending, module, trained, tmp_path):
    state = trained.state_dict()
    weights = tmp_path / f"w.{ending}"
    if ending == "pth":
        torch.save(state, weights)
    elif ending == "safetensors":
        pytest.importorskip("safetensors.torch").save_file(state, weights)
    elif ending == "detector":
        names = {f"module.backbone.{name}": value for name, value in state.items()}
        torch.save({"state_dict": names | {"module.head.bias": torch.ones(1)}}, weights)
    elif ending == "classifier":
        torch.save({"state_dict": state | {"head.fc.bias": torch.ones(1000)}}, weights)
    else:
        weights = state
    for name in NAMES:
        detector = getattr(module, name)(**SMALL, weights_backbone=weights)
        assert same_weights(detector.backbone.body, trained)


def test_weights_of_the_whole_detector_go_there_and_back(module, tmp_path):
    first = module.fcos(**SMALL)
    torch.save({"model": first.state_dict()}, tmp_path / "w.pth")
    assert same_weights(module.fcos(**SMALL, weights=tmp_path / "w.pth"), first)
    with pytest.raises(RuntimeError, match="size mismatch for head"):
        module.fcos(**(SMALL | {"num_classes": 4}), weights=tmp_path / "w.pth")
    # and its backbone into another detector
    other = module.retinanet(**SMALL, weights_backbone=tmp_path / "w.pth")
    assert same_weights(other.backbone.body, first.backbone.body)


def test_weights_of_something_else_are_refused(module, trained, tmp_path):
    with pytest.raises(ValueError, match="no weights of small under ''"):
        module.fcos(**SMALL, weights_backbone={"conv1.weight": torch.ones(1)})
    state = trained.state_dict()
    del state["stages.2.0.main.0.conv.weight"]
    with pytest.raises(RuntimeError, match="Missing key"):
        module.fcos(**SMALL, weights_backbone=state)


def test_labels_count_from_one(module):
    assert "labels of objects count from 1" in " ".join(module.fcos.__doc__.split())


def test_the_backbone_of_a_detector_compiles_and_exports(module):
    body = module.fcos(**SMALL).eval().backbone
    image = torch.randn(1, 3, 128, 128)
    expected = body(image)
    compiled = torch.compile(body, backend="eager", fullgraph=True)(image)
    program = torch.export.export(body, (image,)).module()(image)
    for found in (compiled, program):
        assert list(found) == ["0", "1", "2", "p6", "p7"]
        for name, map_ in expected.items():
            torch.testing.assert_close(found[name], map_)
