"""`Cell`: a torch.nn.Module that names, trains and calls as MindSpore's base of all networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from opsbridge.errors import ArgumentError, DtypeError
from opsbridge.mindspore.nn.constants import moved
from opsbridge.mindspore.nn.members import parameters_under
from opsbridge.mindspore.nn.own_gradient import construct_with_bprop
from opsbridge.mindspore.parameter import Parameter, ParameterTuple
from opsbridge.mindspore.tensors import Tensor

_COMPUTE_TYPES = (torch.float16, torch.float32, torch.bfloat16)


class Cell(torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """The base of all networks; `construct` holds the computation.

    A Cell starts in evaluation mode. Parameters keep the name that they got when they were last
    attached: setting a Cell as an attribute renames everything under it to `attribute.path`, and
    nothing above is told, so a child that is replaced later loses the outer prefixes, as in
    MindSpore.
    Attributes may have any name that MindSpore allows, also those of torch.nn.Module's methods.

    Args:
        auto_prefix: whether attached Cells get the attribute's name as prefix of their parameters.
        flags: attributes to set at once.

    Example:
        >>> class Double(Cell):
        ...     def construct(self, x):
        ...         return x * 2
        >>> print(Double()(Tensor([1.0])))
        [2.]
    """

    bprop: Any = None
    """A Cell may define `bprop(*inputs, out, dout)`, which returns the gradients of its inputs."""

    def __init__(self, auto_prefix: bool = True, flags: dict[str, Any] | None = None) -> None:
        super().__init__()
        self._auto_prefix = auto_prefix
        self._flags: dict[str, Any] = {}
        self._compute_type: torch.dtype | None = None
        self._is_casting = False
        self.training = False
        self.requires_grad = False
        self.cls_name = type(self).__name__
        if flags:
            self.add_flags(**flags)

    def construct(self, *inputs: Any, **kwargs: Any) -> Any:
        """Compute the outputs; every network defines its own."""
        raise NotImplementedError(f"{type(self).__name__} defines no construct")

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Call `construct`, with torch tensors as Tensors and, after to_float, in that type."""
        if type(self).bprop is not None and not kwargs and torch.is_grad_enabled():
            return construct_with_bprop(self, _as_tensors(inputs, self._compute_type))
        if self._compute_type is None:
            return self.construct(*_as_tensors(inputs, None), **kwargs)
        self._is_casting = True
        try:
            return self.construct(*_as_tensors(inputs, self._compute_type), **kwargs)
        finally:
            self._is_casting = False

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        if self.__dict__.get("_is_casting") and isinstance(value, Parameter):
            return _cast(value, self._compute_type)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self.insert_param_to_cell(name, value)
        elif isinstance(value, ParameterTuple):
            for parameter in dict.fromkeys(value):
                self.insert_param_to_cell(parameter.name, parameter, check_name_contain_dot=False)
            object.__setattr__(self, name, value)
        elif isinstance(value, torch.nn.Module):
            if self._auto_prefix and isinstance(value, Cell):
                value.update_parameters_name(f"{name}.")
            self._attach(self._modules, name, value)
        elif name in self.__dict__.get("_parameters", ()):
            self._set_parameter_to(name, value)
        elif name in self.__dict__.get("_modules", ()) and value is not None:
            raise DtypeError(
                f"{type(self).__name__}.{name} is a Cell; it cannot become a {type(value).__name__}"
            )
        else:
            super().__setattr__(name, value)

    def _set_parameter_to(self, name: str, value: Any) -> None:
        parameter = self._parameters[name]
        if value is None:
            self._parameters[name] = None
        elif isinstance(value, torch.Tensor) and isinstance(parameter, Parameter):
            parameter.set_data(value)
        else:
            raise DtypeError(
                f"{type(self).__name__}.{name} is a Parameter;"
                f" it cannot become a {type(value).__name__}"
            )

    def _attach(self, members: dict[str, Any], name: str, value: Any) -> None:
        """Register a parameter or child; one named as a method of the class hides the method."""
        self.__dict__.pop(name, None)
        members[name] = value
        if hasattr(type(self), name):
            self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        hides = name in self._parameters or name in self._modules
        super().__delattr__(name)
        if hides:
            self.__dict__.pop(name, None)

    def insert_param_to_cell(
        self, param_name: str, param: Parameter | None, check_name_contain_dot: bool = True
    ) -> None:
        """Add a parameter as an attribute; it keeps its name if it was given one."""
        if not param_name or (check_name_contain_dot and "." in param_name):
            raise ArgumentError(f"insert_param_to_cell: param_name is {param_name!r}")
        if param is not None and not isinstance(param, torch.nn.Parameter):
            raise DtypeError(
                f"insert_param_to_cell: param is a {type(param).__name__}; it must be a Parameter"
            )
        if isinstance(param, Parameter) and param.has_generated_name:
            param.name = param_name
        self._attach(self._parameters, param_name, param)

    def insert_child_to_cell(self, child_name: str, child_cell: Cell | None) -> None:
        """Add a Cell as an attribute; its parameters keep their names, without a prefix."""
        if not isinstance(child_name, str) or not child_name or "." in child_name:
            raise ArgumentError(f"insert_child_to_cell: child_name is {child_name!r}")
        if child_cell is not None and not isinstance(child_cell, torch.nn.Module):
            raise DtypeError(
                f"insert_child_to_cell: child_cell is a {type(child_cell).__name__}; not a Cell"
            )
        self._attach(self._modules, child_name, child_cell)

    def update_parameters_name(self, prefix: str = "", recurse: bool = True) -> None:
        """Name every parameter under this Cell `prefix` + its path inside the Cell."""
        for path, parameter in list(self.parameters_and_names(expand=recurse)):
            parameter.name = prefix + path

    def cells_and_names(
        self, cells: set[Any] | None = None, name_prefix: str = ""
    ) -> Iterator[tuple[str, Cell]]:
        """Yield this Cell and all under it, each once, with their paths."""
        seen = set() if cells is None else cells
        if self in seen:
            return
        seen.add(self)
        yield name_prefix, self
        for name, child in self._modules.items():
            if isinstance(child, Cell):
                path = f"{name_prefix}.{name}" if name_prefix else name
                yield from child.cells_and_names(seen, path)

    def parameters_and_names(
        self, name_prefix: str = "", expand: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield all parameters, each once, with their paths (not their names).

        This and the next four may be called with any module of PyTorch in the place of the Cell.
        Its parameters get the names that those of MindSpore's layers have.
        """
        return parameters_under(self, name_prefix, expand)

    def get_parameters(self, expand: bool = True) -> Iterator[Parameter]:
        """Yield all parameters, each once."""
        return (parameter for _, parameter in parameters_under(self, expand=expand))

    def trainable_params(self, recurse: bool = True) -> list[Parameter]:
        """Return the parameters that ask for gradients."""
        return [each for each in Cell.get_parameters(self, recurse) if each.requires_grad]

    def untrainable_params(self, recurse: bool = True) -> list[Parameter]:
        """Return the parameters that ask for no gradients."""
        return [each for each in Cell.get_parameters(self, recurse) if not each.requires_grad]

    def parameters_dict(self, recurse: bool = True) -> dict[str, Parameter]:
        """Return all parameters by name."""
        return {each.name: each for each in Cell.get_parameters(self, recurse)}

    def init_parameters_data(self, auto_parallel_mode: bool = False) -> dict[Parameter, Parameter]:
        """Return each parameter under itself: all have their values from the start."""
        return {each: each for each in self.get_parameters()}

    def check_names_and_refresh_name(self) -> None:
        """Name the parameters by their paths if two have the same name."""
        names = [each.name for each in self.get_parameters()]
        if len(set(names)) < len(names):
            self.update_parameters_name()

    def name_cells(self) -> dict[str, Cell]:
        """Return the children by name, each once."""
        unique = {id(child): name for name, child in reversed(self._modules.items())}
        return {
            name: child
            for name, child in self._modules.items()
            if isinstance(child, Cell) and unique[id(child)] == name
        }

    def cells(self) -> list[Cell]:
        """Return the children, each once."""
        return list(self.name_cells().values())

    @property
    def _cells(self) -> dict[str, Any]:
        return self._modules  # type: ignore[no-any-return,unused-ignore]

    @property
    def _params(self) -> dict[str, Any]:
        return self._parameters  # type: ignore[no-any-return,unused-ignore]

    def set_train(self, mode: bool = True) -> Cell:
        """Let this Cell and all under it train, or not."""
        for module in _modules_under(self):
            object.__setattr__(module, "training", mode)
        return self

    def train(self, mode: bool = True) -> Cell:
        """As set_train."""
        return self.set_train(mode)

    def eval(self) -> Cell:
        """As set_train(False)."""
        return self.set_train(False)

    def set_grad(self, requires_grad: bool = True) -> Cell:
        """Note that gradients will be asked for; PyTorch needs no such notice."""
        self.requires_grad = requires_grad
        return self

    def to_float(self, dst_type: torch.dtype) -> Cell:
        """Let this Cell and all under it compute in a type: inputs and parameters are cast to it.

        The parameters themselves keep their dtype.

        Raises:
            ArgumentError: `dst_type` is not float16, bfloat16 or float32.
        """
        if dst_type not in _COMPUTE_TYPES:
            raise ArgumentError(
                f"to_float: dst_type is {dst_type}; it must be float16, bfloat16 or float32"
            )
        for _, cell in self.cells_and_names():
            cell._compute_type = dst_type
        return self

    def add_flags(self, **flags: Any) -> Cell:
        """Set attributes."""
        self._flags.update(flags)
        for name, value in flags.items():
            object.__setattr__(self, name, value)
        return self

    def add_flags_recursive(self, **flags: Any) -> Cell:
        """Set attributes of this Cell and of all under it."""
        for _, cell in self.cells_and_names():
            cell.add_flags(**flags)
        return self

    def get_flags(self) -> dict[str, Any]:
        """Return the attributes that add_flags has set."""
        return self._flags

    def extend_repr(self) -> str:
        """Return what the printed form says between the parentheses."""
        return ""

    def extra_repr(self) -> str:
        """Return what extend_repr says."""
        return self.extend_repr()

    def _apply(self, fn: Any, recurse: bool = True) -> Cell:
        """Move or cast parameters, and with them all constants that attributes hold."""
        modules = list(_modules_under(self)) if recurse else [self]
        for module in modules:
            if isinstance(module, Cell):
                module._apply_here(fn)
            else:
                torch.nn.Module._apply(module, fn, recurse=False)
        return self

    def _apply_here(self, fn: Any) -> None:
        for parameter in self._parameters.values():
            if parameter is not None:
                with torch.no_grad():
                    parameter.data = fn(parameter.data)
                    if parameter.grad is not None:
                        parameter.grad = fn(parameter.grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        for name, value in self.__dict__.items():
            if name not in ("_parameters", "_buffers", "_modules"):
                self.__dict__[name] = moved(value, fn)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Save plain torch tensors, which load where opsbridge is not installed."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if not keep_vars:
            for name in [*self._parameters, *self._buffers]:
                if prefix + name in destination:
                    plain = destination[prefix + name].as_subclass(torch.Tensor)
                    destination[prefix + name] = plain


def _modules_under(root: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """Yield a module and all under it, each once, without its methods: attributes may hide them."""
    seen = {id(root)}
    waiting = [root]
    while waiting:
        module = waiting.pop()
        yield module
        for child in module._modules.values():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                waiting.append(child)


def _as_tensors(values: tuple[Any, ...], dtype: torch.dtype | None) -> tuple[Any, ...]:
    """Return inputs with torch tensors as Tensors and floating ones in a type."""
    return tuple(_as_input(value, dtype) for value in values)


def _as_input(value: Any, dtype: torch.dtype | None) -> Any:
    if isinstance(value, torch.Tensor):
        tensor = value if isinstance(value, Tensor) else value.as_subclass(Tensor)
        return _cast(tensor, dtype)
    if type(value) in (tuple, list):
        return type(value)(_as_input(each, dtype) for each in value)
    return value


def _cast(tensor: Any, dtype: torch.dtype | None) -> Any:
    return tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor
