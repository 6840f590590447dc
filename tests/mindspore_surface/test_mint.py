"""`mindspore.mint`, MindSpore's API in PyTorch's shape: calls of both frameworks give the same.

MindSpore computes part of it on an Ascend only: where it has no kernel on this machine, ours is
compared with PyTorch, whose names and rules the documentation of `mint` takes over.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mint_cases import CALLS, DRAWS, IN_PLACE, LAYERS, LOSS_LAYERS, OTHERS, X, Y
from real_frameworks import MINDSPORE_MISSING

torch = pytest.importorskip("torch", reason="the surface computes with PyTorch")

from opsbridge.mindspore.names import module_of  # noqa: E402

# What the call does with a function or layer class and with a maker of tensors.
Use = Callable[[Any, Any], Any]


def member(root: Any, path: str) -> Any:
    """An attribute of an attribute."""
    return functools.reduce(getattr, path.split("."), root)


def arrays(result: Any) -> list[Any]:
    """What a call returned, one after the other, as NumPy arrays."""
    if isinstance(result, tuple | list):
        return [array for each in result for array in arrays(each)]
    if hasattr(result, "asnumpy"):
        return [result.asnumpy()]
    return [np.asarray(result.detach() if isinstance(result, torch.Tensor) else result)]


def expected(name: str, use: Use) -> list[Any]:
    """What MindSpore gives, or PyTorch where MindSpore cannot compute it here."""
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    try:
        return arrays(use(member(ms.mint, name), ms.Tensor))
    except RuntimeError:
        return arrays(use(member(torch, name), torch.as_tensor))


def assert_same(name: str, use: Use) -> None:
    """Shapes and dtypes exactly, values to the last places of float32."""
    ours = arrays(use(member(module_of("mindspore.mint"), name), module_of("mindspore").Tensor))
    theirs = expected(name, use)
    assert [(each.shape, each.dtype) for each in ours] == [(e.shape, e.dtype) for e in theirs]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "args", "options"), [pytest.param(*case, id=case[0]) for case in CALLS]
)
def test_function(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    def use(function: Any, tensor: Any) -> Any:
        given = [tensor(each) if isinstance(each, np.ndarray) else each for each in args]
        return function(*given, **options)

    assert_same(name, use)


@pytest.mark.parametrize(("name", "use"), [pytest.param(*case, id=case[0]) for case in OTHERS])
def test_function_of_several_tensors(name: str, use: Callable[..., Any]) -> None:
    assert_same(name, lambda function, tensor: use(function, tensor(X), tensor(Y)))


def filled(layer: Any) -> Any:
    """The layer, its parameters (of PyTorch also its statistics) with values by their names."""
    if hasattr(layer, "get_parameters"):
        members = [(each.name, each) for each in layer.get_parameters()]
    else:
        members = [*layer.named_parameters(), *layer.named_buffers()]
    for name, value in members:
        if tuple(value.shape):
            seed = np.random.default_rng(list(name.encode()))
            numbers = seed.uniform(0.2, 0.9, tuple(value.shape)).astype(np.float32)
            if isinstance(value, torch.Tensor):
                value.data.copy_(torch.as_tensor(numbers))
            else:
                value.set_data(type(value.value())(numbers))
    return layer


@pytest.mark.parametrize(
    ("name", "settings", "x"), [pytest.param(*case, id=case[0]) for case in LAYERS]
)
def test_layer(name: str, settings: dict[str, Any], x: Any) -> None:
    def use(layer_class: Any, tensor: Any) -> Any:
        layer = layer_class(**settings)
        if isinstance(layer, torch.nn.Module):
            layer.eval()
        return filled(layer)(tensor(x))

    assert_same(f"nn.{name}", use)


@pytest.mark.parametrize(
    ("name", "settings", "inputs"), [pytest.param(*case, id=case[0]) for case in LOSS_LAYERS]
)
def test_loss_layer(name: str, settings: dict[str, Any], inputs: tuple[Any, Any]) -> None:
    assert_same(
        f"nn.{name}", lambda layer_class, tensor: layer_class(**settings)(*map(tensor, inputs))
    )


@pytest.mark.parametrize(
    ("name", "args", "options", "span"), [pytest.param(*case, id=case[0]) for case in DRAWS]
)
def test_draw(
    name: str, args: tuple[Any, ...], options: dict[str, Any], span: tuple[float, float]
) -> None:
    """Streams differ: shape, dtype and range are the same."""

    def drawn_by(root: Any, tensor: Any, dtypes: Any) -> Any:
        given = [tensor(each) if isinstance(each, np.ndarray) else each for each in args]
        options_there = {key: getattr(dtypes, dtype) for key, dtype in options.items()}
        (drawn,) = arrays(member(root, name)(*given, **options_there))
        return drawn

    surface = module_of("mindspore")
    ms = pytest.importorskip("mindspore", reason=MINDSPORE_MISSING)
    ours = drawn_by(surface.mint, surface.Tensor, surface)
    try:
        theirs = drawn_by(ms.mint, ms.Tensor, ms)
    except RuntimeError:
        theirs = drawn_by(torch, torch.as_tensor, torch)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert not np.isfinite(span[0]) or (ours.min() >= span[0] and ours.max() <= span[1])


@pytest.mark.parametrize(("name", "options", "of_torch"), IN_PLACE)
def test_function_in_place(name: str, options: tuple[float, ...], of_torch: str) -> None:
    """MindSpore 2.10 has no kernels of these on CPU; its documentation is PyTorch's."""
    surface = module_of("mindspore")
    ours, theirs = surface.Tensor(X), torch.tensor(X)
    result = member(surface.mint.nn.functional, name)(ours, *options)
    member(torch, of_torch)(theirs, *options)
    for each in (ours, result):
        np.testing.assert_array_equal(each.asnumpy(), theirs.numpy())
