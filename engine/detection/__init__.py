"""A small one-stage detector on any backbone: FPN and an FCOS head, in torch alone.

The paper trains with FCOS among others (Section 5.2). Following one image: `backbone` ->
`neck` (P3-P7) -> `head` (classes, distances, centre-ness at each point); then either
`assign` and `losses`, or `decode` and `nms`.
"""

from engine.detection.decode import Detections
from engine.detection.detector import Architecture, Detector

__all__ = ["Architecture", "Detections", "Detector"]
