"""How the structures of a validation are trained, and on what: all that makes APs comparable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.formats.rows import shown
from engine.settings import Preset
from engine.structure import Structure
from maedet_tui.store import cells, codec
from maedet_tui.validate.defaults import BATCH, CHANNELS, DEPTH, STEPS
from maedet_tui.validate.subjects import NothingToCompare

if TYPE_CHECKING:
    from engine.training.annotations import Annotations
    from engine.training.settings import Settings

#: images of the synthetic set, to train on and to evaluate on
IMAGES, VALIDATION = 1500, 300
#: sides between small, medium and large objects of the synthetic set, as shares of an image's
SHARES = (0.1875, 0.375)


#: fields of Data that are files and folders
PLACES = ("train", "images", "val", "val_images")


@dataclass(frozen=True, slots=True)
class Data:
    """Annotation files and the folders of their images. sides: between small, medium and large
    objects, in pixels. digests: of both files' contents.

    The database has places within the validation's own folder relative to it, so that the folder
    can be moved; elsewhere they are absolute.
    """

    train: str
    images: str
    val: str
    val_images: str
    sides: tuple[float, float]
    digests: tuple[str, str]

    def within(self, folder: Path) -> Data:
        """Places below a folder relative to it."""
        home = folder.resolve()
        return self._placed(
            lambda place: place.relative_to(home) if place.is_relative_to(home) else place
        )

    def at(self, folder: Path) -> Data:
        """What `within` returned, for the same folder wherever it is now."""
        return self._placed(lambda place: folder.resolve() / place)

    def _placed(self, moved: Callable[[Path], Path]) -> Data:
        places = {name: str(moved(Path(getattr(self, name)))) for name in PLACES}
        return Data(**places, sides=self.sides, digests=self.digests)

    def read(self) -> tuple[Annotations, Annotations]:
        """What to train on, and what to evaluate on. Raises TrainingError, NothingToCompare."""
        from engine.training.annotations import read_annotations

        found = (
            read_annotations(Path(self.train), Path(self.images)),
            read_annotations(Path(self.val), Path(self.val_images)),
        )
        for one, digest in zip(found, self.digests, strict=True):
            if one.digest != digest:
                raise NothingToCompare(
                    f"{one.path}: has changed since the first training, so APs would not compare; "
                    "put the old one back, or begin another validation"
                )
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """settings: of each training, as `engine.training.settings.Settings.as_dict` has them; their
    seed is the first one. seeds: how many of each structure. device: "cpu" or "cuda"."""

    settings: dict[str, Any]
    seeds: int
    data: Data
    device: str = "cpu"

    @property
    def steps(self) -> int:
        """Of one training."""
        return int(self.settings["steps"])

    def of_seed(self, seed: int) -> dict[str, Any]:
        """The settings of a training with a seed."""
        return {**self.settings, "seed": seed}

    def key(self, structure: Structure, seed: int) -> str:
        """What tells a training from all others: two with the same key have the same result."""
        what = [codec.structure_text(structure), sorted(self.of_seed(seed).items()),
                self.data.digests, self.data.sides]  # fmt: skip
        return hashlib.sha256(codec.dumps(what).encode()).hexdigest()[:24]

    def text(self) -> str:
        """As JSON."""
        return codec.dumps(asdict(self))

    @classmethod
    def of_text(cls, text: str) -> Asked:
        """What `text` returned. Raises one of `codec.DAMAGE`."""
        values = codec.loads(text)
        settings, data = values["settings"], values["data"]
        if not isinstance(settings, dict):
            raise ValueError(f"its settings are {shown(settings)}")
        cells.whole(settings["steps"], "steps", 1)
        places = {name: cells.text(data[name], name, cells.PATH) for name in PLACES}
        small, large = (cells.real(side, "side", 0.0) for side in data["sides"])
        first, second = (cells.text(one, "digest") for one in data["digests"])
        return cls(
            settings,
            cells.whole(values["seeds"], "seeds", 1, 10_000),
            Data(**places, sides=(small, large), digests=(first, second)),
            cells.text(values["device"], "device"),
        )


def settings_of(preset: Preset, **given: Any) -> Settings:
    """How to train at a preset's image size. given: fields of Settings in place of the usual.

    Raises TrainingError.
    """
    from engine.training.settings import Settings

    usual = Settings(
        steps=STEPS,
        batch=BATCH,
        size=preset.budget.image_size,
        least=0.8,
        most=1.0,
        decays=(0.7, 0.9),
        channels=CHANNELS,
        depth=DEPTH,
    )
    values = {key: value for key, value in given.items() if value is not None}
    steps = values.get("steps", usual.steps)
    return replace(usual, **{"warmup": min(1000, steps // 10), **values})


def data_of(
    train: Path, images: Path, val: Path, val_images: Path, sides: tuple[float, float]
) -> Data:
    """Checked data. Raises TrainingError, and NothingToCompare where a class has no object."""
    from engine.training.annotations import read_annotations

    learnt, shown_ = read_annotations(train, images), read_annotations(val, val_images)
    if learnt.categories != shown_.categories:
        raise NothingToCompare(f"{val}: has other categories than {train}; both need the same")
    for one in (learnt, shown_):
        _refuse_empty_class(one)
    return Data(
        str(train.resolve()), str(images.resolve()), str(val.resolve()), str(val_images.resolve()),
        sides, (learnt.digest, shown_.digest),
    )  # fmt: skip


def _refuse_empty_class(annotations: Annotations) -> None:
    there = {o.category for picture in annotations.pictures for o in picture.objects}
    absent = [(key, name) for key, name in annotations.categories if key not in there]
    if absent:
        key, name = absent[0]
        more = f" (nor have {len(absent) - 1} more)" if len(absent) > 1 else ""
        raise NothingToCompare(
            f"{annotations.path}: category {name} (id {key}) has no image with an object of "
            f"it{more}; add some, or take the category out"
        )
