"""Images out of files and into tensors: decoding, resizing, flipping, padding.

Coordinates of boxes follow each step; here they are (x1, y1, x2, y2) in pixels.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from engine.files import Unreadable, read_regular
from engine.training.annotations import Picture
from engine.training.errors import TrainingError, need

#: decoders of images as cameras and scanners write them; others run programs, or are never met
FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
#: of a file, for each pixel and beside them: more than any of these formats takes
BYTES_PER_PIXEL, OTHER_BYTES = 8, 64 << 20
#: sides of a batch are multiples of it, the stride of C5
MULTIPLE = 32
#: of ImageNet, in [0, 255]
_MEAN, _STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def decode(picture: Picture) -> Any:
    """The image as Pillow's, in RGB. Raises TrainingError.

    The size is known before a pixel is decoded, and must be the record's: a file cannot
    take more memory than its annotation says.
    """
    need("PIL")
    from PIL import Image, UnidentifiedImageError

    where = f"{picture.file} (image id {picture.id})"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sizes, which are checked here
            image = Image.open(_content(picture), formats=FORMATS)
            if image.size != (picture.width, picture.height):
                raise TrainingError(
                    f"{where}: is {image.width}x{image.height}, but its record says "
                    f"{picture.width}x{picture.height}"
                )
            return image.convert("RGB")
    except Unreadable as error:
        raise TrainingError(f"{where}: {error}") from None
    except UnidentifiedImageError:
        raise TrainingError(f"{where}: is no image in {', '.join(FORMATS)}") from None
    except Image.DecompressionBombError:
        raise TrainingError(f"{where}: has too many pixels to be decoded safely") from None
    except Exception as error:  # decoders fail in as many ways as files are damaged
        if isinstance(error, TrainingError):
            raise
        raise TrainingError(f"{where}: cannot be decoded: {error}") from None


def _content(picture: Picture) -> io.BytesIO:
    """The file, which is never larger than its pixels would be without compression, and what
    else a camera writes down."""
    most = OTHER_BYTES + BYTES_PER_PIXEL * picture.width * picture.height
    return io.BytesIO(read_regular(picture.file, most))


def fitted(size: tuple[int, int], into: tuple[int, int], factor: float = 1.0) -> tuple[int, int]:
    """(height, width) of an image scaled, sides in proportion, to fit into factor * `into`."""
    scale = factor * min(into[0] / size[0], into[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def to_tensor(image: Any, size: tuple[int, int]) -> Tensor:
    """(3, height, width) of a Pillow image resized, normalized as ImageNet's."""
    from PIL import Image

    height, width = size
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(image, dtype=np.float32)).permute(2, 0, 1)
    return (pixels - torch.tensor(_MEAN)[:, None, None]) / torch.tensor(_STD)[:, None, None]


def flipped(image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """An image (3, height, width) and its boxes (N, 4), left and right exchanged."""
    x1, y1, x2, y2 = boxes.unbind(-1)
    width = image.shape[-1]
    return image.flip(-1), torch.stack([width - x2, y1, width - x1, y2], dim=-1)


def padded(images: Sequence[Tensor]) -> Tensor:
    """Images in one batch, zeros on the right and below, sides multiples of MULTIPLE."""
    height, width = (
        -(-max(image.shape[side] for image in images) // MULTIPLE) * MULTIPLE for side in (1, 2)
    )
    return torch.stack(
        [F.pad(one, (0, width - one.shape[2], 0, height - one.shape[1])) for one in images]
    )
