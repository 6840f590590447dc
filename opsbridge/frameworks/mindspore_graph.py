"""Front-end callables in MindSpore's graphs: `ms.jit` functions and GRAPH_MODE cells.

A graph makes a call as a custom operator on a symbol of the same library that eager calls use.
MindSpore's parser compiles the source of what a graph calls, so `construct` and `bprop` below are
written in its dialect: tuples grow in loops, and annotations would be evaluated.
"""

# mypy: disable-error-code="assignment, no-untyped-call, no-untyped-def"
# ruff: noqa: RUF005

from __future__ import annotations

import copy
import functools
import weakref
from typing import Any

from mindspore import ops
from mindspore.nn import Cell
from mindspore.ops import CustomRegOp, DataType

from opsbridge.core import OPERATORS
from opsbridge.core.native import loaded_library_path
from opsbridge.frameworks.gradients import differentiable
from opsbridge.frameworks.mindspore_constants import RecordCall

_CELLS: weakref.WeakKeyDictionary[Any, Cell] = weakref.WeakKeyDictionary()


def cell_of(target: Any) -> Cell:
    """The Cell that graphs call in place of an API function or a configured API.

    It lives as long as the object, and so must not hold the object itself.
    """
    cell = _CELLS.get(target)
    if cell is None:
        cell = _CELLS[target] = ApiCell(target.operator.plan, copy.copy(target))
    return cell


class ApiCell(Cell):  # type: ignore[misc]
    """An API with the arguments of its call in order; those that are no tensors are constants.

    What eager calls cut to the length that is needed is cut here by selecting the filled rows.
    """

    def __init__(self, plan: Any, target: Any) -> None:
        super().__init__()
        cut = OPERATORS[plan.api.core].cut
        self.places = tuple(i for i, step in enumerate(plan.call) if step.takes_tensor)
        self.lists = tuple(step.takes_list for step in plan.call if step.takes_tensor)
        self.is_cut = tuple(name in cut for name, _ in plan.outputs)
        self.constants = len(plan.outputs) + 2
        self.record = RecordCall(target, self.places)
        self.call = _RecordedCall(plan)

    def construct(self, *values):
        if True in self.lists:
            values = self.without_lists(values)
        constants, like = self.record(*values)
        tensors = ()
        for i in range(len(self.places)):
            tensor = values[self.places[i]]
            if tensor is None:
                tensor = like[i]
            elif tensor.dtype != like[i].dtype:
                tensor = ops.cast(tensor, like[i].dtype)
            tensors = tensors + (tensor,)
        results = self.call(*constants[: self.constants], *tensors, *constants[self.constants :])
        returned = ()
        for i in range(len(self.is_cut)):
            if self.is_cut[i]:
                returned = returned + (_filled_rows(results[i], results[-1]),)
            else:
                returned = returned + (results[i],)
        if len(returned) == 1:
            return returned[0]
        return returned

    def without_lists(self, values):
        """The arguments with one tensor in place of a list that has a tensor for each image."""
        changed = values[: self.places[0]]
        for i in range(self.places[0], len(values)):
            if isinstance(values[i], (list, tuple)) and i == self.places[self.lists.index(True)]:
                changed = changed + (_concatenate_regions(values[i]),)
            else:
                changed = changed + (values[i],)
        return changed


def _concatenate_regions(boxes):
    """One (L, 4) tensor per image as (K, 5) regions with a batch column.

    The column is made of a sum, since MindSpore crashes where it slices a tensor without rows.
    """
    parts = ()
    for image in range(len(boxes)):
        column = ops.zeros_like(ops.sum(boxes[image], 1, True)) + image
        parts = parts + (ops.concat((column, boxes[image]), 1),)
    return ops.concat(parts, 0)


def _filled_rows(result, is_filled):
    """The rows that the call has filled."""
    if result.ndim == 1:
        return ops.masked_select(result, is_filled)
    columns = result.shape[1]
    return ops.masked_select(result, is_filled.expand_dims(1)).reshape((-1, columns))


class _RecordedCall(Cell):  # type: ignore[misc]
    """The native call of a core operator, with its gradient.

    The inputs are the constants of the call, the tensors, the constants of the call that computes
    the gradient (or refuses one), and as many more as make `INPUTS`: `bprop` has one signature.
    """

    def __init__(self, plan: Any) -> None:
        super().__init__()
        operator = OPERATORS[plan.api.core]
        slots = [step.param.fills[0] for step in plan.call if step.takes_tensor]
        names = differentiable(operator)
        self.outputs = len(plan.outputs)
        self.first_tensor = self.outputs + 2
        self.used = self.first_tensor + len(slots)
        self.custom = _custom(operator.name, len(slots), self.outputs + 1)
        if operator.backward is None:
            gradients, self.seen = len(slots), self.outputs
            backward = _custom("refuse_gradient", len(slots) + self.outputs, gradients + 1)
            self.gradient_of = tuple(range(len(slots)))
        else:
            gradients, self.seen = len(names), 1
            backward = _custom(operator.backward, len(slots) + 1, gradients + 1)
            self.gradient_of = tuple(names.index(s) if s in names else -1 for s in slots)
        self.backward_constants = gradients + 2
        self.backward = _Gradient(backward, self.backward_constants + len(slots) + self.seen)

    def construct(self, *inputs):
        return self.custom(*inputs[: self.used])

    def bprop(self, a, b, c, d, e, f, g, h, i, j, k, m, n, o, out, dout):
        return self.gradients((a, b, c, d, e, f, g, h, i, j, k, m, n, o), dout)

    def gradients(self, inputs, dout):
        """The gradients of all inputs; those of constants are zero."""
        constants = inputs[self.used : self.used + self.backward_constants]
        tensors = inputs[self.first_tensor : self.used]
        given = constants + tensors + dout[: self.seen]
        fillers = inputs[: len(inputs) - len(given)]
        found = self.backward(*given, *fillers)
        gradients = ()
        for place in range(len(inputs)):
            tensor = place - self.first_tensor
            is_tensor = tensor >= 0 and tensor < len(self.gradient_of)
            if is_tensor and self.gradient_of[tensor] >= 0:
                gradients = gradients + (found[self.gradient_of[tensor]],)
            else:
                gradients = gradients + (ops.zeros_like(inputs[place]),)
        return gradients


class _Gradient(Cell):  # type: ignore[misc]
    """The native call that computes a gradient, without a gradient of its own."""

    def __init__(self, custom: ops.Custom, used: int) -> None:
        super().__init__()
        self.custom, self.used = custom, used

    def construct(self, *inputs):
        return self.custom(*inputs[: self.used])

    def bprop(self, a, b, c, d, e, f, g, h, i, j, k, m, n, o, out, dout):
        raise RuntimeError("opsbridge: there is no second derivative in a graph")


@functools.cache
def _custom(name: str, tensors: int, outputs: int) -> ops.Custom:
    """The custom operator of a native function: one template per output, the call, the tensors."""
    inputs = outputs + 1 + tensors
    registration = CustomRegOp(f"opsbridge_{name}_{tensors}_{outputs}")
    for place in range(inputs):
        registration.input(place, f"input_{place}")
    for place in range(outputs):
        registration.output(place, f"output_{place}")
    registration.dtype_format(*[DataType.None_None] * (inputs + outputs)).target("CPU")
    return ops.Custom(
        f"{loaded_library_path()}:opsbridge_{name}",
        None,
        lambda *dtypes: dtypes[:outputs],
        "aot",
        reg_info=registration.get_op_info(),
    )
