"""`as_mindspore()`: import statements that mean opsbridge, and no trace afterwards."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
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
        ("import mindspore.nothing", "mindspore.nothing"),
        ("import mindspore.nn.nothing as nn", "mindspore.nn.nothing"),
        ("from mindspore import nothing", "mindspore.nothing"),
        ("from mindspore.ops import TopQ", "mindspore.ops.TopQ"),
        ("from mindspore.ops import operations as P\nP.TopQ", "mindspore.ops.operations.TopQ"),
        ("import mindspore\nmindspore.ops.TopQ", "mindspore.ops.TopQ"),
        ("import mindspore\nmindspore.as_mindspore", "mindspore.as_mindspore"),
        ("import mindspore\nmindspore.importlib", "mindspore.importlib"),
        ("from mindspore.ops import api", "mindspore.ops.api"),
        ("import mindspore.dataset as ds\nds.Batch(1)", "mindspore.dataset.Batch"),
        (
            "from mindspore.dataset.vision import Resize\nResize()",
            "mindspore.dataset.vision.Resize",
        ),
        ("from mindspore.train.callback import C\nC.x()", "mindspore.train.callback.C.x"),
    ],
)
def test_what_is_not_covered_is_named_in_full(statement: str, name: str) -> None:
    with as_mindspore(), pytest.raises(NotCovered, match=rf"^{name} is not covered by opsbridge; "):
        exec(statement, {})


def test_the_nearest_names_are_told() -> None:
    with as_mindspore() as module, pytest.raises(NotCovered, match=r"names: mindspore\.ops\.TopK"):
        _ = module.ops.TopKs


def test_a_base_that_is_not_covered_fails_when_an_instance_is_made() -> None:
    name = "mindspore.train.callback.SummaryCollector"
    with as_mindspore(), pytest.raises(NotCovered, match=name):
        exec(f"import mindspore\nclass Own({name}): pass\nOwn()", {})


def test_other_names_of_modules() -> None:
    pytest.importorskip("torch", reason="the operators compute with PyTorch")
    with as_mindspore():
        import mindspore.common.dtype as mstype
        import mindspore.ops.functional as F
        from mindspore import context, nn
        from mindspore.common.tensor import Tensor
        from mindspore.ops import composite as C
        from mindspore.ops import operations as P

        assert P.Concat is C.Concat is F.Concat
        assert Tensor(1.0).dtype is mstype.float32
        assert context.get_context("device_target") == "CPU"
        context.set_context(mode=context.PYNATIVE_MODE, device_target="Ascend")
        assert context.get_context("device_target") == "CPU"
        assert issubclass(nn.Cell, object)


def test_hasattr_and_try_import_work() -> None:
    with as_mindspore() as module:
        assert hasattr(module, "ops")
        assert not hasattr(module, "nothing")
        with pytest.raises(ImportError):
            importlib.import_module("mindspore.nothing")


def test_a_script_runs_with_its_arguments(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="the operators compute with PyTorch")
    script = tmp_path / "script.py"
    (tmp_path / "beside.py").write_text("import mindspore\nNAME = mindspore.__name__\n")
    script.write_text(
        "import sys, beside\nfrom mindspore import ops, Tensor\n"
        "print(beside.NAME, sys.argv[1:], ops.relu(Tensor([-1.0, 2.0])))\n"
    )
    command = [sys.executable, "-m", "opsbridge.mindspore", "run", str(script), "--size", "3"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output == "mindspore ['--size', '3'] [0. 2.]\n"


def test_nothing_leaks() -> None:
    before, finders = dict(sys.modules), list(sys.meta_path)
    with contextlib.suppress(ZeroDivisionError), as_mindspore():
        importlib.import_module("mindspore.ops")
        raise ZeroDivisionError
    left = {name for name in sys.modules if name.split(".")[0] == "mindspore"}
    assert left == {name for name in before if name.split(".")[0] == "mindspore"}
    assert sys.meta_path == finders


def test_code_that_asks_whether_the_package_is_there_finds_it() -> None:
    pytest.importorskip("torch", reason="the version is that of the surface, which needs it")
    with as_mindspore() as module:
        for name in ("mindspore", "mindspore.ops", "mindspore.dataset"):
            assert importlib.util.find_spec(name).name == name
        assert importlib.metadata.version("mindspore") == module.__version__
        assert importlib.metadata.metadata("mindspore")["Name"] == "mindspore"
        assert importlib.metadata.files("mindspore") is None
        assert importlib.metadata.version("numpy") == np.__version__
        names = {each.metadata["Name"] for each in importlib.metadata.distributions()}
        assert "numpy" in names


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
