"""Direct calls made to wait: the next call of every API goes through its operator."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import ModuleType

from opsbridge import onnx
from opsbridge.core import device
from opsbridge.core.operator import Operator
from opsbridge.detectron2 import layers, structures
from opsbridge.mindspore import ops as mindspore_ops
from opsbridge.mmcv import ops as mmcv_ops
from opsbridge.mmdet import ops as mmdet_ops
from opsbridge.opencv import dnn
from opsbridge.paddle import vision as paddle_variants
from opsbridge.paddle.vision import ops as paddle_ops
from opsbridge.tensorflow import image
from opsbridge.torchvision import ops as torchvision_ops


def forget_direct_calls() -> None:
    """As in a fresh process, where the first call of an API is never a direct one."""
    by_tables = (onnx, dnn, paddle_ops, paddle_variants, image, layers, structures)
    for module in (torchvision_ops, mindspore_ops, mmcv_ops, mmdet_ops, *by_tables):
        for member in vars(module).values():
            operator = getattr(member, "operator", None)
            if operator is not None:
                operator.roads.clear()
                operator.prepared_roads.clear()


def modules_that_call(operators: Iterable[Operator]) -> Iterator[ModuleType]:
    """The modules in which operators ask for native functions, by the name `native_function`."""
    for operator in operators:
        module = sys.modules[operator.run.__module__]
        # Operators with kernels for GPUs, too, let the device's module ask.
        yield module if hasattr(module, "native_function") else device
