"""How examples make and print tensors of each library, and what that is installed as."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from typing import Literal

from opsbridge.tables.schema import ApiTable

Library = Literal["torch", "mindspore", "numpy", "paddle", "tensorflow"]


@dataclass(frozen=True)
class Form:
    """The lines of a library: how it is imported, a tensor of data and dtype, and its printing."""

    name: str
    imported: str
    tensor: str
    printed: str = "print({result})"


FORMS: dict[Library, Form] = {
    "torch": Form("PyTorch", "import torch", "torch.tensor({data}, dtype=torch.{dtype})"),
    "mindspore": Form("MindSpore", "import mindspore as ms", "ms.Tensor({data}, ms.{dtype})"),
    "numpy": Form("NumPy", "import numpy as np", "np.array({data}, dtype=np.{dtype})"),
    "paddle": Form(
        "Paddle",
        "import paddle",
        'paddle.to_tensor({data}, dtype="{dtype}")',
        "print({result}.numpy())",
    ),
    "tensorflow": Form(
        "TensorFlow",
        "import tensorflow as tf",
        "tf.constant({data}, dtype=tf.{dtype})",
        "print({result}.numpy())",
    ),
}
_OF_FRAMEWORK: dict[str, Library] = {
    "mindspore": "mindspore",
    "paddle": "paddle",
    "tensorflow": "tensorflow",
}
# What a package or library is installed as, where that is not its own name.
_DISTRIBUTIONS = {
    "detectron2": ("detectron2", "pb1-detectron2"),
    "onnx": ("onnxruntime",),
    "opencv": ("opencv-python-headless", "opencv-python"),
    "paddle": ("paddlepaddle", "paddlepaddle-gpu"),
    "tensorflow": ("tensorflow-cpu", "tensorflow"),
}


def library_of(api: ApiTable) -> Library:
    """Whose tensors the real API takes."""
    return _OF_FRAMEWORK.get(api.framework, "numpy" if api.own_tensors else "torch")


def bridged_library(api: ApiTable) -> Library:
    """Whose tensors take the place of those of the real API in calls of opsbridge."""
    library = library_of(api)
    return library if library in ("torch", "mindspore") else "numpy"


def installed_version(package: str) -> tuple[str, str] | None:
    """What a package is installed as, and its version; None where it is not installed."""
    for distribution in _DISTRIBUTIONS.get(package, (package,)):
        try:
            return distribution, importlib.metadata.version(distribution).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
