"""TensorFlow's operators, for any framework's tensors; `opsbridge.tensorflow.image` has them.

`soft_non_max_suppression` is what its `non_max_suppression_with_scores` is with a sigma above 0.
"""

from opsbridge.frontend import api

__all__ = ["soft_non_max_suppression"]

soft_non_max_suppression = api("tensorflow/soft_non_max_suppression", __name__)
