"""MMDetection on an exported folder: registering, configs, weights, training, predicting."""

import copy

import pytest
import torch

from engine.zoo import ZOO
from maedet_tui.export import Source, export
from tests.export.frameworks.conftest import SMALL, same_weights

pytest.importorskip("mmdet")
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData

DETECTORS = ("gflv2", "fcos", "retinanet")


@pytest.fixture(scope="module")
def folder(imported):
    """The folder, its backbone and head imported as the configs import them."""
    import importlib
    from pathlib import Path

    place = Path(imported("mmdet", "small").__file__).parent
    importlib.import_module("gflv2_head")
    return place


def config_of(folder, name):
    return Config.fromfile(str(folder / f"{name}.py"), import_custom_modules=False)


def built(model):
    with DefaultScope.overwrite_default_scope("mmdet"):
        detector = MODELS.build(copy.deepcopy(model))
        detector.init_weights()
    return detector


def backbone_of(**options):
    return MODELS.build({"type": "Small", "out_indices": (0, 1, 2, 3, 4), **options})


def test_the_export_builds_the_detectors_and_can_be_made_again(tmp_path):
    for _ in range(2):  # in one process, whose registry remembers
        _, checked = export(SMALL, "mmdet", tmp_path / "out")
        assert "MMDetection 3.3.0 builds GFLV2, FCOS, RetinaNet from the configs" in checked[-1]


@pytest.mark.parametrize("name", DETECTORS)
def test_a_step_of_training_lowers_the_loss_and_it_predicts(name, folder):
    torch.manual_seed(0)
    config = config_of(folder, f"{name}_small_1x")
    detector = built(config.model).train()
    wrapper = build_optim_wrapper(detector, config.optim_wrapper)
    images = torch.randn(2, 3, 256, 256)
    objects = InstanceData(
        bboxes=torch.tensor([[20.0, 30, 150, 160]]), labels=torch.zeros(1, dtype=torch.long)
    )
    meta = {"img_shape": (256, 256), "ori_shape": (256, 256), "batch_input_shape": (256, 256),
            "pad_shape": (256, 256), "scale_factor": (1.0, 1.0)}  # fmt: skip
    samples = [DetDataSample(gt_instances=objects, metainfo=meta) for _ in images]
    losses = []
    for _ in range(6):
        parsed, _ = detector.parse_losses(detector(images, samples, mode="loss"))
        wrapper.update_params(parsed)
        losses.append(parsed.item())
    # a quality that is learnt, GFL's, moves what the scores are held against
    assert min(losses[1:]) < losses[0] and all(value < 2 * losses[0] for value in losses)
    with torch.no_grad():
        first, _ = detector.eval()(images, samples, mode="predict")
    assert {"bboxes", "scores", "labels"} <= set(first.pred_instances.keys())


def test_schedules_are_the_papers_and_mmdetections(folder):
    epochs = {"_1x": (12, [8, 11], 0.01), "_3x": (36, [28, 33], 0.02), "": (73, [65, 71], 0.02)}
    scales = {"_1x": (320, 320), "_3x": [(256, 256), (320, 320)], "": [(192, 192), (384, 384)]}
    for name in DETECTORS:
        for end, (count, decays, lr) in epochs.items():
            config = config_of(folder, f"{name}_small{end}")
            assert config.train_cfg.max_epochs == config.param_scheduler[1].end == count
            assert config.param_scheduler[1].milestones == decays
            assert config.optim_wrapper.optimizer.lr == lr
            resize = config.train_dataloader.dataset.pipeline[2]
            assert resize.scale == scales[end] and config.train_dataloader.batch_size == 2
            assert config.test_dataloader.dataset.pipeline[1].scale == (320, 320)
            fcos = name == "fcos"
            assert ("paramwise_cfg" in config.optim_wrapper) == fcos
            if fcos:
                assert config.optim_wrapper.paramwise_cfg.bias_lr_mult == 2
                assert config.optim_wrapper.clip_grad.max_norm == 35


def test_a_head_is_in_proportion_to_its_backbone(folder):
    """0.43 M parameters of a mobile backbone had 4.6 M of pyramid and head above them."""
    detector = built(config_of(folder, "fcos_small").model)
    counts = {
        name: sum(parameter.numel() for parameter in part.parameters())
        for name, part in detector.named_children()
    }
    assert counts["neck"] + counts["bbox_head"] < 450_000


@pytest.mark.parametrize("prefix", ["", "backbone.", "module.backbone."])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_pretrained_weights_are_loaded(prefix, suffix, folder, trained, tmp_path):
    state = {prefix + name: value for name, value in trained.state_dict().items()}
    path = tmp_path / f"w.{suffix}"
    if suffix == "pth":
        torch.save({"state_dict": state | {"head.fc.bias": torch.ones(3)}, "meta": {}}, path)
    else:
        pytest.importorskip("safetensors.torch").save_file(state, path)
    model = config_of(folder, "fcos_small").model
    model.backbone.init_cfg = {"type": "Pretrained", "checkpoint": str(path)}
    assert same_weights(built(model).backbone, trained)
    model.backbone.init_cfg["prefix"] = prefix
    assert same_weights(built(model).backbone, trained)


def test_pretrained_weights_that_are_not_there_are_an_error(folder, trained, tmp_path):
    state = trained.state_dict()
    model = config_of(folder, "fcos_small").model
    for wrong, error in (
        ({"conv1.weight": torch.ones(1)}, (ValueError, "no weights of small under")),
        ({n: v for n, v in state.items() if "stages.1" not in n}, (RuntimeError, "Missing key")),
    ):
        torch.save(wrong, tmp_path / "w.pth")
        model.backbone.init_cfg = {"type": "Pretrained", "checkpoint": str(tmp_path / "w.pth")}
        with pytest.raises(error[0], match=error[1]):
            built(model)


def test_weights_travel_with_the_folder(trained, tmp_path, monkeypatch):
    torch.save({"state_dict": trained.state_dict()}, tmp_path / "mine.pth")
    path, checked = export(SMALL, "mmdet", tmp_path / "out", tmp_path / "mine.pth")
    assert "weights of mine.pth, in the names of maedet-tui, out of 'state_dict'" in checked[-1]
    config = config_of(path, "fcos_small_1x")
    assert config.model.backbone.init_cfg.checkpoint == "small.pth"
    monkeypatch.chdir(path)  # where training starts
    assert same_weights(built(config.model).backbone, trained)


def test_a_detectors_weights_go_back(folder, tmp_path):
    from engine.backbone import build
    from engine.backbone.checkpoint import load_weights

    detector = built(config_of(folder, "retinanet_small").model)
    torch.save({"state_dict": detector.state_dict(), "meta": {}}, tmp_path / "epoch_12.pth")
    module = build(SMALL.structure)
    found = load_weights(module, tmp_path / "epoch_12.pth")
    assert found.prefix == "backbone." and same_weights(module, detector.backbone)


def test_norms_checkpointing_and_freezing_are_options():
    from torch import nn

    synced = backbone_of(norm_cfg={"type": "SyncBN", "requires_grad": True}, norm_eval=True)
    kinds = {type(part) for part in synced.modules()}
    assert any(issubclass(kind, nn.SyncBatchNorm) for kind in kinds)
    assert nn.BatchNorm2d not in kinds
    fixed = backbone_of(norm_cfg={"type": "BN", "requires_grad": False})
    assert not any(p.requires_grad for n, p in fixed.named_parameters() if ".norm." in n)
    grouped = backbone_of(norm_cfg={"type": "GN", "num_groups": 4}, frozen_stages=0, with_cp=True)
    assert not grouped.stages[1][0].main[2].norm.weight.any()  # zero_init_last
    grouped.train()(torch.randn(2, 3, 64, 64))[-1].sum().backward()
    grads = {name: p.grad is not None for name, p in grouped.named_parameters()}
    assert all(has == (not name.startswith("stages.0.")) for name, has in grads.items())


def test_other_ways_to_initialise_are_mmengines():
    module = backbone_of(init_cfg={"type": "Constant", "layer": "Conv2d", "val": 0.5})
    module.init_weights()
    weights = [p for name, p in module.named_parameters() if ".conv." in name]
    assert all((weight == 0.5).all() for weight in weights)


def test_the_papers_channels_stay_the_papers(tmp_path):
    source = Source("s", "MAE-DET-S", ZOO["maedet-s"].structure)
    from maedet_tui.export.mmdet import _config

    names = {}
    exec(_config(source, "gflv2"), names)
    assert names["model"]["bbox_head"]["stacked_convs"] == 4
    assert names["model"]["neck"]["out_channels"] == 192


def test_the_backbone_compiles_and_exports():
    module = backbone_of(zero_init_last=False).eval()
    images = torch.randn(1, 3, 64, 64)
    expected = module(images)
    compiled = torch.compile(module, backend="eager", fullgraph=True)(images)
    program = torch.export.export(module, (images,)).module()(images)
    for found in (compiled, program):
        for a, b in zip(found, expected, strict=True):
            torch.testing.assert_close(a, b)
