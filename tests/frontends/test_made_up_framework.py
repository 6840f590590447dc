"""One table in a folder of the user's adds a framework: no Python, no C++, odd conventions.

Boxes are 1-based pixels as (score, y1, x1, y2, x2), an overlap of the threshold drops a box, and
the result is a mask of 0 and 1 in the order of the input.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from framework_tensors import to_tensor

from opsbridge import cli, reference
from opsbridge.docgen.api_page import api_page
from opsbridge.pages.launch import environment
from opsbridge.tables.lint import lint_tables
from opsbridge.tables.load import load_api, load_core, table_root

TABLE = '''
name = "oddframe.ops.suppress"
framework = "oddframe"
framework_name = "Oddframe"
core = "nms"
form = "function"
source = "https://example.org/oddframe"
example = """
>>> import numpy as np
>>> from opsbridge.oddframe.ops import suppress
>>> suppress(np.array([[0.5, 1, 1, 4, 4], [0.75, 1, 1, 4, 4]], np.float32))
array([0, 1], dtype=int32)
"""

[text]
en = "Mark the boxes that no better marked box overlaps with an IoU of at least the limit."
zh = "标记与所有更高分已标记框的交并比都低于阈值的框。"

[documentation]
en = "https://example.org/oddframe"
zh = "https://example.org/oddframe"

[[params]]
name = "dets"
stage = "call"
types = ["tensor"]
converter = "columns"
fills = ["boxes", "scores"]
required = true
shape = ["N", 5]
dtypes = ["float32", "float64"]
columns = [[1, 5], [0, 1]]

[[params]]
name = "limit"
stage = "call"
types = ["number"]
converter = "number"
fills = ["iou_threshold"]
default = 0.5

[[returns]]
name = "flags"
output = "keep_mask"
dtype = "int32"

[[behaviour]]
evidence = { kind = "assumed", note = "made up" }
[behaviour.set]
layout = "yxyx"
corner_order = "given"
box_offset = 1
accumulate = "same"
union = "separate"
comparison = "greater_equal"
guard = "none"
nan_overlap = "keep"
threshold_type = "same"
order = "stable"
nan_score = "first"
kept_order = "rank"
'''
NAME = "oddframe.ops.suppress"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "oddframe").mkdir()
    (tmp_path / "oddframe" / "suppress.toml").write_text(TABLE, encoding="utf-8")
    monkeypatch.setenv("OPSBRIDGE_MAPPINGS", str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("opsbridge.oddframe")]:
        del sys.modules[name]


@pytest.mark.parametrize("framework", ["numpy", "torch", "mindspore"])
def test_it_is_imported_and_called(framework: str) -> None:
    pytest.importorskip(framework, reason=f"calls with tensors of {framework}")
    suppress: Any = importlib.import_module("opsbridge.oddframe.ops").suppress
    rng = np.random.default_rng(7)
    for count in (0, 1, 30, 300):
        dets = rng.integers(1, 12, (count, 5)).astype(np.float32)
        dets[:, 3:] += dets[:, 1:3]
        dets[:, 0] /= 16
        for limit in (0.25, 0.5, 0.75):
            wanted = reference.nms(
                dets[:, [2, 1, 4, 3]],
                dets[:, 0],
                limit,
                box_offset=1,
                comparison="greater_equal",
                threshold_type="same",
            ).keep_mask
            flags = suppress(to_tensor(framework, dets), limit)
            assert type(flags) is type(to_tensor(framework, dets))
            assert str(flags.dtype).lower().endswith("int32")
            assert flags.tolist() == wanted.astype(int).tolist()


def test_the_linter_takes_it(tmp_path: Path) -> None:
    assert lint_tables(tmp_path).messages == []


def test_a_new_framework_starts_as_a_valid_table(tmp_path: Path) -> None:
    assert cli.main(["new-framework", "newframe", "--out", str(tmp_path)]) == 0
    assert load_api("newframe.ops.nms").framework_name == "newframe"
    assert lint_tables(tmp_path).messages == []
    assert cli.main(["new-framework", "newframe", "--out", str(tmp_path)]) == 2
    assert cli.main(["new-framework", "no-name", "--out", str(tmp_path)]) == 2


def test_it_has_pages_and_differences(capsys: pytest.CaptureFixture[str]) -> None:
    api = load_api(NAME)
    page = api_page(api, load_core(api.core), "en")
    assert page.startswith(f"# {NAME}")
    assert "flags" in page
    for other in ("torchvision.ops.nms", "mindspore.ops.NMSWithMask"):
        assert cli.main(["diff", NAME, other]) == 0
        assert cli.main(["diff", other, NAME, "--lang", "zh"]) == 0
        assert cli.main(["explain", NAME, "--to", other]) == 0
    printed = capsys.readouterr().out
    assert "intersection / union >= threshold" in printed
    assert "box_offset" in printed


def test_pages_find_its_table_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setenv("OPSBRIDGE_MAPPINGS", tmp_path.name)
    assert environment()["OPSBRIDGE_MAPPINGS"] == str(tmp_path)


def test_its_operators_are_ported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("libcst", reason="translates source with libcst")
    source, target = tmp_path / "model.py", tmp_path / "ported.py"
    source.write_text(
        "import numpy as np\nimport oddframe\nfrom oddframe.ops import suppress as best\n"
        "x = np.array([[0.5, 1, 1, 4, 4]], np.float32)\n"
        "print(best(x, limit=0.25).tolist(), oddframe.load)\n"
    )
    assert cli.main(["port", str(source), "-o", str(target), "-q"]) == 0
    assert target.read_text().splitlines() == [
        "import numpy as np",
        "import opsbridge.oddframe.ops",
        "import oddframe",
        "x = np.array([[0.5, 1, 1, 4, 4]], np.float32)",
        "# opsbridge: oddframe.load is not translated: no table has this name",
        "print(opsbridge.oddframe.ops.suppress(x, limit=0.25).tolist(), oddframe.load)",
    ]
    assert cli.main(["port", str(source), "--check"]) == 1
    assert "add a table of it" in capsys.readouterr().out


def test_nothing_of_it_is_shipped() -> None:
    assert not (table_root() / "oddframe").exists()
