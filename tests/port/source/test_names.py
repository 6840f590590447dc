"""What names mean by the imports around them, and what becomes of those that nobody has."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge import cli
from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate_text


@pytest.mark.parametrize("order", [("mindspore", "torch"), ("torch", "mindspore")])
def test_of_two_imports_of_a_name_the_first_one_counts(order: tuple[str, str]) -> None:
    source = (
        "try:\n    from {} import nn\nexcept ImportError:\n    from {} import nn\nx = nn.ReLU()\n"
    )
    text = translate_text(source.format(*order))
    assert ("x = torch.nn.ReLU()" in text) is (order[0] == "mindspore")


def test_one_import_of_several_names() -> None:
    source = "import os, mindspore.nn, mindspore.ops as ops\nx = mindspore.nn.ReLU()\n"
    assert translate_text(source) == "import torch\nimport os\nx = torch.nn.ReLU()\n"


def test_a_name_that_is_not_translated_is_marked_on_its_line() -> None:
    """Also where the line is the first import, and once however often the name stands there."""
    text = translate_text(
        "import os\nfrom mindspore import nn; x = nn.Unheard(nn.Unheard(nn.ReLU()))\n"
    )
    remark = "# opsbridge: mindspore.nn.Unheard is not translated: no table has this name\n"
    call = "from mindspore import nn; x = nn.Unheard(nn.Unheard(torch.nn.ReLU()))\n"
    assert text == f"import os\nimport torch\n{remark}{call}"
    assert translate_text(text) == text


def test_what_nobody_covers_can_be_imported_still() -> None:
    text = translate_text("import mindspore as ms\nx = ms.dataset.MnistDataset('a')\n")
    assert "import opsbridge.mindspore\n" in text
    assert text.endswith(
        "fails when it is used\nx = opsbridge.mindspore.dataset.MnistDataset('a')\n"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x, dtype=float32): ...", "def f(x, dtype=torch.float32): ..."),
        ("def f(float32=float32): ...", "def f(float32=torch.float32): ..."),
        ("f = lambda dtype=float32: dtype", "f = lambda dtype=torch.float32: dtype"),
    ],
)
def test_defaults_of_parameters_are_names_as_others(source: str, expected: str) -> None:
    text = translate_text(f"from mindspore import float32\n{source}\n")
    assert text == f"import torch\n{expected}\n"


def test_the_function_tensor_is_the_class() -> None:
    text = translate_text("import mindspore as ms\nx = ms.tensor([3], ms.float16)\n")
    assert text == "import torch\nx = torch.tensor([3], dtype=torch.float16)\n"


def test_a_default_that_no_table_has_is_marked() -> None:
    text = translate_text("from mindspore.ops import unheard\ndef f(x=unheard): ...\n")
    assert "# opsbridge: mindspore.ops.unheard is not translated: no table has this name" in text


@pytest.mark.parametrize(
    "code",
    [
        "def f(relu): return relu",
        "def f():\n    relu = int\n    return relu(3)",
        "def f():\n    def relu(): ...\n    return lambda: relu()",
        "f = [relu for relu in range(3)]",
        "class A:\n    def relu(self): return 3",
        "class A:\n    class relu: ...",
    ],
)
def test_own_names_keep_no_import_of_mindspore(code: str) -> None:
    """The file runs where no MindSpore is."""
    assert translate_text(f"from mindspore.ops import relu\n{code}\n") == f"\n{code}\n".lstrip()


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    global relu\n    del relu",
        "class A:\n    relu: int",
        "class A:\n    x = relu\n    relu = 3",
    ],
)
def test_an_import_stays_where_its_name_may_be_meant(code: str) -> None:
    source = f"from mindspore.ops import relu\n{code}\n"
    assert "from mindspore.ops import relu\n" in translate_text(source)


def test_names_for_text_are_those_whose_imports_go() -> None:
    source = "from mindspore import nn, unheard, ops\nx = nn.ReLU()\ny = ops.unheard\n"
    text = translate_text(f"{source}eval('nn.ReLU()')\n")
    assert "nn = opsbridge.mindspore.nn\n" in text
    assert "from mindspore import ops\n" in text
    assert "unheard = " not in text.replace("y = ops.unheard", "")


def test_operators_of_the_users_frameworks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["new-framework", "ourlib", "--out", str(tmp_path / "tables")]) == 0
    monkeypatch.setenv("OPSBRIDGE_MAPPINGS", str(tmp_path / "tables"))
    source = tmp_path / "model.py"
    source.write_text("from ourlib import ops\nkeep = ops.nms(x, s, 0.5)\ny = ops.unheard(x)\n")
    assert cli.main(["port", str(source), "--check"]) == 1
    assert "add a table of it to the folder of its framework" in capsys.readouterr().out
    assert cli.main(["port", str(source), "--in-place", "-q"]) == 0
    assert source.read_text() == (
        "import opsbridge.ourlib.ops\nfrom ourlib import ops\n"
        "keep = opsbridge.ourlib.ops.nms(x, s, 0.5)\n"
        "# opsbridge: ourlib.ops.unheard is not translated: no table has this name\n"
        "y = ops.unheard(x)\n"
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ms.GRAPH_MODE", "_GRAPH_MODE"),
        ("ms.set_context(mode=ms.GRAPH_MODE)", "_set_context(mode=_GRAPH_MODE)"),
        ("mnp.meshgrid(x, y)", "_meshgrid(x, y)"),
        ("ops.Stack(axis=1)", "functools.partial(_stack, axis=1)"),
        ("ops.ReduceSum(bogus=1)", "opsbridge.mindspore.ops.ReduceSum(bogus=1)"),
        ("nn.Conv2d(3, 4, 3, bogus=1)", "opsbridge.mindspore.nn.Conv2d(3, 4, 3, bogus=1)"),
        (  # the function of the file knows one layout
            "nn.Conv2d(3, 4, 3, pad_mode=x, data_format='NCHW')",
            "opsbridge.mindspore.nn.Conv2d(3, 4, 3, pad_mode=x, data_format='NCHW')",
        ),
        (
            "nn.Conv2d(3, 4, 3, pad_mode=x, weight_init=y)",
            "_Conv2d(3, 4, 3, pad_mode=x, weight_init=y)",
        ),
        (  # the rule is an object of opsbridge, which the function of the file does not know
            "nn.Conv2d(3, 4, 3, pad_mode=x, weight_init=ms.common.initializer.Zero())",
            "opsbridge.mindspore.nn.Conv2d("
            "3, 4, 3, pad_mode=x, weight_init=opsbridge.mindspore.initializer.Zero())",
        ),
        ("ops.NMSWithMask(*x)", "opsbridge.mindspore.ops.NMSWithMask(*x)"),
        ("ops.NMSWithMask", "opsbridge.mindspore.ops.NMSWithMask"),
    ],
)
def test_what_is_written_out(expression: str, expected: str) -> None:
    header = (
        "import mindspore as ms\nimport mindspore.numpy as mnp\nfrom mindspore import nn, ops\n"
    )
    text = translate_text(f"{header}result = {expression}\n", Target.TORCHVISION)
    assert text.endswith(f"result = {expected}\n")
