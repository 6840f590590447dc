"""`tf.image` for PyTorch tensors, NumPy arrays and MindSpore tensors."""

from opsbridge.frontend import api

__all__ = [
    "combined_non_max_suppression",
    "crop_and_resize",
    "non_max_suppression",
    "non_max_suppression_padded",
    "non_max_suppression_with_scores",
]

combined_non_max_suppression = api("tensorflow/combined_non_max_suppression", __name__)
crop_and_resize = api("tensorflow/crop_and_resize", __name__)
non_max_suppression = api("tensorflow/non_max_suppression", __name__)
non_max_suppression_padded = api("tensorflow/non_max_suppression_padded", __name__)
non_max_suppression_with_scores = api("tensorflow/non_max_suppression_with_scores", __name__)
