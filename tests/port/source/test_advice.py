"""What a translation says of the whole: the mode that modules start in, and requirements files."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("libcst", reason="the translator is opsbridge[port]")

from opsbridge.port.source.advice import advice_on
from opsbridge.port.source.files import discover
from opsbridge.port.source.result import Target
from opsbridge.port.source.translate import translate

MODE = (
    "translated modules start in training mode, as PyTorch's do; MindSpore's cells start in"
    " evaluation mode: call .eval() before inference"
)
CELL = "from mindspore import nn\nclass Net(nn.Cell): pass\n"
OPERATOR = "from mindspore import ops\nsuppress = ops.NMSWithMask(0.5)\n"


def advice(folder: Path, target: Target = Target.OPSBRIDGE, **texts: str) -> list[str]:
    """The remarks on files of a folder, by their names without a suffix."""
    for name, text in texts.items():
        is_source = "mindspore import" in text
        (folder / f"{name}{'.py' if is_source else '.txt'}").write_text(text)
    files = discover([str(folder)])
    return list(advice_on(files, translate([f for f in files if f.is_python], target)))


def test_the_mode_is_said_of_cells_that_become_modules(tmp_path: Path) -> None:
    assert advice(tmp_path, net=CELL) == [MODE]
    assert advice(tmp_path, net="from mindspore import ops\ny = ops.relu(1)\n") == []


@pytest.mark.parametrize(
    ("target", "needed"),
    [(Target.TORCHVISION, "torch, torchvision"), (Target.OPSBRIDGE, "torch, opsbridge")],
)
def test_a_requirement_becomes_what_any_file_imports(
    tmp_path: Path, target: Target, needed: str
) -> None:
    lines = "numpy\n mindspore_ascend == 2.0 \nMindSpore-CPU\nmindspore\nmindspores\nx-mindspore\n"
    found = advice(tmp_path, target, a=CELL, b=OPERATOR, requirements=lines, others="mindspore\n")
    place = "requirements.txt"
    assert found == [
        MODE,
        f"{place}:2: mindspore_ascend == 2.0 becomes {needed}",
        f"{place}:3: MindSpore-CPU becomes {needed}",
        f"{place}:4: mindspore becomes {needed}",
    ]


def test_other_files_of_requirements_count_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "dev-requirements-gpu.txt").write_text("mindspore-gpu\n")
    (tmp_path / "requirements.in").write_text("mindspore\n")
    assert advice(tmp_path) == ["sub/dev-requirements-gpu.txt:1: mindspore-gpu becomes torch"]
