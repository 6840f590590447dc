"""Arguments and results of a call as PyTorch takes and gives them, beside real MindSpore."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any, get_args

import pytest

libcst = pytest.importorskip("libcst", reason="the translator is opsbridge[port]")
np = pytest.importorskip("numpy")

from opsbridge.port.source.conversion import _CONVERSIONS, Inexpressible  # noqa: E402
from opsbridge.port.source.hub_call import TAKE_NUMBERS  # noqa: E402
from opsbridge.port.source.outputs import results_of  # noqa: E402
from opsbridge.port.source.translate import translate_text  # noqa: E402
from opsbridge.port.source.vendored import helper_of  # noqa: E402
from opsbridge.tables.load import all_api_names, load_api  # noqa: E402
from opsbridge.tables.port_load import port_entries  # noqa: E402
from opsbridge.tables.port_schema import (  # noqa: E402
    PortArgument,
    PortConverter,
    PortEntry,
    PortParam,
    PortReturn,
)

HEADER = """\
import mindspore as ms
import numpy as np
from mindspore import Tensor, nn, ops
import mindspore.numpy as mnp
x = Tensor(np.arange(6).reshape(2, 3), ms.float32)
n = Tensor([1, 0], ms.int32)
k = 1
axes = (1,)
"""
# What stays opsbridge's here is nothing that PyTorch would do in the same way for any value.
CALLS = {
    "ops.bitwise_left_shift(n, 2)": "torch.bitwise_left_shift(n, 2)",
    "mnp.floor_divide(x, 2)": "torch.floor_divide(x, 2)",
    "ops.floor_div(n, 2.5)": "torch.floor_divide(n, 2.5)",
    "ms.mint.greater_equal(x, 2)": "torch.greater_equal(x, 2)",
    "ms.mint.not_equal(n, 0.5)": "torch.not_equal(n, 0.5)",
    "ms.mint.xlogy(x, 3)": "torch.xlogy(x, 3)",
    "mnp.copysign(x, -1)": "torch.copysign(x, -1)",
    "ops.Cast()(x, ms.int32)": "x.to(torch.int32)",
    "x.astype(np.int32)": "x.to(torch.int32)",
    "x.astype('int32')": "x.to(torch.int32)",
    "n.astype(np.bool_)": "n.to(torch.bool)",
    "ops.cast(n, x.dtype)": "n.to(x.dtype)",
    "ops.cast(n, ms.int64 if k else ms.float16)": "n.to(torch.int64 if k else torch.float16)",
    "ops.cast(x, type(k) and ms.int32)": (
        "opsbridge.mindspore.ops.cast(x, type(k) and torch.int32)"
    ),
    "ops.flip(x, (0, 1))": "torch.flip(x, (0, 1))",
    "ops.flip(x, axes)": "opsbridge.mindspore.ops.flip(x, axes)",
    "ops.ReverseV2(axis=[0])(x)": "torch.flip(x, [0])",
    "mnp.flip(x, 1)": "opsbridge.mindspore.numpy.flip(x, 1)",
    "ops.ReduceMean()(x, ())": "torch.mean(x)",
    "ops.relu(x, False,)": "torch.relu(x, )",
    "ops.ReduceMean(keep_dims=True)(x, (0, 1))": "torch.mean(x, dim=(0, 1), keepdim=True)",
    "ops.ReduceMean()(x, k)": "opsbridge.mindspore.ops.ReduceMean()(x, k)",
    "ops.Squeeze(0)(ops.expand_dims(x, 0))": "torch.squeeze(torch.unsqueeze(x, dim=0), dim=0)",
    "ops.reshape(x, (3, 2))": "torch.reshape(x, (3, 2))",
    "ops.reshape(x, tuple(axes) + (6,))": "torch.reshape(x, tuple(axes) + (6,))",
    "mnp.reshape(x, 6)": "opsbridge.mindspore.numpy.reshape(x, 6)",
    "ops.Stack(1)([x, x])": "torch.stack([x, x], dim=1)",
    "ops.cat((x, x))": "torch.cat((x, x))",
    "ops.concat(list((x, x)))": "opsbridge.mindspore.ops.concat(list((x, x)))",
    "ops.stack([x, x], axis=k)": "torch.stack([x, x], dim=k)",
    "ops.stack(tuple([x, x]))": "opsbridge.mindspore.ops.stack(tuple([x, x]))",
    "ops.expand_dims(x, k)": "torch.unsqueeze(x, dim=k)",
    "ops.add(x, k)": "torch.add(x, k)",
    "ops.Add()(x, 2)": "torch.add(x, 2)",
    "ops.Sub()(2, x)": "opsbridge.mindspore.ops.Sub()(2, x)",
    "ops.pow(x, x)": "torch.pow(x, exponent=x)",
    "ops.pow(x, 2)": "torch.pow(x, exponent=2)",
    "ops.Pow()(x, -1)": "torch.pow(x, exponent=-1)",
    "x.pow(0.5)": "torch.pow(x, exponent=0.5)",
    "mnp.power(x, x2=3)": "torch.pow(x, exponent=3)",
    "mnp.where(x > 2, x, -x)": "torch.where(x > 2, x, -x)",
    "mnp.where(n, n, -n)": "torch.where(n.to(torch.bool), n, -n)",
    "mnp.where(x - 1, x, -x)": "torch.where((x - 1).to(torch.bool), x, -x)",
    "mnp.where([k, 0, 1], x, -x)": "opsbridge.mindspore.numpy.where([k, 0, 1], x, -x)",
    "ops.Maximum()(x, 2)": "opsbridge.mindspore.ops.Maximum()(x, 2)",
    "ops.maximum(x, -x)": "torch.maximum(x, -x)",
    "ops.relu(*[x])": "opsbridge.mindspore.ops.relu(*[x])",
    "ops.meshgrid(n, n)": "opsbridge.mindspore.ops.meshgrid(n, n)",
    "ops.argmin(x, axis=1)": "torch.argmin(x, dim=1, keepdim=False).to(torch.int32)",
    "ops.argmin(x, axis=1)[0]": "torch.argmin(x, dim=1, keepdim=False).to(torch.int32)[0]",
    "ops.argsort(-x)": "torch.argsort(-x, dim=-1, descending=False).to(torch.int32)",
    "ops.ArgMaxWithValue(axis=1)(x)": "opsbridge.mindspore.ops.ArgMaxWithValue(axis=1)(x)",
    "ops.concat([x, x], -1)": "torch.cat([x, x], dim=-1)",
    "ops.Concat(axis=-1)((x, x))": "torch.cat((x, x), dim=-1)",
    "nn.Upsample(scale_factor=2.0, recompute_scale_factor=True)(x.reshape(1, 2, 3))": (
        "torch.nn.Upsample(scale_factor=2.0, mode='nearest', recompute_scale_factor=True)"
        "(x.reshape(1, 2, 3))"
    ),
}


def written(expression: str) -> str:
    """What an expression becomes."""
    text = translate_text(f"{HEADER}result = {expression}\n")
    return next(line for line in text.splitlines() if line.startswith("result"))


@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_written(call: str) -> None:
    assert written(call) == f"result = {CALLS[call]}"


def arrays(value: Any) -> list[Any]:
    """The tensors of a result, of either framework."""
    if isinstance(value, tuple | list):
        return [array for each in value for array in arrays(each)]
    return [value.asnumpy() if hasattr(value, "asnumpy") else value.numpy()]


@pytest.mark.parametrize("call", CALLS)
def test_it_gives_what_mindspore_gives(call: str) -> None:
    pytest.importorskip("torch", reason="runs what is translated")
    pytest.importorskip("mindspore", reason="compares with real MindSpore")
    theirs: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    exec(f"{HEADER}result = {call}\n", theirs)
    exec(translate_text(f"{HEADER}result = {call}\n"), ours)
    pairs = zip(arrays(ours["result"]), arrays(theirs["result"]), strict=True)
    for mine, real in pairs:
        assert mine.dtype == real.dtype
        np.testing.assert_array_equal(mine, real)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("nn.Dropout(keep_prob=0.3)", "torch.nn.Dropout(p=1 - 0.3)"),
        ("nn.Dropout(keep_prob=k + 1)", "torch.nn.Dropout(p=1 - (k + 1))"),
        ("ops.reverse(x, 1)", "torch.flip(x, (1,))"),
        ("ops.size(x + k)", "(x + k).numel()"),
        (
            "nn.Conv2d(3, 4, 3, pad_mode='pad', padding=(1, 2))",
            "torch.nn.Conv2d(in_channels=3, out_channels=4, kernel_size=3, bias=False,"
            " padding=(1, 2))",
        ),
    ],
)
def test_what_is_no_tensor_is_written(call: str, expected: str) -> None:
    assert written(call) == f"result = {expected}"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("ops.expand_dims(x)", "axis is missing"),
        ("ops.expand_dims(x, axis=1, input_x=x)", "input_x is given twice"),
        ("nn.Dense(3, 4, weight_init='ones')", "PyTorch has no argument for weight_init"),
        ("ops.relu(x, False, 3)", "it has no parameter for so many arguments"),
        ("ops.expand_dims(x, n)", "axis is a tensor"),
        ("ms.mint.gather(x, 1, [[0]])", "index is not known to be a tensor"),
        ("ops.stack(())", "tensors may be empty"),
        ("ops.stack(tuple([x, x]))", "tensors may be empty"),
        ("ops.ReduceMean()(x, k)", "axis is no literal: () would mean all axes"),
        ("ops.ReduceMean()(x, (k,))", "axis is no literal: () would mean all axes"),
        ("ops.ReduceMean()(x, 1 - k)", "axis is no literal: () would mean all axes"),
        ("ops.ReduceMean()(x, k - 1)", "axis is no literal: () would mean all axes"),
        ("ops.ReduceMean()(x, -k)", "axis is no literal: () would mean all axes"),
        ("ops.ReduceMean()(x, len(axes))", "axis is no literal: () would mean all axes"),
        ("ops.ReduceMean()(x, axes[0])", "axis is no literal: () would mean all axes"),
        ("ops.flip(x, axes)", "dims is no literal"),
        ("ops.flip(x, [*axes])", "dims is no literal"),
        ("ops.flip(x, ())", "dims is no literal"),
        ("mnp.reshape(x, 6)", "new_shape is not known to be a tuple"),
        ("ops.tile(x, k)", "dims is not known to be a tuple"),
        ("ops.meshgrid(n, n)", "it takes any number of arguments"),
        ("ops.maximum(x, 2)", "other is not known to be a tensor"),
        ("ops.cast(x, k)", "dtype is not known to be a dtype"),
        ("ops.flip(x, b'a')", "dims is no literal"),
        ("ops.relu(x, 'no')", "inplace is not False"),
        ("ops.relu(x, True)", "inplace is not False"),
        ("ops.relu(x, None)", "inplace is not False"),
        ("ops.flatten(x, order='F')", "order is not 'C'"),
        ("x.flatten('F')", "order is not 'C'"),
        ("nn.Upsample((2, 2), mode=b'nearest')", "mode is not 'nearest'"),
        ("nn.Conv2d(3, 4, 3, pad_mode='pad', padding=(1, 1, 1, 1))", "pad_mode is not 'valid'"),
    ],
)
def test_why_pytorchs_own_is_not_used(call: str, reason: str, tmp_path: Any) -> None:
    from opsbridge import cli

    source, report = tmp_path / "a.py", tmp_path / "r.json"
    source.write_text(f"{HEADER}result = {call}\n")
    cli.main(["port", str(source), "--check", "-q", "--report", str(report)])
    (file,) = json.loads(report.read_text())["files"]
    line = len(HEADER.splitlines()) + 1
    said = {point["reason"] for point in file["points"] if point["line"] == line}
    assert said - {""} == {f"PyTorch's own is not used: {reason}"}


@pytest.mark.parametrize(
    "name", [name for name in all_api_names() if name.startswith("mindspore.")]
)
def test_an_operator_of_the_core_misses_what_its_table_requires(name: str, tmp_path: Any) -> None:
    from opsbridge import cli

    table = load_api(name)
    source, report = tmp_path / "a.py", tmp_path / "r.json"
    call = f"{name}()()" if table.form == "class" else f"{name}()"
    source.write_text(f"import mindspore\n{call}\n")
    cli.main(["port", str(source), "--check", "-q", "--report", str(report)])
    first = min((p for p in table.params if p.required), key=lambda p: p.stage != "init")
    assert f"{first.name} is missing" in report.read_text()


def takes_numbers(function: str) -> bool:
    """Whether PyTorch's function gives for a number what it gives for a tensor of it."""
    torch = pytest.importorskip("torch", reason="takes the numbers")
    call = attrgetter(function.removeprefix("torch."))(torch)
    tried = 0
    for dtype in (torch.float16, torch.float32, torch.int32):
        x = torch.tensor([3, 1], dtype=dtype)
        for number in (2, 0.1):
            try:
                wanted = call(x, torch.tensor(number))
            except (RuntimeError, TypeError):
                continue  # takes no tensor of this dtype either
            try:
                found = call(x, number)
            except TypeError:
                return False
            if found.dtype != wanted.dtype or not torch.equal(found, wanted):
                return False
            tried += 1
    return tried > 0


def test_numbers_go_where_pytorch_takes_them_as_it_takes_tensors() -> None:
    entries = [each for each in port_entries().values() if each.torch]
    functions = {each.torch for each in entries if "other" in each.arguments}
    assert {name for name in functions if takes_numbers(name)} == TAKE_NUMBERS


def test_every_converter_of_the_tables_can_be_written() -> None:
    assert set(_CONVERSIONS) == set(get_args(PortConverter))


@pytest.mark.parametrize(("converter", "is_written"), [("ints", True), ("pair", False)])
def test_a_function_is_written_if_it_can_convert(converter: Any, is_written: bool) -> None:
    params = (PortParam("x"), PortParam("size"))
    arguments = {"input": PortArgument("x"), "size": PortArgument("size", converter)}
    entry = PortEntry("mindspore.ops.F", "primitive", "torch.f", params=params, arguments=arguments)
    assert (helper_of(entry) is not None) is is_written


@pytest.mark.parametrize(
    ("equality", "difference"), [("exact", ""), ("approximate", "values differ in the last bits")]
)
def test_a_written_function_is_as_exact_as_its_entry(equality: Any, difference: str) -> None:
    entry = PortEntry("mindspore.ops.F", "primitive", "torch.f", equality=equality,
                      params=(PortParam("x"),), arguments={"input": PortArgument("x")})  # fmt: skip
    helper, is_exact = helper_of(entry) or pytest.fail("no function is written")
    assert (helper.difference, is_exact) == (difference, equality == "exact")


def test_a_written_function_gives_the_only_result_in_its_dtype() -> None:
    torch = pytest.importorskip("torch", reason="what is written is run")
    params, arguments = (PortParam("x"),), {"input": PortArgument("x")}
    entry = PortEntry("mindspore.ops.F", "primitive", "torch.argmin", params=params,
                      arguments=arguments, returns=(PortReturn(dtype="int32"),))  # fmt: skip
    helper, _ = helper_of(entry) or pytest.fail("no function is written")
    made: dict[str, Any] = {"torch": torch}
    exec(helper.source, made)
    found = made[helper.name](torch.tensor([3.0, 1.0]))
    assert (found.item(), found.dtype) == (1, torch.int32)


def entry_of(*returns: PortReturn) -> PortEntry:
    """An entry whose call has these results."""
    return PortEntry("mindspore.ops.f", "function", torch="torch.f", returns=returns)


def targets(text: str) -> Any:
    """The targets of an assignment."""
    return libcst.parse_statement(f"{text} = f()\n").body[0].targets[0].target


def test_one_of_several_results_is_picked() -> None:
    results = results_of(entry_of(PortReturn(pick=1, dtype="int32")), None)
    call = libcst.parse_expression("torch.f(x)")
    text = libcst.Module([]).code_for_node(results.apply(call))
    assert text == "torch.f(x)[1].to(torch.int32)"


@pytest.mark.parametrize(
    ("returns", "unpacked", "reason"),
    [
        ((PortReturn(0), PortReturn(1)), "", "its results are not unpacked at once"),
        ((PortReturn(0), PortReturn(1)), "a, b, c", "its results are not unpacked at once"),
        ((PortReturn(0), PortReturn(1, "int32")), "a, b", "a result is int32"),
        ((PortReturn(0), PortReturn(2)), "a, b", "PyTorch gives other results"),
    ],
)
def test_results_that_take_more_than_an_expression(
    returns: tuple[PortReturn, ...], unpacked: str, reason: str
) -> None:
    with pytest.raises(Inexpressible, match=reason):
        results_of(entry_of(*returns), targets(unpacked) if unpacked else None)
