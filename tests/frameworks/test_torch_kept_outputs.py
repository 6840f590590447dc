"""What PyTorch keeps between the forward and the backward pass of roi_pool on a large map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch: Any = pytest.importorskip("torch")


def inputs(images: int = 2) -> tuple[Any, Any]:
    rng = np.random.default_rng(images)
    features = torch.from_numpy(rng.standard_normal((images, 17, 128, 130)))
    corner = rng.uniform(0, 8, (9, 2))
    regions = np.column_stack((rng.integers(0, images, 9), corner, corner + 5))
    return features, torch.from_numpy(regions)


def pool(features: Any, regions: Any) -> Any:
    from opsbridge.torchvision.ops import roi_pool

    return roi_pool(features, regions, (3, 4), 1.0)


def searched_gradient(features: Any, regions: Any, gradient: Any) -> Any:
    """By the core operator, which looks for the maxima again."""
    from opsbridge.core.roi_pool import RoiPoolRule, roi_pool_backward
    from opsbridge.frameworks.numpy import LAYER

    arrays = (each.detach().numpy() for each in (gradient, features, regions))
    return torch.from_numpy(roi_pool_backward(LAYER, *arrays, 3, 4, 1.0, rule=RoiPoolRule())[0])


def test_the_places_of_the_maxima_are_kept_instead_of_the_features() -> None:
    features, regions = inputs()
    features.requires_grad_()
    kept: list[Any] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        pooled = pool(features, regions)
    assert {each.dtype for each in kept} == {torch.float64, torch.int32}
    memory = {each.untyped_storage().data_ptr() for each in kept}
    assert features.untyped_storage().data_ptr() not in memory
    gradient = torch.randn_like(pooled)
    pooled.backward(gradient)
    assert torch.equal(features.grad, searched_gradient(features, regions, gradient))


def test_nothing_is_kept_where_no_gradient_is_wanted() -> None:
    from opsbridge.core import OPERATORS
    from opsbridge.core.checks import Caller
    from opsbridge.core.roi_pool import RoiPoolRule
    from opsbridge.frameworks import torch_library

    features, regions = inputs()
    asked: list[list[str]] = []
    arguments = {
        "features": features,
        "rois": regions,
        "pooled_height": 3,
        "pooled_width": 4,
        "spatial_scale": 1.0,
        "rule": RoiPoolRule(),
        "outputs": (("pooled", "same"),),
        "caller": Caller("roi_pool"),
    }

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):  # type: ignore[misc, name-defined]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
            if "outputs" in (kwargs or {}):
                asked.append(kwargs["outputs"])
            return function(*args, **(kwargs or {}))

    for wanted in (False, True):
        features.requires_grad_(wanted)
        with Watch():
            (pooled,) = torch_library.run_recorded(OPERATORS["roi_pool"], dict(arguments))
        assert pooled.requires_grad is wanted
    assert asked == [["pooled"], ["pooled", "argmax"]]


def test_transforms_agree_with_plain_gradients() -> None:
    features, regions = inputs()
    weights = torch.randn(9, 17, 3, 4, dtype=torch.float64)
    wanted = searched_gradient(features, regions, weights)

    def loss(given: Any) -> Any:
        return (pool(given, regions) * weights).sum()

    assert torch.equal(torch.func.grad(loss)(features), wanted)
    batch = torch.stack((features, features + 1, -features))
    by_vmap = torch.func.vmap(torch.func.grad(loss))(batch)
    one_by_one = [searched_gradient(each, regions, weights) for each in batch]
    assert torch.equal(by_vmap, torch.stack(one_by_one))


def test_compiled_graphs_keep_them_too() -> None:
    features, regions = inputs()
    compiled = torch.compile(pool, backend="aot_eager", fullgraph=True)
    gradient = torch.randn(9, 17, 3, 4, dtype=torch.float64)
    for _ in range(2):
        given = features.clone().requires_grad_()
        compiled(given, regions).backward(gradient)
        assert torch.equal(given.grad, searched_gradient(features, regions, gradient))


@pytest.mark.parametrize("outputs", [["pooled"], ["pooled", "argmax"]])
def test_the_operator_itself_has_a_gradient_with_and_without_places(outputs: list[str]) -> None:
    from opsbridge.core.checks import Caller
    from opsbridge.core.roi_pool import RoiPoolRule
    from opsbridge.frameworks import torch_library  # noqa: F401  (registers the operator)

    features, regions = inputs()
    features.requires_grad_()
    travelling = {
        "rule": RoiPoolRule().word,
        "outputs": outputs,
        "dtypes": ["same", "int32"][: len(outputs)],
        "caller": Caller("roi_pool").text,
    }
    operator = torch.ops.opsbridge.roi_pool.default
    torch.library.opcheck(operator, (features, regions, 3, 4, 1.0), travelling)
