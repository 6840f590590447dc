"""BatchNorm1d, BatchNorm2d, BatchNorm3d, SyncBatchNorm."""

from __future__ import annotations

from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.initializer import initializer
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.from_table import from_table
from opsbridge.mindspore.nn.lengths import check_one_of
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter
from opsbridge.mindspore.tensors import Tensor

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]


class _BatchNorm(Cell):
    """Normalise each channel, by the batch's statistics in training, else by the moving ones.

    `momentum` is the share that the moving statistics keep: PyTorch's is 1 minus it.
    use_batch_statistics True or False decides whatever the mode. affine=False keeps gamma and beta,
    untrained.
    """

    _ranks: tuple[int, ...] = (4,)

    def __init__(
        self,
        *,
        num_features: int,
        eps: float,
        momentum: float,
        affine: bool,
        gamma_init: Any,
        beta_init: Any,
        moving_mean_init: Any,
        moving_var_init: Any,
        use_batch_statistics: bool | None,
        dtype: torch.dtype,
        data_format: str = "NCHW",
        process_groups: Any = None,
    ) -> None:
        super().__init__()
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"{self.cls_name}: momentum is {momentum}; it must be in [0, 1]")
        if not isinstance(use_batch_statistics, bool | None):
            raise DtypeError(
                f"{self.cls_name}: use_batch_statistics is {use_batch_statistics!r};"
                " it must be a bool or None"
            )
        self.format = check_one_of(self.cls_name, "data_format", data_format, ("NCHW",))
        self.num_features, self.eps = num_features, eps
        self.use_batch_statistics = use_batch_statistics
        # As MindSpore's attribute of this name: the share of the new statistics.
        self.momentum = 1.0 - momentum

        def parameter(init: Any, name: str, trained: bool) -> Parameter:
            return Parameter(initializer(init, num_features, dtype), name, requires_grad=trained)

        self.moving_mean = parameter(moving_mean_init, "mean", trained=False)
        self.moving_variance = parameter(moving_var_init, "variance", trained=False)
        self.gamma = parameter(gamma_init, "gamma", trained=affine)
        self.beta = parameter(beta_init, "beta", trained=affine)

    def construct(self, x: Any) -> Tensor:
        """Return the normalised x (N, C, ...)."""
        values = plain(x)
        if values.dim() not in self._ranks:
            raise ArgumentError(
                f"{self.cls_name}: x has {values.dim()} dimensions;"
                f" it must have {' or '.join(map(str, self._ranks))}"
            )
        by_batch = self.use_batch_statistics
        # torch.nn.functional's refuses to train on one value a channel, which MindSpore does.
        return as_tensor(
            torch.batch_norm(
                values,
                plain(self.gamma),
                plain(self.beta),
                plain(self.moving_mean).detach(),
                plain(self.moving_variance).detach(),
                self.training if by_batch is None else by_batch,
                self.momentum,
                self.eps,
                torch.backends.cudnn.enabled,
            )
        )


@from_table
class BatchNorm1d(_BatchNorm):
    """As BatchNorm2d, of rows (N, C) or sequences (N, C, L)."""

    _ranks = (2, 3)


@from_table
class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images (N, C, H, W).

    `momentum` is the share that the moving statistics keep: PyTorch's is 1 minus it.
    """


@from_table
class BatchNorm3d(Cell):
    """As BatchNorm2d, of volumes (N, C, D, H, W); the parameters are those of its child `bn2d`."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__()
        self.bn2d = BatchNorm2d(**arguments)

    def construct(self, x: Any) -> Tensor:
        """Return the normalised x."""
        values = plain(x)
        if values.dim() != 5:
            raise ArgumentError(f"BatchNorm3d: x has {values.dim()} dimensions; it must have 5")
        images = self.bn2d(as_tensor(values.flatten(2, 3)))
        return as_tensor(plain(images).reshape(values.shape))


@from_table
class SyncBatchNorm(_BatchNorm):
    """As BatchNorm2d, of rows, too: over the processes of one, which is all that there are here."""

    _ranks = (2, 4)
