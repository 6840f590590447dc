"""Mixed precision: levels of `auto_mixed_precision`, and a network made ready to train."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.loss_scale import LossScaleManager
from opsbridge.mindspore.nn.batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.conv import Convolution
from opsbridge.mindspore.nn.dense import Dense
from opsbridge.mindspore.nn.norm import LayerNorm
from opsbridge.mindspore.nn.recurrent import GRUCell, LSTMCell, RNNCell
from opsbridge.mindspore.nn.scaled import TrainOneStepWithLossScaleCell
from opsbridge.mindspore.nn.wrap import TrainOneStepCell, WithLossCell

__all__ = ["auto_mixed_precision", "build_train_network"]

_IN_HALF: tuple[type[Cell], ...] = (Convolution, Dense, LSTMCell, RNNCell, GRUCell)
_IN_FULL: tuple[type[Cell], ...] = (BatchNorm1d, BatchNorm2d, BatchNorm3d, LayerNorm)
_LEVELS = ("O0", "O1", "O2", "O3")


class _Giving(Cell):
    """A Cell whose results come in another type; its parameters keep their names."""

    def __init__(self, cell: Cell, dtype: torch.dtype) -> None:
        super().__init__(auto_prefix=False)
        self._op, self._dtype = cell, dtype
        self.training = cell.training

    def construct(self, *inputs: Any, **options: Any) -> Any:
        """Return the results of the cell."""
        return _as_type(self._op(*inputs, **options), self._dtype)


def auto_mixed_precision(
    network: Any, amp_level: str = "O0", dtype: torch.dtype = torch.float16
) -> Any:
    """Return a network that computes partly in half precision; its parameters stay float32.

    "O0" changes nothing; "O1" runs convolutions, Dense and recurrent steps in `dtype`, "O2" all but
    batch and layer normalisations, "O3" everything. The results of "O2" and "O3" come as float32.
    MindSpore's "O1" has single operators such as MatMul in `dtype`, too; its level "auto" is not
    covered.

    Raises:
        DtypeError: `network` is no Cell.
        ArgumentError: `amp_level` or `dtype` is another one.
    """
    if amp_level not in _LEVELS:
        allowed = ", ".join(_LEVELS)
        raise ArgumentError(f"auto_mixed_precision: amp_level is {amp_level!r}; one of {allowed}")
    if dtype not in (torch.float16, torch.bfloat16):
        raise ArgumentError(f"auto_mixed_precision: dtype is {dtype}; float16 or bfloat16")
    if not isinstance(network, torch.nn.Module if amp_level == "O0" else Cell):
        raise DtypeError(
            f"auto_mixed_precision: network is a {type(network).__name__}; it must be a Cell"
            " (a module of PyTorch runs under torch.autocast)"
        )
    if amp_level == "O0":
        return network
    if amp_level == "O1":
        return _with(network, _IN_HALF, dtype, torch.float32)
    network.to_float(dtype)
    if amp_level == "O2":
        network = _with(network, _IN_FULL, torch.float32, dtype)
    return _Giving(network, torch.float32)


def build_train_network(
    network: Any,
    optimizer: Any,
    loss_fn: Any = None,
    level: str = "O0",
    boost_level: str = "O0",
    cast_model_type: torch.dtype = torch.float16,
    keep_batchnorm_fp32: bool | None = None,
    loss_scale_manager: LossScaleManager | None = None,
) -> Any:
    """Return a Cell that trains one step of a network in mixed precision.

    Without keep_batchnorm_fp32 the level says it; "O2" without a manager scales by nothing.
    """
    if keep_batchnorm_fp32 is not None and level in ("O2", "O3"):
        level = "O2" if keep_batchnorm_fp32 else "O3"
    network = auto_mixed_precision(network, level, cast_model_type)
    if loss_fn is not None:
        network = WithLossCell(network, loss_fn)
    update = loss_scale_manager.get_update_cell() if loss_scale_manager is not None else None
    if update is not None:
        return TrainOneStepWithLossScaleCell(network, optimizer, update).set_train()
    scale = loss_scale_manager.get_loss_scale() if loss_scale_manager is not None else None
    return TrainOneStepCell(network, optimizer, scale).set_train()


def _with(
    cell: Any, kinds: tuple[type[Cell], ...], inside: torch.dtype, outside: torch.dtype
) -> Any:
    """Return a Cell in which those of some kinds compute in one type and give another."""
    if isinstance(cell, kinds):
        return _Giving(cell.to_float(inside), outside)
    for name, child in list(cell._modules.items()):
        if isinstance(child, Cell):
            cell._modules[name] = _with(child, kinds, inside, outside)
            if name in cell.__dict__:
                cell.__dict__[name] = cell._modules[name]
    return cell


def _as_type(value: Any, dtype: torch.dtype) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(_as_type(each, dtype) for each in value)
    is_float = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.to(dtype) if is_float else value
