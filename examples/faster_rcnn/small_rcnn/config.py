"""All settings of the detector in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """Sizes are in pixels of the input image; everything is small enough for a CPU."""

    batch_size: int = 2
    image_height: int = 64
    image_width: int = 96
    num_classes: int = 4  # with the background, class 0
    max_objects: int = 4

    stage_channels: tuple = (8, 16, 24, 32)
    fpn_channels: int = 16
    strides: tuple = (4, 8, 16, 32, 64)

    anchor_scale: float = 4.0
    anchor_ratios: tuple = (0.5, 1.0, 2.0)

    rpn_positive_iou: float = 0.6
    rpn_negative_iou: float = 0.3
    proposals_per_level: int = 48
    proposal_nms_iou: float = 0.7
    proposals: int = 32

    roi_size: int = 5
    roi_samples: int = 2
    finest_scale: float = 14.0
    rcnn_channels: int = 48
    rcnn_positive_iou: float = 0.5
    rcnn_means: tuple = (0.0, 0.0, 0.0, 0.0)
    rcnn_stds: tuple = (0.1, 0.1, 0.2, 0.2)

    score_threshold: float = 0.05
    detection_nms_iou: float = 0.5

    @property
    def image_shape(self):
        return (self.image_height, self.image_width)

    @property
    def feature_shapes(self):
        return tuple(
            (-(-self.image_height // stride), -(-self.image_width // stride))
            for stride in self.strides
        )
