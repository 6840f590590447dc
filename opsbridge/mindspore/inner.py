"""Operators that models build although nothing runs them on CPU or GPU, and Print."""

from __future__ import annotations

from typing import Any, NoReturn

from opsbridge.mindspore.calls import Primitive
from opsbridge.mindspore.environment import print_values
from opsbridge.mindspore.names import refuse
from opsbridge.mindspore.results import plain, shown


class Print(Primitive):
    """Print values when called."""

    def __call__(self, *values: Any) -> Any:
        """Print the values and return them."""
        return print_values(*values)


class Summary(Primitive):
    """Takes a value to be drawn by MindInsight; nothing here collects it."""

    def __call__(self, name: str, value: Any) -> None:
        """Return None."""


class DynamicRNN(Primitive):
    """Runs on Ascend only: it can be made, not called."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        """Accept the settings."""

    def __call__(self, *inputs: Any) -> NoReturn:
        """Raise."""
        refuse("mindspore.ops.DynamicRNN")


class PsROIPooling(Primitive):
    """Position-sensitive pooling of regions by the shared kernels, as torchvision's operator."""

    def __init__(
        self,
        pooled_height: int,
        pooled_width: int,
        num_rois: int,
        spatial_scale: float,
        out_dim: int,
        group_size: int,
    ) -> None:
        """Keep the output size and the scale; the other settings follow from the inputs."""
        self._settings = ((pooled_height, pooled_width), spatial_scale)

    def __call__(self, inputs: Any, rois: Any) -> Any:
        """Return the pooled regions and, as MindSpore, a second output that nothing reads."""
        from opsbridge.frontend import api

        pool = api("torchvision/ps_roi_pool", __name__)
        return shown(pool(plain(inputs), plain(rois), *self._settings)), None


class ReduceOp:
    """What a reduction over processes computes."""

    SUM, MAX, MIN, PROD = "sum", "max", "min", "prod"


class _OverProcesses(Primitive):
    """An operator over all processes; of one, its input is its result."""

    def __init__(self, *settings: Any, **more: Any) -> None:
        """Accept the settings."""

    def __call__(self, x: Any) -> Any:
        """Return x."""
        return x


class AllReduce(_OverProcesses):
    """The reduction of the inputs of all processes."""


class AllGather(_OverProcesses):
    """The inputs of all processes, one after the other."""


class Broadcast(_OverProcesses):
    """The inputs of one process."""
