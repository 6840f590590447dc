"""Examples fall into halves: by marker comments, else by the frameworks that they use."""

from __future__ import annotations

import pytest

pytest.importorskip("markdown_it", reason="markdown-it-py of opsbridge[docs] parses the pages")

from opsbridge.pages.halves import marker_of
from opsbridge.pages.model import Framework, Statement
from opsbridge.pages.read import parse_page

TORCH, MINDSPORE, NONE = Framework.TORCH, Framework.MINDSPORE, Framework.NONE


def statements(code: str) -> list[Statement]:
    return parse_page(f"# D\n\n## Code Example\n\n```python\n{code}\n```\n").statements


@pytest.mark.parametrize(
    ("comment", "framework"),
    [
        ("# PyTorch", TORCH),
        ("#MindSpore", MINDSPORE),
        ("# Torch", TORCH),
        ("# In torch:", TORCH),
        ("# In MindSpore：", MINDSPORE),
        ("# In MindSpore, fill a constant array with value(int or numpy array).", MINDSPORE),
        ("# PyTorch implementation", TORCH),
        ("# 2. MindSpore example", MINDSPORE),
        ("# 使用PyTorch", TORCH),
        ("# 在MindSpore中：", MINDSPORE),
        ("# MindSpore 代码示例", MINDSPORE),
        ("# PyTorch 1.8.1", TORCH),
        ("# MindSpore doesn't support this feature currently", None),
        ("# The following implements mindspore.nn.Cell.get_parameters() with MindSpore.", None),
        ("# Out: torch", None),
        ("# torch.float32", None),
        ("# tensor([1, 2])", None),
    ],
)
def test_markers(comment: str, framework: Framework | None) -> None:
    assert marker_of(comment) is framework


def test_markers_split_a_fence() -> None:
    found = statements("# PyTorch\nimport torch\nx = 1\n# MindSpore\nimport mindspore\ny = x")
    assert [part.framework for part in found] == [TORCH, TORCH, MINDSPORE, MINDSPORE]


def test_without_markers_the_frameworks_used_decide() -> None:
    found = statements(
        "import numpy as np\nimport torch\nx = np.ones(2)\nt = torch.tensor(x)\nprint(t)\n"
        "import mindspore as ms\nm = ms.Tensor(x)\nprint(m)"
    )
    assert [part.framework for part in found] == [TORCH] * 5 + [MINDSPORE] * 3


def test_with_one_marker_an_import_starts_the_other_half() -> None:
    found = statements("# PyTorch\nimport torch\nx = 1\nimport mindspore\nprint(x)")
    assert [part.framework for part in found] == [TORCH, TORCH, MINDSPORE, MINDSPORE]


def test_imports_before_two_markers_stay_with_their_framework() -> None:
    found = statements(
        "import mindspore\nimport torch\n# In MindSpore,\na = mindspore.x()\n# In torch,\nb = a"
    )
    assert [part.framework for part in found] == [MINDSPORE, TORCH, MINDSPORE, TORCH]


def test_code_without_a_framework() -> None:
    assert [part.framework for part in statements("x = 1\nprint(x)")] == [NONE, NONE]


def test_a_syntax_error_breaks_its_half_only() -> None:
    found = statements("# PyTorch\nx = 1\ny = = 2\nz = 3\n# MindSpore\nprint(1)\n# 1")
    assert [(part.source, bool(part.broken)) for part in found] == [
        ("x = 1", False),
        ("y = = 2", True),
        ("print(1)", False),
    ]
    assert found[1].broken == "SyntaxError: invalid syntax"


def test_decorated_and_long_statements_are_whole() -> None:
    found = statements("@deco\ndef f(x):\n    return x\ny = f(\n    1,\n)\n# 1")
    assert [part.source for part in found] == [
        "@deco\ndef f(x):\n    return x",
        "y = f(\n    1,\n)",
    ]
