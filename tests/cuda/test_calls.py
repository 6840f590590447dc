"""Calls of every operator on a GPU: dtypes, layouts, empty inputs, errors, captured and not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opsbridge import ops
from opsbridge.core.native import cuda_library_path
from opsbridge.cuda import check_values, raise_refused
from opsbridge.errors import ArgumentError, DeviceError, DtypeError

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("no CUDA device", allow_module_level=True)
if cuda_library_path() is None:
    pytest.skip("this build has no CUDA kernels", allow_module_level=True)

DTYPES = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")


def boxes(count: int = 50, dtype: str = "float32") -> Any:
    generator = torch.Generator().manual_seed(count)
    low = torch.rand(count, 2, generator=generator) * 40
    high = low + torch.rand(count, 2, generator=generator) * 20 + 1
    return torch.cat((low, high), dim=1).to(getattr(torch, dtype))


def regions(dtype: str = "float32") -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 18, 40, 30, generator=generator).to(getattr(torch, dtype))
    rois = torch.cat((torch.arange(50)[:, None] % 2, boxes(50) / 2), dim=1)
    return features, rois.to(getattr(torch, dtype))


def scores(dtype: str) -> Any:
    return torch.linspace(0, 1, 50).to(getattr(torch, dtype))


FRACTIONS = torch.tensor([[0.1, 0.2, 0.9, 0.8], [-0.2, 0.1, 0.4, 1.3]])
OF = torch.tensor([0, 1])
Call = Callable[[Any], Any]
# What is called on tensors of one dtype, moved by the function that is given.
CALLS: dict[str, Callable[[Call, str], Any]] = {
    "box_area": lambda to, dtype: ops.box_area(to(boxes(50, dtype))),
    "box_convert": lambda to, dtype: ops.box_convert(to(boxes(50, dtype)), target_layout="xywh"),
    "box_iou": lambda to, dtype: ops.box_iou(to(boxes(50, dtype)), to(boxes(7, dtype))),
    "clip_boxes": lambda to, dtype: ops.clip_boxes(to(boxes(50, dtype)), 30, 35),
    "small_boxes": lambda to, dtype: ops.small_boxes(to(boxes(50, dtype)), 9),
    "check_valid": lambda to, dtype: ops.check_valid(
        to(boxes(50, dtype)), to(torch.tensor([40.0, 40, 1]).to(getattr(torch, dtype)))
    ),
    "nms": lambda to, dtype: ops.nms(to(boxes(50, dtype)), to(scores(dtype)), 0.3),
    "padded_nms": lambda to, dtype: ops.padded_nms(to(boxes(50, dtype)), to(scores(dtype)), 0.3),
    "soft_nms": lambda to, dtype: ops.soft_nms(to(boxes(50, dtype)), to(scores(dtype)), 0.3),
    "roi_align": lambda to, dtype: ops.roi_align(*map(to, regions(dtype)), 3, 3, 0.5, 2),
    "roi_pool": lambda to, dtype: ops.roi_pool(*map(to, regions(dtype)), 3, 3, 0.5),
    "crop_and_resize": lambda to, dtype: ops.crop_and_resize(
        to(regions(dtype)[0]), to(FRACTIONS), to(OF), 4, 5
    ),
    "masks_to_boxes": lambda to, dtype: ops.masks_to_boxes(to(regions(dtype)[0][0] > 1)),
}
OF_INTEGERS = ("box_area", "box_convert", "box_iou", "clip_boxes", "small_boxes", "check_valid")
# Of these the length of the result depends on data.
WAITING = ("nms", "small_boxes", "soft_nms")


def on_gpu(tensor: Any) -> Any:
    return tensor.cuda()


def strided(tensor: Any) -> Any:
    """The same values, with every second place of memory between them."""
    wide = torch.stack((tensor, tensor), dim=-1).cuda()
    return wide[..., 0]


def turned(tensor: Any) -> Any:
    """The same values, the first axis last in memory."""
    return tensor.cuda().movedim(0, -1).contiguous().movedim(-1, 0)


def check(result: Any, expected: Any) -> None:
    results = result if isinstance(result, tuple) else (result,)
    wanted = expected if isinstance(expected, tuple) else (expected,)
    for ours, theirs in zip(results, wanted, strict=True):
        assert ours.is_cuda
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours.cpu().nan_to_num(), theirs.nan_to_num())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_every_dtype_and_layout(name: str, dtype: str) -> None:
    call = CALLS[name]
    for place in (on_gpu, strided, turned):
        check(call(place, dtype), call(lambda tensor: tensor, dtype))
    raise_refused()


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", OF_INTEGERS)
def test_integers(name: str, dtype: str) -> None:
    call = CALLS[name]
    for place in (on_gpu, strided):
        check(call(place, dtype), call(lambda tensor: tensor, dtype))
    raise_refused()


@pytest.mark.parametrize("name", CALLS)
def test_without_boxes(name: str) -> None:
    def none(tensor: Any) -> Any:
        return tensor[:0] if tensor.shape[:1] in ((50,), (7,)) else tensor

    call = CALLS[name]
    check(call(lambda tensor: none(tensor).cuda(), "float32"), call(none, "float32"))


@pytest.mark.parametrize("name", CALLS)
def test_a_captured_call_is_replayed_or_refused(name: str) -> None:
    call, stream = CALLS[name], torch.cuda.Stream()
    moved: list[Any] = []

    def keep(tensor: Any) -> Any:
        moved.append(tensor.cuda())
        return moved[-1]

    with torch.cuda.stream(stream):
        expected = call(keep, "float32")
    torch.cuda.synchronize()
    raise_refused()
    given, graph = iter(moved), torch.cuda.CUDAGraph()
    refused = None
    with torch.cuda.graph(graph, stream=stream):
        try:
            result = call(lambda tensor: next(given), "float32")
        except DeviceError as error:
            refused = error
    if name in WAITING:
        assert "depends on data" in str(refused)
        return
    assert refused is None
    graph.replay()
    torch.cuda.synchronize()
    same = map(
        torch.equal,
        *((each if isinstance(each, tuple) else (each,)) for each in (result, expected)),
    )
    assert all(same)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.box_convert(torch.full((2, 4), 120).char().cuda(), source_layout="xywh"), "0"),
        (lambda: ops.clip_boxes(torch.full((2, 4), 2**62).cuda(), 3, 4), "0"),
        (lambda: ops.box_area(torch.tensor([[0, 0, 2**40, 2**40]]).cuda()), "0"),
        (
            lambda: ops.roi_align(regions()[0].cuda(), torch.full((2, 5), 9.0).cuda(), 2, 2),
            "9",
        ),
        (
            lambda: ops.crop_and_resize(
                torch.zeros(2, 3, 3, 1).cuda(), (FRACTIONS / 0).cuda(), OF.cuda(), 2, 2
            ),
            "finite",
        ),
    ],
)
def test_refused_values_are_told_later_or_at_once(call: Any, message: str) -> None:
    call()
    with pytest.raises(ArgumentError, match=message):
        raise_refused()
    check_values("sync")
    try:
        with pytest.raises(ArgumentError, match=message):
            call()
    finally:
        check_values("deferred")


def test_what_does_not_fit_is_refused_before_a_kernel_runs() -> None:
    given = boxes().cuda()
    wrongs: tuple[tuple[Callable[[], Any], type[Exception]], ...] = (
        (lambda: ops.box_iou(given, boxes()), DeviceError),
        (lambda: ops.nms(given, scores("float32"), 0.5), DeviceError),
        (lambda: ops.box_area(given[:, :3]), ArgumentError),
        (lambda: ops.box_area(given.to(torch.complex64)), DtypeError),
        (lambda: ops.box_iou(given, given, layout="cxcywhr"), ArgumentError),
        (lambda: ops.box_convert(torch.zeros(2, 5).cuda(), source_layout="xywhr"), ArgumentError),
        (lambda: ops.nms(given, scores("float32").cuda(), 0.5, order="bitonic"), DeviceError),
    )
    for wrong, error in wrongs:
        with pytest.raises(error):
            wrong()
    check(ops.box_area(given), ops.box_area(boxes()))


@pytest.mark.parametrize("name", ["box_area", "box_convert", "box_iou", "clip_boxes"])
def test_gradients_of_boxes(name: str) -> None:
    results = []
    for device in ("cpu", "cuda"):
        leaf = boxes().to(device).requires_grad_()

        def placed(tensor: Any, leaf: Any = leaf) -> Any:
            return leaf if len(tensor) == len(leaf) else tensor.to(leaf)

        result = CALLS[name](placed, "float32")
        weights = torch.arange(result.numel(), device=device).reshape(result.shape) % 7
        results.append(torch.autograd.grad(result, leaf, weights.float())[0].cpu())
    assert torch.equal(*results)
