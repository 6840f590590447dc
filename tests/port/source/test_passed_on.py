"""Names of MindSpore that one file imports and others import from it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.files import discover
from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate, translate_text


def translated(folder: Path, files: dict[str, str]) -> dict[str, str]:
    for place, text in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    results = translate(discover([str(folder)]), Target.OPSBRIDGE)
    return {each.place: str(each.after) for each in results}


def user(text: str) -> str:
    """A file that is read, though it never says MindSpore."""
    return f"{text}\nclass Net:\n    def construct(self): ...\n"


@pytest.mark.parametrize(
    "line",
    [
        "from .compat import relu\ny = relu(x)",
        "from . import compat\ny = compat.relu(x)",
        "from .compat import relu as act\ny = act(x)",
        "from .compat import *\ny = relu(x)",
        "import pkg.compat as c\ny = c.relu(x)",
        "from pkg.compat import relu\ny = relu(x)",
        "from ..pkg.compat import ops\ny = ops.relu(x)",
        "from .again import twice\ny = twice(x)",
    ],
)
def test_a_name_of_another_file_is_translated(tmp_path: Path, line: str) -> None:
    files = {
        "pkg/compat.py": "from mindspore import ops\nfrom mindspore.ops import relu\n",
        "pkg/again.py": user("from .compat import relu as twice"),
        "pkg/use.py": user(line),
    }
    assert "y = torch.relu(x)\n" in translated(tmp_path, files)["pkg/use.py"]


def test_a_name_of_a_package(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from mindspore.ops import *\n",
        "use.py": user("from pkg import relu\ny = relu(x)"),
    }
    assert "y = torch.relu(x)\n" in translated(tmp_path, files)["use.py"]


def test_a_base_class_of_another_file(tmp_path: Path) -> None:
    files = {
        "compat.py": "from mindspore import nn\n",
        "use.py": "from compat import nn\nclass A(nn.Cell):\n    def construct(self): ...\n",
    }
    text = translated(tmp_path, files)["use.py"]
    assert "class A(torch.nn.Module):\n    def forward(self)" in text


@pytest.mark.parametrize(
    "other",
    [
        "def relu(x): ...",  # its own
        "from numpy import relu",
        "from use import relu",  # in a circle
        "from mindspore.ops import unheard as relu",
    ],
)
def test_other_names_of_other_files_are_left_alone(tmp_path: Path, other: str) -> None:
    files = {"compat.py": user(other), "use.py": user("from compat import relu\ny = relu(x)")}
    assert translated(tmp_path, files)["use.py"] == files["use.py"]


def test_a_package_that_imports_all_of_a_file_which_is_not_there(tmp_path: Path) -> None:
    files = {
        "pkg/__init__.py": "from .gone import *\nfrom mindspore.ops import *\n",
        "use.py": user("from pkg import relu\ny = relu(x)"),
        "again.py": user("from pkg import relu, exp\ny = relu(x)\nz = exp(x)"),
    }
    texts = translated(tmp_path, files)
    assert "y = torch.relu(x)\n" in texts["use.py"]
    assert "y = torch.relu(x)\nz = torch.exp(x)\n" in texts["again.py"]


def test_what_is_no_name_of_the_file_that_is_meant(tmp_path: Path) -> None:
    """A file of the package comes before the names that its package imports."""
    files = {
        "pkg/__init__.py": "from mindspore.ops import *\n",
        "pkg/relu.py": "abs = 3\n",
        "use.py": user("from pkg import relu\ny = relu.abs(x)"),
    }
    assert "\ny = relu.abs(x)\n" in translated(tmp_path, files)["use.py"]


@pytest.mark.parametrize(("second", "expected"), [("relu", "torch.relu(x)"), ("abs", "act(x)")])
def test_two_files_of_one_name(tmp_path: Path, second: str, expected: str) -> None:
    files = {
        "a/src/compat.py": "from mindspore.ops import relu as act\n",
        "b/src/compat.py": f"from mindspore.ops import {second} as act\n",
        "a/use.py": user("from src.compat import act\ny = act(x)"),
    }
    assert f"\ny = {expected}\n" in translated(tmp_path, files)["a/use.py"]


@pytest.mark.parametrize(
    "asks",
    [
        "from .compat import relu",
        "from . import compat\nfrom pkg.compat import relu as act",
        "from ..pkg.compat import relu",
    ],
)
def test_a_name_that_is_asked_for_stays(tmp_path: Path, asks: str) -> None:
    """Also where nothing else in the file that asks has to do with MindSpore."""
    files = {
        "pkg/compat.py": "from mindspore.ops import relu, abs\nfrom mindspore import float16\n",
        "pkg/use.py": asks,
    }
    text = translated(tmp_path, files)["pkg/compat.py"]
    assert text == "import opsbridge.mindspore\nrelu = opsbridge.mindspore.ops.relu\n"


def test_all_names_that_files_ask_for_stay(tmp_path: Path) -> None:
    """Each file may ask several times, and one that lists its names itself is asked for others."""
    files = {
        "a.py": "from b import relu\nfrom b import exp\n",
        "b.py": "from mindspore.ops import relu, exp, abs, log\n__all__ = ['abs']\n",
    }
    assert translated(tmp_path, files)["b.py"] == (
        "import opsbridge.mindspore\nabs = opsbridge.mindspore.ops.abs\n"
        "exp = opsbridge.mindspore.ops.exp\nrelu = opsbridge.mindspore.ops.relu\n"
        "__all__ = ['abs']\n"
    )


@pytest.mark.parametrize("text", ["def ones(): ...\n", "from mindspore import nn\nx = nn.Cell\n"])
def test_a_file_that_is_called_as_a_package_hides_no_package(tmp_path: Path, text: str) -> None:
    files = {
        "utils/numpy.py": text,
        "net.py": "import numpy as np\nfrom mindspore import ops\n"
        "y = ops.cast(ops.relu(x), np.int32)\n",
    }
    expected = "import numpy as np\nimport torch\ny = torch.relu(x).to(torch.int32)\n"
    assert translated(tmp_path, files)["net.py"] == expected


def test_a_name_that_is_asked_for_and_that_nobody_has_is_imported_still(tmp_path: Path) -> None:
    files = {
        "compat.py": "from mindspore.ops import relu, unheard\n",
        "use.py": "from compat import unheard\n",
    }
    assert translated(tmp_path, files)["compat.py"] == "from mindspore.ops import unheard\n"


@pytest.mark.parametrize(
    "asks",
    [
        "import os",
        "from .other import relu",
        "from ....................................compat import relu",
        "from compat import (",
        "from . import relu",
    ],
)
def test_a_name_that_nobody_asks_for_goes(tmp_path: Path, asks: str) -> None:
    files = {"pkg/compat.py": "from mindspore.ops import relu\n", "pkg/use.py": asks}
    assert translated(tmp_path, files)["pkg/compat.py"].strip() == ""


def test_names_for_star_imports_stay() -> None:
    source = "from mindspore.ops import relu, abs\n__all__ = ['relu', 3]\nother = ['abs']\n"
    text = translate_text(source)
    assert "relu = opsbridge.mindspore.ops.relu\n" in text
    assert "abs = " not in text


def test_another_meaning_for_want_of_mindspore_stays() -> None:
    """The import is the one that counts."""
    source = (
        "try:\n    from mindspore import mint\n    from mindspore.ops import relu, abs\n"
        "except ImportError:\n    mint = None\n    relu, abs = None, None\nx = relu\n"
    )
    expected = (
        "import opsbridge.mindspore\ntry:\n    pass\n"
        "except ImportError:\n    mint = None\n    relu, abs = None, None\n"
        "x = opsbridge.mindspore.ops.relu\n"
    )
    assert translate_text(source) == expected


def test_a_name_in_the_place_of_an_index_is_a_use() -> None:
    text = translate_text("from mindspore import float16\nx = {}\nx[float16] = (3, float16)\n")
    assert text == "import torch\nx = {}\nx[torch.float16] = (3, torch.float16)\n"


@pytest.mark.parametrize(
    ("code", "stays"),
    [
        ("x = relu", False),
        ("x = print(__name__)", False),
        ("def f(y): return y, relu", False),
        ("def f(y):\n    z = relu(y)\n    return z, unheard", True),
        ("x = Unheard()", True),
        ("x = relu(eval('y'))", True),
    ],
)
def test_an_import_of_all_names_goes_where_each_name_is_known(code: str, stays: bool) -> None:
    text = translate_text(f"from mindspore.ops import *\n{code}\n")
    assert ("from mindspore.ops import *\n" in text) is stays


def test_an_import_of_all_names_stays_for_others_that_import_all(tmp_path: Path) -> None:
    files = {"a.py": "from mindspore.ops import *\n", "b.py": "from a import *\n"}
    assert translated(tmp_path, files)["a.py"] == files["a.py"]


def test_of_an_import_of_all_names_those_stay_that_are_asked_for(tmp_path: Path) -> None:
    files = {
        "a.py": "from mindspore.ops import *\nexp = 3\n",
        "b.py": "from a import relu, exp, relu as other\n",
    }
    text = translated(tmp_path, files)["a.py"]
    assert text == "import opsbridge.mindspore\nrelu = opsbridge.mindspore.ops.relu\nexp = 3\n"
