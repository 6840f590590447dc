"""`as_mindspore()`: import statements that mean opsbridge, and no trace afterwards."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import subprocess
import sys

import pytest

from opsbridge.alias import NotCovered
from opsbridge.mindspore.alias import as_mindspore


def test_every_way_to_import() -> None:
    pytest.importorskip("torch", reason="opsbridge.mindspore.Tensor is a PyTorch tensor")
    import opsbridge.mindspore

    with as_mindspore() as module:
        import mindspore
        import mindspore as ms
        import mindspore.common.dtype as common_dtype
        import mindspore.ops as ops_module
        from mindspore import Tensor, dtype, float32, ops
        from mindspore.ops import ROIAlign

        assert mindspore is ms is module
        assert ops is ops_module is ms.ops
        assert ROIAlign is ops.ROIAlign is opsbridge.mindspore.ops.ROIAlign
        assert Tensor is ms.Tensor is opsbridge.mindspore.Tensor
        assert float32 is ms.float32 is dtype.float32 is common_dtype.float32


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("import mindspore.nn", "mindspore.nn"),
        ("import mindspore.nn as nn", "mindspore.nn"),
        ("from mindspore import nn", "mindspore.nn"),
        ("from mindspore.common import initializer", "mindspore.common.initializer"),
        ("from mindspore.ops import TopK", "mindspore.ops.TopK"),
        ("from mindspore.ops import operations as P", "mindspore.ops.operations"),
        ("import mindspore\nmindspore.ops.TopK", "mindspore.ops.TopK"),
        ("import mindspore\nmindspore.nn.Cell", "mindspore.nn"),
        ("import mindspore\nmindspore.as_mindspore", "mindspore.as_mindspore"),
        ("import mindspore\nmindspore.importlib", "mindspore.importlib"),
        ("from mindspore.ops import api", "mindspore.ops.api"),
    ],
)
def test_what_is_not_covered_is_named_in_full(statement: str, name: str) -> None:
    with as_mindspore(), pytest.raises(NotCovered, match=rf"^{name} is not covered by opsbridge$"):
        exec(statement, {})


def test_hasattr_and_try_import_work() -> None:
    with as_mindspore() as module:
        assert hasattr(module, "ops")
        assert not hasattr(module, "nn")
        with pytest.raises(ImportError):
            importlib.import_module("mindspore.nn")


def test_nothing_leaks() -> None:
    before, finders = dict(sys.modules), list(sys.meta_path)
    with contextlib.suppress(ZeroDivisionError), as_mindspore():
        importlib.import_module("mindspore.ops")
        raise ZeroDivisionError
    left = {name for name in sys.modules if name.split(".")[0] == "mindspore"}
    assert left == {name for name in before if name.split(".")[0] == "mindspore"}
    assert sys.meta_path == finders


def test_blocks_can_be_nested() -> None:
    with as_mindspore() as outer:
        with as_mindspore() as inner:
            assert sys.modules["mindspore"] is inner
        assert sys.modules["mindspore"] is outer


def test_a_real_mindspore_is_set_aside_untouched() -> None:
    if importlib.util.find_spec("mindspore") is None:
        pytest.skip("the real MindSpore is what is set aside")
    code = (
        "import sys, mindspore, mindspore.ops\n"
        "from opsbridge.mindspore import as_mindspore\n"
        "before = {k: v for k, v in sys.modules.items() if k.split('.')[0] == 'mindspore'}\n"
        "with as_mindspore() as module:\n"
        "    import mindspore.ops as stand_in\n"
        "    assert stand_in is module.ops and stand_in is not before['mindspore.ops']\n"
        "after = {k: v for k, v in sys.modules.items() if k.split('.')[0] == 'mindspore'}\n"
        "assert after == before\n"
        "import mindspore\n"
        "assert mindspore.Tensor([1]).shape == (1,)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
