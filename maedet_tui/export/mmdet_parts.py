"""What MMDetection calls its heads, assigners and settings, as text of configs."""

from __future__ import annotations

from typing import NamedTuple

HEADS = {
    "gflv2": """type="GFLV2Head",
        num_classes=80,
        in_channels=$channels,
        stacked_convs=$depth,
        feat_channels=$channels,
        anchor_generator=dict(
            type="AnchorGenerator",
            ratios=[1.0],
            octave_base_scale=8,
            scales_per_octave=1,
            strides=[8, 16, 32, 64, 128],
        ),
        loss_cls=dict(type="QualityFocalLoss", use_sigmoid=True, beta=2.0, loss_weight=1.0),
        loss_dfl=dict(type="DistributionFocalLoss", loss_weight=0.25),
        reg_max=16,
        loss_bbox=dict(type="GIoULoss", loss_weight=2.0),""",
    "fcos": """type="FCOSHead",
        num_classes=80,
        in_channels=$channels,
        stacked_convs=$depth,
        feat_channels=$channels,
        strides=[8, 16, 32, 64, 128],
        norm_on_bbox=True,
        centerness_on_reg=True,
        center_sampling=True,
        conv_bias=True,
        loss_cls=dict(type="FocalLoss", use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
        loss_bbox=dict(type="GIoULoss", loss_weight=1.0),
        loss_centerness=dict(type="CrossEntropyLoss", use_sigmoid=True, loss_weight=1.0),""",
    "retinanet": """type="RetinaHead",
        num_classes=80,
        in_channels=$channels,
        stacked_convs=$depth,
        feat_channels=$channels,
        anchor_generator=dict(
            type="AnchorGenerator",
            octave_base_scale=4,
            scales_per_octave=3,
            ratios=[0.5, 1.0, 2.0],
            strides=[8, 16, 32, 64, 128],
        ),
        bbox_coder=dict(
            type="DeltaXYWHBBoxCoder",
            target_means=[0.0, 0.0, 0.0, 0.0],
            target_stds=[1.0, 1.0, 1.0, 1.0],
        ),
        loss_cls=dict(type="FocalLoss", use_sigmoid=True, gamma=2.0, alpha=0.25, loss_weight=1.0),
        loss_bbox=dict(type="L1Loss", loss_weight=1.0),""",
}
_ATSS = """dict(
        assigner=dict(type="ATSSAssigner", topk=9), allowed_border=-1, pos_weight=-1, debug=False
    )"""
_MAX_IOU = """dict(
        assigner=dict(
            type="MaxIoUAssigner",
            pos_iou_thr=0.5,
            neg_iou_thr=0.4,
            min_pos_iou=0,
            ignore_iof_thr=-1,
        ),
        sampler=dict(type="PseudoSampler"),
        allowed_border=-1,
        pos_weight=-1,
        debug=False,
    )"""


class Detector(NamedTuple):
    """One of the three detectors of Table 1.

    model: its class in MMDetection. train_cfg: as text. nms: overlap of two detections.
    optimisation: what of it is not the schedule's. start: of its warm-up in MMDetection's 1x, as a
    share of the learning rate.
    """

    name: str
    model: str
    train_cfg: str
    nms: float
    optimisation: str
    start: str


#: MMDetection trains FCOS with its biases at twice the rate and without decay, and clips
_FCOS = """# as MMDetection trains FCOS
optim_wrapper = dict(
    paramwise_cfg=dict(bias_lr_mult=2.0, bias_decay_mult=0.0),
    clip_grad=dict(max_norm=35, norm_type=2),
)
"""
#: key in the names of files -> detector
DETECTORS = {
    "gflv2": Detector("GFLV2", "GFL", _ATSS, 0.6, "", "0.001"),
    "fcos": Detector("FCOS", "FCOS", "None", 0.6, _FCOS, "1.0 / 3.0"),
    "retinanet": Detector("RetinaNet", "RetinaNet", _MAX_IOU, 0.5, "", "0.001"),
}


class Schedule(NamedTuple):
    """epochs; decays: after which the learning rate is a tenth. lr: for 16 images. scales: the
    least and the largest share of the image's size in training. warmup: batches."""

    epochs: int
    decays: tuple[int, ...]
    lr: float
    scales: tuple[float, float]
    warmup: int
    how: str


#: beside the 6x: the paper's of its ablations, and MMDetection's own
SHORTER = {
    "3x": Schedule(36, (28, 33), 0.02, (0.8, 1.0), 7330, "the paper's 3x, of its ablations"),
    "1x": Schedule(
        12, (8, 11), 0.01, (1.0, 1.0), 500, "MMDetection's 1x, for weights to start from"
    ),
}
#: the paper's, for Table 1
LONGEST = Schedule(73, (65, 71), 0.02, (0.6, 1.2), 7330, "from scratch as in Table 1 of the paper")
