"""Training a detector on images with boxes: data in COCO's format, steps, evaluation.

The synthetic set of `shapes` makes the whole path a matter of seconds. Beside torch this
needs Pillow and pycocotools, which are imported where they are used.
"""
