"""`opsbridge explain`: pages in the terminal, found by names as people type them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opsbridge.cli import main
from opsbridge.docgen.api_page import api_page
from opsbridge.docgen.find import apis_of, find_api
from opsbridge.docgen.wording import Language
from opsbridge.errors import TableError
from opsbridge.tables.load import all_api_names, load_api, load_core


def page(name: str, language: Language = "en") -> str:
    api = load_api(name)
    return api_page(api, load_core(api.core), language)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", all_api_names())
def test_a_page_holds_every_fact_of_the_table(name: str, language: Language) -> None:
    api, text = load_api(name), page(name, language)
    for param in api.params:
        assert f"\n| `{param.name}` | " in text
    for value in api.returns:
        assert f"\n| `{value.name}` | " in text
    for block in api.behaviour:
        for axis, value in block.set.items():
            assert f"\n| `{axis}` | `{value}` | " in text
    for deviation in api.deviations:
        real = deviation.real.en if language == "en" else deviation.real.zh
        assert f"\n| `{deviation.id}` | " in text
        assert real.replace("|", "\\|") in text
    for limit in api.limits:
        assert f"| {limit.number} |" in text
    assert api.example.strip() in text


def test_pages_say_how_facts_are_known() -> None:
    text = page("torchvision.ops.nms")
    assert "probed with torchvision 0.29.2 on cpu" in text
    assert "| cuda float64 | probed with torchvision 0.26.0 on cuda" in text
    assert "| cuda | assumed: read from the sm_90" in page("torchvision.ops.roi_align")
    assert "[documented](https://www.mindspore.cn/" in page("mindspore.ops.NMSWithMask")


def test_enumerated_values_are_explained() -> None:
    text = page("mindspore.ops.ROIAlign")
    assert "### Values of `roi_end_mode`" in text
    assert "| `1` | `end_offset` | what is added to x2 and y2 before scaling: 1: the last" in text


def test_the_other_apis_of_the_operator_are_named() -> None:
    names = {api.name for api in apis_of("soft_nms")}
    assert names == {
        "mmcv.ops.soft_nms",
        "mmcv.batched.batched_soft_nms",
        "mmdet.ops.soft_nms",
        "opencv.dnn.softNMSBoxes",
        "tensorflow.soft_non_max_suppression",
    }
    for name in names:
        assert all(f"`{other}`" in page(name) for other in names - {name})


def test_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "NMSWithMask", "--lang", "zh"]) == 0
    assert capsys.readouterr().out == page("mindspore.ops.NMSWithMask", "zh") + "\n"


def test_command_prints_the_page_of_a_pair(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "torchvision/nms", "--to", "NMSWithMask"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# Differences between torchvision.ops.nms and mindspore.ops.NMSWithMask"
    assert "class mindspore.ops.NMSWithMask(iou_threshold=0.5)(bboxes)" in lines
    assert "| Categories | Subcategories | PyTorch | MindSpore | Difference |" in lines


def test_a_pair_must_be_of_one_operator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "torchvision.ops.nms", "--to", "mindspore.ops.ROIAlign"]) == 2
    assert "not of nms" in capsys.readouterr().err


def test_the_last_part_is_enough_where_it_is_unique() -> None:
    assert find_api("masks_to_boxes") is load_api("torchvision.ops.masks_to_boxes")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("nms", ["torchvision.ops.nms", "mmcv.ops.nms", "mindspore.ops.NMSWithMask"]),
        ("roialign", ["torchvision.ops.roi_align", "mindspore.ops.ROIAlign"]),
        ("NMSWithMsk", ["mindspore.ops.NMSWithMask"]),
        ("torchvision.ops.nsm", ["torchvision.ops.nms"]),
        ("nothing_like_it", list(all_api_names())),
    ],
)
def test_other_names_get_candidates(typed: str, meant: list[str]) -> None:
    with pytest.raises(TableError) as caught:
        find_api(typed)
    assert repr(typed) in str(caught.value)
    for name in meant:
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("opsbridge expl", ["explain "]),
        ("opsbridge explain mindspore.ops.N", ["mindspore.ops.NMSWithMask "]),
        ("opsbridge explain mindspore/N", ["mindspore/NMSWithMask "]),
        (
            "opsbridge explain torchvision.ops.nms --to mmdet",
            ["mmdet.ops.nms", "mmdet.ops.soft_nms"],
        ),
        ("opsbridge diff torchvision.ops.n", ["torchvision.ops.nms "]),
    ],
)
def test_a_shell_completes_commands_and_names(
    line: str, completed: list[str], tmp_path: Path
) -> None:
    pytest.importorskip("argcomplete", reason="completion needs opsbridge[completion]")
    answer = tmp_path / "answer"
    environment = {
        **os.environ,
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    subprocess.run([sys.executable, "-m", "opsbridge"], env=environment, check=True, timeout=60)
    assert answer.read_text(encoding="utf-8").split("\v") == completed
