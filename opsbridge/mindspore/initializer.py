"""`mindspore.common.initializer`: rules by which new parameters get their values.

The distributions are MindSpore's; the random numbers are PyTorch's, so equal seeds give other
values than in MindSpore.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.tensors import Tensor

__all__ = [
    "Constant",
    "Dirac",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "Normal",
    "One",
    "Orthogonal",
    "Sparse",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "XavierNormal",
    "XavierUniform",
    "Zero",
    "initializer",
]


class Initializer:
    """The base of all rules; a rule called on a tensor or NumPy array overwrites its values.

    A rule of one's own defines `_initialize(arr)`, which fills a NumPy array.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs

    def __call__(self, arr: Any) -> None:
        if isinstance(arr, torch.Tensor):
            with torch.no_grad():
                self.fill(arr.as_subclass(torch.Tensor))
        elif isinstance(arr, np.ndarray):
            tensor = torch.from_numpy(np.ascontiguousarray(arr))
            self.fill(tensor)
            arr[...] = tensor.numpy()
        else:
            raise DtypeError(
                f"{type(self).__name__}: arr is a {type(arr).__name__};"
                " it must be a tensor or NumPy array"
            )

    def fill(self, tensor: torch.Tensor) -> None:
        """Overwrite the values of a tensor."""
        array = np.zeros(tuple(tensor.shape), np.float32)
        self._initialize(array)
        tensor.copy_(torch.from_numpy(array))

    def _initialize(self, arr: np.ndarray[Any, Any]) -> None:
        raise NotImplementedError(f"{type(self).__name__} defines no _initialize")


class Constant(Initializer):
    """All values are `value`, a number or an array."""

    def __init__(self, value: Any) -> None:
        super().__init__(value=value)
        self.value = value

    def fill(self, tensor: torch.Tensor) -> None:
        tensor.copy_(torch.as_tensor(self.value))


class Zero(Constant):
    """All values are 0."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0)


class One(Constant):
    """All values are 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1)


class Uniform(Initializer):
    """Uniform in [-scale, scale]."""

    def __init__(self, scale: float = 0.07) -> None:
        super().__init__(scale=scale)
        self.scale = scale

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.uniform_(tensor, -self.scale, self.scale)


class Normal(Initializer):
    """Normal with standard deviation `sigma` and mean `mean`, in this order."""

    def __init__(self, sigma: float = 0.01, mean: float = 0.0) -> None:
        super().__init__(sigma=sigma, mean=mean)
        self.sigma, self.mean = sigma, mean

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.normal_(tensor, self.mean, self.sigma)


class TruncatedNormal(Initializer):
    """Normal within [a, b]."""

    def __init__(
        self, sigma: float = 0.01, mean: float = 0.0, a: float = -2.0, b: float = 2.0
    ) -> None:
        super().__init__(sigma=sigma, mean=mean, a=a, b=b)
        self.sigma, self.mean, self.a, self.b = sigma, mean, a, b

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.trunc_normal_(tensor, self.mean, self.sigma, self.a, self.b)


class _WithGain(Initializer):
    """A rule whose values are scaled by `gain`."""

    def __init__(self, gain: float = 1) -> None:
        super().__init__(gain=gain)
        self.gain = gain


class XavierUniform(_WithGain):
    """Uniform within gain * sqrt(6 / (fan_in + fan_out))."""

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.xavier_uniform_(tensor, self.gain)


class XavierNormal(_WithGain):
    """Normal with standard deviation gain * sqrt(2 / (fan_in + fan_out))."""

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.xavier_normal_(tensor, self.gain)


class _He(Initializer):
    """A rule by one fan and the gain of `nonlinearity`."""

    def __init__(
        self, negative_slope: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
    ) -> None:
        super().__init__(negative_slope=negative_slope, mode=mode, nonlinearity=nonlinearity)
        self.negative_slope, self.mode, self.nonlinearity = negative_slope, mode, nonlinearity

    def _fill_with(self, rule: Callable[..., Any], tensor: torch.Tensor) -> None:
        rule(tensor, self.negative_slope, self.mode, self.nonlinearity)


class HeUniform(_He):
    """Uniform within gain * sqrt(3 / fan), the gain that of `nonlinearity`."""

    def fill(self, tensor: torch.Tensor) -> None:
        self._fill_with(torch.nn.init.kaiming_uniform_, tensor)


class HeNormal(_He):
    """Normal with standard deviation gain / sqrt(fan), the gain that of `nonlinearity`."""

    def fill(self, tensor: torch.Tensor) -> None:
        self._fill_with(torch.nn.init.kaiming_normal_, tensor)


class VarianceScaling(Initializer):
    """Variance scale / fan; "truncated_normal" is uniform, as MindSpore 2.10 has it."""

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal"
    ) -> None:
        super().__init__(scale=scale, mode=mode, distribution=distribution)
        if scale <= 0:
            raise ArgumentError(f"VarianceScaling: scale is {scale}; it must be greater than 0")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ArgumentError(f"VarianceScaling: mode is {mode!r}")
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ArgumentError(f"VarianceScaling: distribution is {distribution!r}")
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def fill(self, tensor: torch.Tensor) -> None:
        fan_in, fan_out = fans(tuple(tensor.shape))
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "untruncated_normal":
            torch.nn.init.normal_(tensor, 0.0, math.sqrt(variance))
        else:
            # MindSpore looks for the name "truncated_norm", which its constructor refuses.
            limit = math.sqrt(3 * variance)
            torch.nn.init.uniform_(tensor, -limit, limit)


class Orthogonal(_WithGain):
    """A (semi-)orthogonal matrix, times `gain`."""

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.orthogonal_(tensor, self.gain)


class Identity(Initializer):
    """The identity matrix."""

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.eye_(tensor)


class Sparse(Initializer):
    """Normal values, of which the share `sparsity` of each column is 0."""

    def __init__(self, sparsity: float, sigma: float = 0.01) -> None:
        super().__init__(sparsity=sparsity, sigma=sigma)
        self.sparsity, self.sigma = sparsity, sigma

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.sparse_(tensor, self.sparsity, self.sigma)


class Dirac(Initializer):
    """A convolution weight that passes its input through."""

    def __init__(self, groups: int = 1) -> None:
        super().__init__(groups=groups)
        self.groups = groups

    def fill(self, tensor: torch.Tensor) -> None:
        torch.nn.init.dirac_(tensor, self.groups)


_RULES: tuple[type[Any], ...] = (
    Zero, One, XavierNormal, XavierUniform, HeUniform, HeNormal, Identity, Sparse, Dirac,
    Orthogonal, VarianceScaling, Uniform, Normal, TruncatedNormal,
)  # fmt: skip
_OTHER_NAMES: dict[str, type[Any]] = {
    "zeros": Zero,
    "ones": One,
    "xavier_normal": XavierNormal,
    "xavier_uniform": XavierUniform,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
}
_NAMED = {**{each.__name__.lower(): each for each in _RULES}, **_OTHER_NAMES}


def initializer(
    init: Any, shape: int | Sequence[int] | None = None, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return a new tensor with values by a rule.

    Args:
        init: an Initializer, the name of one in any case ("normal", "xavier_uniform", "zeros"), a
            number for all values, or a tensor, which is returned as it is.
        shape: the lengths; all positive.
        dtype: the element type.

    Raises:
        ArgumentError: the name is unknown, a length is not positive, or the tensor has another
            shape.
        DtypeError: `init` is of another type.

    Example:
        >>> print(initializer("ones", (2, 2)))
        [[1. 1.]
         [1. 1.]]
    """
    lengths = (shape,) if isinstance(shape, int) else tuple(shape or ())
    if isinstance(init, torch.Tensor):
        if shape is not None and tuple(init.shape) != lengths:
            raise ArgumentError(
                f"initializer: init has shape {tuple(init.shape)}, but shape is {lengths}"
            )
        return init.as_subclass(Tensor) if not isinstance(init, Tensor) else init
    if any(length <= 0 for length in lengths):
        raise ArgumentError(f"initializer: shape is {lengths}; all lengths must be positive")
    tensor = torch.zeros(lengths, dtype=dtype)
    rule_of(init)(tensor)
    return tensor.as_subclass(Tensor)  # type: ignore[no-any-return,unused-ignore]


def rule_of(init: Any) -> Initializer:
    """Return the Initializer that a name, number or Initializer means."""
    if isinstance(init, Initializer):
        return init
    if isinstance(init, str):
        if init.lower() not in _NAMED:
            raise ArgumentError(
                f"initializer: init is {init!r}; the names are {', '.join(sorted(_NAMED))}"
            )
        rule: Initializer = _NAMED[init.lower()]()
        return rule
    if isinstance(init, int | float):
        return Constant(init)
    raise DtypeError(
        f"initializer: init is a {type(init).__name__};"
        " it must be a tensor, number, name or Initializer"
    )


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return fan_in and fan_out of a weight of at least 2 dimensions."""
    if len(shape) < 2:
        raise ArgumentError(f"fans: shape is {tuple(shape)}; at least 2 dimensions have fans")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


# MindSpore's names of what rules of one's own import; translated code finds them here.
_calculate_fan_in_and_fan_out = fans


def _assignment(arr: np.ndarray[Any, Any], num: Any) -> np.ndarray[Any, Any]:
    """Overwrite the values of an array with a number or an array."""
    arr[...] = num
    return arr
