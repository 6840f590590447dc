"""`Parameter` and `ParameterTuple`: named tensors that a Cell trains, saves and loads."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.tensors import _NAMES, Tensor

_LONGEST_NAME = 1024
_GENERATED = "Parameter#"
_numbers = itertools.count()


class Parameter(Tensor):
    """A tensor with a name; the name is its key in checkpoints.

    PyTorch takes it for a torch.nn.Parameter. Results of operators on it are Tensors. Only floating
    parameters can ask for gradients, as everywhere in PyTorch.

    Args:
        default_input: the values: a tensor, NumPy array, list, int or float; they are copied.
        name: the key in checkpoints; by default the Cell gives one when the parameter is set on it.
        requires_grad: whether it is trained.
        layerwise_parallel: ignored, as all that spreads one model over devices.
        parallel_optimizer: ignored.

    Raises:
        DtypeError: `default_input` or `name` is of another type.
        ArgumentError: `name` has more than 1024 characters.

    Example:
        >>> import numpy as np
        >>> weight = Parameter(np.zeros((2, 3), np.float32), name="weight")
        >>> (weight + 1).sum().asnumpy()
        array(6., dtype=float32)
    """

    # torch.nn.Parameter's own test of what a parameter is.
    _is_param = True
    _name: str

    def __new__(
        cls,
        default_input: Any,
        name: str | None = None,
        requires_grad: bool = True,
        layerwise_parallel: bool = False,
        parallel_optimizer: bool = True,
    ) -> Parameter:
        allowed = (torch.Tensor, np.ndarray, list, int, float)
        if isinstance(default_input, bool) or not isinstance(default_input, allowed):
            raise DtypeError(
                f"Parameter: default_input is a {type(default_input).__name__};"
                " it must be a tensor, NumPy array, list, int or float"
            )
        data = Tensor(default_input).as_subclass(torch.Tensor)
        wanted = requires_grad and data.is_floating_point()
        parameter: Parameter = torch.Tensor._make_subclass(cls, data, wanted)
        parameter.name = name
        return parameter

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run as on Tensors, whose class the results have."""
        types = tuple(Tensor if issubclass(each, Parameter) else each for each in types)
        return Tensor.__torch_function__(func, types, args, kwargs)

    @property
    def name(self) -> str:  # type: ignore[override,unused-ignore]
        """The key in checkpoints."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if not isinstance(name, str | None):
            raise DtypeError(
                f"Parameter: name is a {type(name).__name__}; it must be a str or None"
            )
        self._name = (name or "").strip() or f"{_GENERATED}{next(_numbers)}"
        if len(self._name) > _LONGEST_NAME:
            raise ArgumentError(
                f"Parameter: name has {len(self._name)} characters; at most {_LONGEST_NAME}"
            )

    @property
    def has_generated_name(self) -> bool:
        """Whether the name waits for that of the attribute which will hold the parameter."""
        return self._name.startswith(_GENERATED)

    def set_data(self, data: Any, slice_shape: bool = False) -> Parameter:
        """Take over the values and the shape of a tensor or number, cast to the parameter's dtype.

        MindSpore 2.10 lets the shape change without slice_shape, too.
        """
        if not isinstance(data, torch.Tensor | int | float):
            raise DtypeError(
                f"Parameter.set_data: data is a {type(data).__name__};"
                " it must be a tensor, int or float"
            )
        new = torch.as_tensor(data).detach().as_subclass(torch.Tensor)
        new = new.to(device=self.device, dtype=self.dtype)
        if tuple(new.shape) == self.shape:
            with torch.no_grad():
                self.copy_(new)
        else:
            self.data = new.clone()
        return self

    def init_data(self, layout: Any = None, set_sliced: bool = False) -> Parameter:
        """Return the parameter, which has its values from the start."""
        return self

    def clone(  # type: ignore[override,unused-ignore]
        self, init: Any = "same", *, memory_format: torch.memory_format | None = None
    ) -> Parameter:
        """Return a parameter of the same name, shape and dtype with values by `init`."""
        # The initialisers make Tensors, so that module imports this one's base.
        from opsbridge.mindspore.initializer import initializer

        same = isinstance(init, str) and init == "same"
        values = self if same else initializer(init, self.shape, self.dtype).to(self.device)
        return Parameter(values, self.name, self.requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = self.clone()
        return memo[id(self)]  # type: ignore[no-any-return]

    def __reduce_ex__(self, protocol: Any) -> Any:
        plain = self.detach().as_subclass(torch.Tensor)
        return Parameter, (plain, self.name, self.requires_grad)

    def __str__(self) -> str:
        return (
            f"Parameter (name={self.name}, shape={self.shape}, dtype={_NAMES[self.dtype]},"
            f" requires_grad={self.requires_grad})"
        )

    def __repr__(  # type: ignore[override,unused-ignore]
        self, *, tensor_contents: Any = None
    ) -> str:
        return str(self)


class NamedParameter(torch.nn.Parameter):  # type: ignore[misc,unused-ignore]
    """A parameter of a PyTorch module that has a name: its key in MindSpore's checkpoints."""

    _name_in_mindspore = ""

    @property
    def name(self) -> str:  # type: ignore[override,unused-ignore]
        """The key in MindSpore's checkpoints."""
        return self._name_in_mindspore

    @name.setter
    def name(self, name: str) -> None:
        self._name_in_mindspore = name

    @property
    def has_generated_name(self) -> bool:
        """Whether nobody has said which module the parameter is of."""
        return self._name_in_mindspore.startswith(_GENERATED)


def named(parameter: Any, name: str = "") -> Any:
    """Return a parameter, which has this name now; one of PyTorch can have one from now on.

    It stays the same object, which its module and its graph know. Without a name, one is made up
    for a parameter that has none.
    """
    of_pytorch = isinstance(parameter, torch.nn.Parameter)  # also one made of a Tensor
    if of_pytorch and not isinstance(parameter, Parameter | NamedParameter):
        parameter.__class__ = NamedParameter
        name = name or f"{_GENERATED}{next(_numbers)}"
    if name:
        parameter.name = name
    return parameter


class ParameterTuple(tuple[Any, ...]):
    """A tuple of parameters of different names; those of PyTorch's modules get a name if need be.

    Raises:
        DtypeError: an element is no Parameter.
        ArgumentError: two different parameters have the same name.
    """

    __slots__ = ()

    def __new__(cls, iterable: Iterable[Any]) -> ParameterTuple:
        parameters = tuple(iterable)
        by_name: dict[str, Any] = {}
        for parameter in parameters:
            if not isinstance(parameter, torch.nn.Parameter):
                raise DtypeError(
                    f"ParameterTuple: an element is a {type(parameter).__name__};"
                    " all must be Parameters"
                )
            if by_name.setdefault(named(parameter).name, parameter) is not parameter:
                raise ArgumentError(f"ParameterTuple: two parameters are named {parameter.name!r}")
        return super().__new__(cls, parameters)

    def clone(self, prefix: str, init: Any = "same") -> ParameterTuple:
        """Return new parameters named `prefix.NAME` with values by `init`."""
        return ParameterTuple(_clone(each, f"{prefix}.{each.name}", init) for each in self)


def _clone(parameter: Any, name: str, init: Any) -> Parameter:
    if not isinstance(parameter, Parameter):
        parameter = Parameter(parameter.detach(), name, parameter.requires_grad)
    clone: Parameter = parameter.clone(init)
    clone.name = name
    return clone
