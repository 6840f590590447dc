"""Large results lie in memory that earlier ones gave back, and nobody can tell."""

from __future__ import annotations

import copy
import gc
import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from child_process import python_output
from framework_tensors import FRAMEWORKS, Array, framework, to_array, to_tensor

from opsbridge.core.buffers import empty_array
from opsbridge.torchvision.ops import box_iou, roi_align

SIDE = 700  # 1.96 MB of float32 overlaps


def some_boxes(seed: int) -> Array:
    """Boxes that overlap a good deal."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 50, (SIDE, 2))
    return np.concatenate([corner, corner + rng.uniform(10, 60, (SIDE, 2))], 1).astype(np.float32)


def overlaps(name: str, seed: int) -> Any:
    """A large result, other numbers for every seed."""
    boxes = to_tensor(name, some_boxes(seed))
    return box_iou(boxes, boxes)


def expected(seed: int) -> Array:
    """The same numbers in memory that was never anyone else's."""
    return np.array(overlaps("numpy", seed))


def address(tensor: Any) -> int:
    """Where the first element lies."""
    if isinstance(tensor, np.ndarray):
        return int(tensor.ctypes.data)
    return int(tensor.data_ptr())


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_result_takes_the_memory_of_one_that_is_gone(name: str) -> None:
    first = overlaps(name, 1)
    place = address(first)
    to_array(first)  # MindSpore is done with it
    del first
    gc.collect()
    assert address(overlaps(name, 2)) == place


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_no_two_living_results_share_memory(name: str) -> None:
    results = [overlaps(name, seed) for seed in range(5)]
    places = sorted(map(address, results))
    assert min(np.diff(places)) >= SIDE * SIDE * 4
    for seed, result in enumerate(results):
        np.testing.assert_array_equal(to_array(result), expected(seed))


VIEWS = {
    "slice": lambda result: result[3:],
    "column": lambda result: result[:, 5],
    "reshaped": lambda result: result.reshape(-1),
    "transposed": lambda result: result.T,
    "row of a view": lambda result: result[10:][2],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", FRAMEWORKS)
def test_memory_is_not_reused_while_a_view_of_it_lives(name: str, view: str) -> None:
    result = overlaps(name, 1)
    part, wanted = VIEWS[view](result), VIEWS[view](expected(1))
    del result
    gc.collect()
    others = [overlaps(name, seed) for seed in range(2, 6)]
    np.testing.assert_array_equal(to_array(part), wanted)
    del others


@pytest.mark.parametrize("name", ["torch", "mindspore"])
def test_memory_is_not_reused_while_another_framework_reads_it(name: str) -> None:
    torch = framework("torch")
    result = overlaps(name, 1)
    exported = result if name == "torch" else torch.from_dlpack(result.to_dlpack())
    shared = exported.numpy()
    del result, exported
    gc.collect()
    others = [overlaps(name, seed) for seed in range(2, 6)]
    np.testing.assert_array_equal(shared, expected(1))
    del others


def test_mindspore_still_reads_what_its_pending_operations_need() -> None:
    mindspore = framework("mindspore")
    for value in range(5):
        array = empty_array((600, 600), "float32")
        array[:] = value
        tensor = mindspore.Tensor.from_numpy(array)
        product = tensor
        for _ in range(3):  # slow enough that the sum below waits for it
            product = mindspore.ops.matmul(product, tensor) * 0 + tensor
        total = product + tensor
        del array, tensor, product
        others = [empty_array((600, 600), "float32") for _ in range(3)]
        for other in others:
            other[:] = -1e9
        np.testing.assert_array_equal(total.asnumpy(), np.full((600, 600), 2 * value, np.float32))


def test_an_array_is_an_ordinary_one() -> None:
    result = overlaps("numpy", 1)
    assert type(result) is np.ndarray
    assert result.flags.writeable
    assert result.flags.c_contiguous
    assert result.flags.aligned
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(result)), expected(1))
    np.testing.assert_array_equal(copy.deepcopy(result), expected(1))
    result += 1
    np.testing.assert_array_equal(result, expected(1) + np.float32(1))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bool", "int32", "int64"])
def test_arrays_of_every_dtype_are_made(dtype: str) -> None:
    array = empty_array((3, 1 << 20), dtype)
    assert (array.shape, array.dtype, array.flags.owndata) == ((3, 1 << 20), dtype, False)
    array[:] = 1
    assert array.all()


def test_a_tensor_is_an_ordinary_one() -> None:
    torch = framework("torch")
    result = overlaps("torch", 1)
    wanted = torch.from_numpy(expected(1))
    assert type(result) is torch.Tensor
    assert result.is_contiguous()
    assert result.is_leaf
    assert result._base is None
    assert result.untyped_storage().nbytes() == SIDE * SIDE * 4
    assert result._version == torch.empty(1)._version
    for same in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result), saved(result)):
        assert torch.equal(same, wanted)
        assert same.untyped_storage().data_ptr() != result.untyped_storage().data_ptr()
    result.mul_(2).add_(1)
    assert torch.equal(result, wanted * 2 + 1)
    result.requires_grad_().sum().backward()
    assert torch.equal(result.grad, torch.ones_like(wanted))


def saved(tensor: Any) -> Any:
    """The tensor as a file holds it."""
    torch = framework("torch")
    file = io.BytesIO()
    torch.save(tensor, file)
    assert file.tell() < tensor.numel() * 4 + 4096
    file.seek(0)
    return torch.load(file)


def test_a_tensor_can_shrink_take_other_memory_and_be_shared() -> None:
    torch = framework("torch")
    shrunk, replaced, shared = (overlaps("torch", seed) for seed in (1, 2, 3))
    assert torch.equal(shrunk.resize_(10), torch.from_numpy(expected(1)).flatten()[:10])
    replaced.set_(torch.arange(3.0))
    assert replaced.tolist() == [0.0, 1.0, 2.0]
    shared.share_memory_()
    others = [overlaps("torch", seed) for seed in range(4, 9)]
    assert shared.is_shared()
    assert torch.equal(shared, torch.from_numpy(expected(3)))
    del others


def test_modes_of_torch_see_what_they_expect() -> None:
    torch = framework("torch")
    with torch.inference_mode():
        assert overlaps("torch", 1).is_inference()
    boxes = torch.from_numpy(some_boxes(1))
    with torch.device("meta"):
        assert box_iou(boxes, boxes).device.type == "cpu"


def test_gradients_of_large_results_are_those_of_small_ones() -> None:
    torch = framework("torch")
    features = torch.rand(1, 64, 80, 80, dtype=torch.float64)
    rois = torch.tensor([[0.0, 3, 4, 60, 70]], dtype=torch.float64).repeat(50, 1)
    gradients = []
    for count in (50, 1):
        leaf = features.clone().requires_grad_()
        pooled = roi_align(leaf, rois[:count], 7)
        (pooled * pooled).sum().backward()
        gradients.append(leaf.grad / count)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_threads_never_see_each_others_results(name: str) -> None:
    wanted = [expected(seed) for seed in range(8)]

    def work(seed: int) -> bool:
        kept = [overlaps(name, seed)[i:] for i in range(3)]
        return all(np.array_equal(to_array(part), wanted[seed][i:]) for i, part in enumerate(kept))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, [seed for seed in range(8) for _ in range(12)]))


CHILDREN = """
    import os, threading, warnings
    import numpy as np
    from opsbridge.core.buffers import empty_array

    warnings.simplefilter("ignore", DeprecationWarning)  # forking while threads run is the point
    held = empty_array((1 << 19,), "float32")
    held[:] = 5
    done = threading.Event()

    def churn():
        while not done.is_set():
            empty_array((1 << 19,), "float32")[:] = 1

    busy = [threading.Thread(target=churn) for _ in range(3)]
    for thread in busy:
        thread.start()
    for _ in range(15):
        child = os.fork()
        if child == 0:
            arrays = [empty_array((1 << 19,), "float32") for _ in range(4)]
            for value, array in enumerate(arrays):
                array[:] = value
            good = all((array == value).all() for value, array in enumerate(arrays))
            os._exit(0 if good and (held == 5).all() else 3)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    done.set()
    for thread in busy:
        thread.join()
    assert (held == 5).all()
"""


def test_a_child_process_takes_and_gives_back_memory_of_its_own() -> None:
    python_output(CHILDREN, seconds=60)


IDLE = """
    import numpy as np
    from opsbridge.core.buffers import empty_array

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096 >> 20

    empty_array((1 << 19,), "float32")
    before = resident()
    arrays = [empty_array((4 << 20,), "float32") for _ in range(36)]
    for array in arrays:
        array[:] = 1
    owned = array.flags.owndata
    del arrays, array
    print(resident() - before, owned)
"""


@pytest.mark.parametrize(("limit", "most"), [("0", 4), ("32", 36), ("", 516), ("many", 516)])
def test_idle_memory_is_bounded(limit: str, most: int) -> None:
    idle, owned = python_output(IDLE, OPSBRIDGE_POOL_MIB=limit).split()
    assert most - 20 <= int(idle) <= most
    assert owned == str(limit == "0")


def test_both_large_results_of_one_operator_wait() -> None:
    marks = python_output("""
        from opsbridge.core.buffers import empty_array

        def two_results():
            return [empty_array((230 << 18,), "float32") for _ in range(2)]

        for mark, result in enumerate(two_results()):
            result[0] = 7 + mark
        del result
        print(sorted(int(again[0]) for again in two_results()))
    """)
    assert marks == "[7, 8]"


def test_small_results_own_their_memory() -> None:
    assert empty_array((1 << 18,), "float16").flags.owndata
    assert empty_array((0, 1 << 40), "float32").shape == (0, 1 << 40)
