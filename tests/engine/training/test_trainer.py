"""Training a small detector: it learns, it goes on where it was cut, it says what is wrong."""

import math
from dataclasses import replace

import pytest
import torch

from engine import outputs
from engine.structure import Block, Structure
from engine.training import checkpoint
from engine.training.errors import TrainingError
from engine.training.optimizer import optimizer
from engine.training.processes import Processes, processes
from engine.training.settings import Settings
from engine.training.trainer import Trainer

MINI = Structure(
    (
        Block("Conv", 3, 3, 8, 2),
        *(Block("ResBlock", 3, before, width, 2, 8, 1)
          for before, width in ((8, 16), (16, 32), (32, 32), (32, 32))),
    )
)  # fmt: skip
QUICK = Settings(steps=6, batch=4, size=(64, 64), warmup=2, channels=16, depth=1, lr=0.01)
ALONE = Processes(0, 1, torch.device("cpu"))


def trainer(annotations, settings=QUICK, structure=MINI):
    return Trainer(structure, settings, annotations, ALONE)


def test_the_loss_falls(annotations):
    steps = list(trainer(annotations, replace(QUICK, steps=50, lr=0.03)).steps())
    assert [step.number for step in steps] == list(range(1, 51))
    first, last = (sum(step.loss for step in part) / 5 for part in (steps[:5], steps[-5:]))
    assert last < 0.85 * first
    one = steps[0]
    assert one.loss == pytest.approx(one.classes + one.boxes + one.centreness, rel=1e-5)


def test_cut_and_gone_on_is_as_if_never_cut(annotations, tmp_path):
    whole = trainer(annotations)
    losses = [step.loss for step in whole.steps()]
    cut = trainer(annotations)
    seen = []
    for step in cut.steps():
        seen.append(step.loss)
        if step.number == 3:
            break
    cut.save(tmp_path / "last.pt")
    again = trainer(annotations)
    again.restore(tmp_path / "last.pt", checkpoint.read(tmp_path / "last.pt"))
    assert again.step == 3
    seen += [step.loss for step in again.steps()]
    assert seen == losses
    for name, value in whole.detector.state_dict().items():
        assert torch.equal(value, again.detector.state_dict()[name]), name
    assert list(again.steps()) == []


def test_the_seed_decides_everything(annotations):
    def first(seed):
        return next(trainer(annotations, replace(QUICK, seed=seed)).steps())

    assert first(1) == first(1) and first(1).loss != first(2).loss


def test_evaluation_leaves_the_training_as_it_is(annotations):
    plain, looked = trainer(annotations), trainer(annotations)
    losses = []
    for step in looked.steps():
        losses.append(step.loss)
        assert set(looked.evaluate(annotations)) >= {"AP", "AP50", "AP_small"}
        if step.number == 2:
            break
    assert losses == [step.loss for _, step in zip(range(2), plain.steps())]


def test_bfloat16_trains(annotations):
    steps = list(trainer(annotations, replace(QUICK, precision="bfloat16", steps=2)).steps())
    exact = next(trainer(annotations).steps())
    assert steps[0].loss == pytest.approx(exact.loss, rel=0.05) and steps[0].loss != exact.loss


def test_the_learning_rate_warms_up_and_decays_twice():
    settings = Settings(steps=100, warmup=4, lr=1.0, decays=(0.5, 0.9))
    rates = [settings.lr_at(step) for step in (0, 3, 4, 49, 50, 89, 90)]
    assert rates == pytest.approx([0.2, 0.8, 1, 1, 0.1, 0.1, 0.01])
    assert Settings(batch=16).base_lr == 0.02 and Settings(batch=4).base_lr == 0.005


@pytest.mark.parametrize(("norm_decay", "expected"), [(False, 0.0), (True, 1e-4)])
def test_norms_and_biases_decay_only_if_asked(annotations, norm_decay, expected):
    detector = trainer(annotations).detector
    sgd = optimizer(detector, replace(QUICK, norm_decay=norm_decay))
    decay = {id(p): g["weight_decay"] for g in sgd.param_groups for p in g["params"]}
    for name, parameter in detector.named_parameters():
        assert decay[id(parameter)] == (1e-4 if parameter.ndim > 1 else expected), name


def test_a_gradient_is_clipped(annotations):
    """The first step is as long as the limit allows, times the rate."""
    clipped = trainer(annotations, replace(QUICK, clip=0.05, weight_decay=0.0))
    before = {n: p.detach().clone() for n, p in clipped.detector.named_parameters()}
    step = next(clipped.steps())
    after = {n: p.detach() for n, p in clipped.detector.named_parameters()}
    moved = sum((after[name] - before[name]).square().sum().item() for name in before)
    assert step.norm > 0.1 and math.sqrt(moved) == pytest.approx(0.05 * step.lr, rel=0.05)


def test_a_loss_that_is_no_number_is_told(annotations):
    broken = trainer(annotations)
    with torch.no_grad():
        broken.detector.head.classes.bias.fill_(float("nan"))
    with pytest.raises(TrainingError, match="no finite number at step 1; train with a lower --lr"):
        next(broken.steps())


def test_a_batch_that_batch_norm_cannot_take(annotations):
    tiny = replace(QUICK, batch=1, size=(32, 32), least=0.5, most=1.0)
    with pytest.raises(TrainingError, match="raise --batch or --size"):
        next(trainer(annotations, tiny).steps())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": 0}, "steps is 0"),
        ({"size": (31, 64)}, "size is 64x31"),
        ({"least": 1.5, "most": 1.2}, "scales is 1.5"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"channels": 12}, "channels is 12"),
        ({"precision": "float8"}, "precision is float8"),
    ],
)
def test_settings_out_of_range(values, message):
    with pytest.raises(TrainingError, match=message):
        Settings(**values)


def test_what_cannot_be_trained_here(annotations, monkeypatch):
    with pytest.raises(TrainingError, match="float16 needs a GPU"):
        trainer(annotations, replace(QUICK, precision="float16"))
    three = Processes(0, 3, torch.device("cpu"))
    with pytest.raises(TrainingError, match="batch is 4, which 3 processes cannot share evenly"):
        Trainer(MINI, QUICK, annotations, three)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(TrainingError, match="torch finds 0 GPUs here"), processes("cuda"):
        pass


@pytest.fixture(scope="module")
def saved(annotations, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "last.pt"
    trainer(annotations).save(path)
    return path


@pytest.mark.parametrize("damage", ["half", "empty", "text", "weights", "step", "settings"])
def test_a_corrupt_checkpoint(saved, tmp_path, damage):
    path, content = tmp_path / "last.pt", saved.read_bytes()
    values = torch.load(saved, weights_only=True)
    if damage in ("half", "empty", "text"):
        parts = {"half": content[: len(content) // 2], "empty": b"", "text": b"hello"}
        path.write_bytes(parts[damage])
        message = r"last.pt: is damaged, or not a checkpoint"
    elif damage == "weights":
        torch.save(values["model"], path)
        message = r"last.pt: holds weights, but no training to go on with"
    elif damage == "step":
        del values["step"]
        torch.save(values, path)
        message = r"last.pt: is damaged: step is missing"
    else:
        values["settings"]["batch"] = 0
        torch.save(values, path)
        message = r"last.pt: is damaged: batch is 0"
    with pytest.raises(TrainingError, match=message):
        checkpoint.read(path)


def test_a_checkpoint_of_something_else(saved, annotations):
    values = checkpoint.read(saved)
    wider = Structure((*MINI.blocks[:-1], MINI.blocks[-1]._replace(out_channels=40)))
    with pytest.raises(TrainingError, match="trained with another structure"):
        trainer(annotations, structure=wider).restore(saved, values)
    changed = annotations._replace(digest="0")
    with pytest.raises(TrainingError, match="another annotation file"):
        trainer(changed).restore(saved, values)
    del values["model"]["neck.p6.bias"]
    with pytest.raises(TrainingError, match=r"is damaged: Error.* loading"):
        trainer(annotations).restore(saved, values)


def test_a_failed_save_leaves_the_older_one(saved, annotations, tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    path.write_bytes(saved.read_bytes())

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        trainer(annotations).save(path)
    assert path.read_bytes() == saved.read_bytes() and list(tmp_path.iterdir()) == [path]


def test_weights_of_a_backbone_are_where_training_starts(annotations, saved):
    other = replace(QUICK, seed=5)
    started = Trainer(MINI, other, annotations, ALONE, weights=saved)
    expected = torch.load(saved, weights_only=True)["model"]
    for name, value in started.detector.backbone.state_dict().items():
        assert torch.equal(value, expected[f"backbone.{name}"])


def test_an_evaluation_that_is_given_up_returns_nothing(annotations):
    asked = []

    def stop():
        asked.append(True)
        return True

    assert trainer(annotations).evaluate(annotations, stop=stop) == {}
    assert len(asked) == 1  # after the first batch


def test_a_mistake_of_the_program_is_not_taken_for_one_of_the_user(annotations, monkeypatch):
    def broken(*_):
        raise ValueError("shapes differ")

    training = trainer(annotations)
    monkeypatch.setattr(training.detector, "forward", broken)
    with pytest.raises(ValueError, match="shapes differ"):
        next(training.steps())


def test_a_checkpoint_of_another_version_of_the_program(saved, tmp_path):
    values = torch.load(saved, weights_only=True)
    path = tmp_path / "other.pt"
    torch.save(values | {"version": values["version"] + 1}, path)
    with pytest.raises(TrainingError, match=r"other\.pt: was written by another version"):
        checkpoint.read(path)
