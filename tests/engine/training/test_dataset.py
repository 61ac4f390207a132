"""Images and boxes on their way into a batch."""

import io
from random import Random

import pytest
import torch
from PIL import Image

from engine.training.annotations import Annotation, Annotations, Picture
from engine.training.dataset import Order, Pictures, View, batches
from engine.training.errors import TrainingError
from engine.training.pictures import decode, fitted, padded


def picture(file, width=64, height=48, *objects):
    return Picture(5, file, width, height, objects)


def test_images_fit_into_the_size_and_keep_their_proportions():
    assert fitted((480, 640), (800, 1280)) == (800, 1067)
    assert fitted((480, 640), (800, 1280), 0.6) == (480, 640)
    assert fitted((40, 1000), (64, 64)) == (3, 64)


def test_a_batch_is_padded_to_the_stride_of_c5():
    batch = padded([torch.ones(3, 33, 20), torch.ones(3, 10, 64)])
    assert batch.shape == (2, 3, 64, 64)
    assert batch.sum((1, 2, 3)).tolist() == [3 * 33 * 20, 3 * 640]


def test_boxes_follow_their_image(tmp_path):
    # a white patch on black, found again wherever scaling and flipping put it
    image = Image.new("RGB", (64, 48))
    image.paste((255, 255, 255), (8, 16, 24, 40))
    image.save(tmp_path / "a.png")
    objects = (
        Annotation(1, 9, (8, 16, 16, 24), 384.0, False),
        Annotation(2, 9, (0, 0, 5, 5), 25.0, True),
    )
    annotations = Annotations(tmp_path, (), ((4, "x"), (9, "y")), "", ())
    shown = Pictures(annotations, [picture(tmp_path / "a.png", 64, 48, *objects)], (96, 128))
    for view in (View(0), View(0, 1.0, True), View(0, 0.5, True), View(0, 1.25)):
        pixels, target, _ = shown[view]
        assert pixels.shape == (3, round(96 * view.factor), round(128 * view.factor))
        assert target.labels.tolist() == [1]  # the crowd teaches nothing
        white = pixels[0] > 0
        rows, columns = white.any(1).nonzero()[:, 0], white.any(0).nonzero()[:, 0]
        found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert target.boxes[0].tolist() == pytest.approx([float(v) for v in found], abs=1)


def test_grey_and_transparent_images_have_three_channels(tmp_path):
    for mode in ("L", "RGBA", "P"):
        Image.new(mode, (64, 48)).save(tmp_path / "a.png")
        assert decode(picture(tmp_path / "a.png")).mode == "RGB"


def png(size=(64, 48)):
    file = io.BytesIO()
    noise = Random(0).randbytes(3 * size[0] * size[1])
    Image.frombytes("RGB", size, noise).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no image in JPEG, PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n", "is no image"),
        (png((48, 64)), "is 48x64, but its record says 64x48"),
        (png()[:500], "cannot be decoded"),
        (png((1000, 1000))[:60], "is 1000x1000"),
    ],
    ids=["empty", "postscript", "turned", "cut", "large"],
)
def test_broken_images_are_named(tmp_path, content, message):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(TrainingError, match=rf"a.png \(image id 5\): .*{message}"):
        decode(picture(tmp_path / "a.png"))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_image_ends_the_loading_in_one_sentence(tmp_path, workers):
    (tmp_path / "a.png").write_bytes(b"")
    annotations = Annotations(tmp_path, (), ((4, "x"),), "", ())
    shown = Pictures(annotations, [picture(tmp_path / "a.png")], (64, 64))
    with pytest.raises(TrainingError) as failure:
        list(batches(shown, [[View(0)]], workers))
    assert len(str(failure.value).splitlines()) == 1


def order(steps, rank=0, world=1, seed=0):
    return list(Order(10, 4, seed, (0.8, 1.2), steps, rank, world))


def test_an_epoch_shows_each_image_once():
    seen = [view.number for views in order(range(10)) for view in views]
    for epoch in range(4):
        assert sorted(seen[10 * epoch : 10 * epoch + 10]) == list(range(10))
    assert seen[:10] != seen[10:20] and seen != [
        v.number for vs in order(range(10), seed=1) for v in vs
    ]
    assert len({view.factor for views in order(range(10)) for view in views}) == 40


def test_going_on_shows_what_would_have_come():
    assert order(range(7)) + order(range(7, 10)) == order(range(10))


def test_processes_share_each_batch():
    both = zip(order(range(5), 0, 2), order(range(5), 1, 2), strict=True)
    assert [sorted(a + b) for a, b in both] == [sorted(views) for views in order(range(5))]
