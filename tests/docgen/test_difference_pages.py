"""Every ordered pair has a page in both languages that our own reader, and a machine, can read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opsbridge.cli import main
from opsbridge.docgen.difference_table import table_rows
from opsbridge.docgen.page_files import full_page, index_page, json_files, markdown_files
from opsbridge.docgen.page_json import SCHEMA, page_data
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.signature import signature_text
from opsbridge.docgen.wording import Language
from opsbridge.tables.load import all_api_names, load_api, load_core

PAIRS = list(all_pairs())
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def pair(left: str, right: str) -> Pair:
    """The pair of two dotted names."""
    before, after = load_api(left), load_api(right)
    return Pair(before, after, load_core(before.core))


NMS = pair("torchvision.ops.nms", "mindspore.ops.NMSWithMask")
ROI_ALIGN = pair("torchvision.ops.roi_align", "mindspore.ops.ROIAlign")


def test_every_ordered_pair_of_an_operator_is_there() -> None:
    cores = [load_api(name).core for name in all_api_names()]
    assert len(PAIRS) == sum(cores.count(op) * (cores.count(op) - 1) for op in set(cores))
    assert len({each.slug for each in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_reader_reads_every_page_back(language: Language) -> None:
    pytest.importorskip("markdown_it", reason="reading pages needs opsbridge[docs]")
    from opsbridge.pages.read import parse_page

    for each in PAIRS:
        page = parse_page(full_page(each, language))
        assert page.language == language, each.slug
        assert each.left.name in page.title
        assert each.right.name in page.title
        apis = [each.left, each.right]
        assert [(a.name, a.signature) for a in page.apis] == [
            (api.name, signature_text(api)) for api in apis
        ]
        rows = table_rows(each.left, each.right, each.core, language)
        (table,) = page.tables
        assert len(table.header) == 5
        assert [row[1:] for row in table.rows] == [
            (row.subcategory, row.left, row.right, row.difference.strip()) for row in rows
        ], each.slug


def test_a_page_has_the_parts_of_the_grammar_in_order() -> None:
    lines = full_page(NMS, "zh").splitlines()
    parts = [
        "# 比较torchvision.ops.nms与mindspore.ops.NMSWithMask的差异",
        "最大差异：`behaviour-differs`",
        "## torchvision.ops.nms",
        "torchvision.ops.nms(boxes, scores, iou_threshold)",
        "## mindspore.ops.NMSWithMask",
        "class mindspore.ops.NMSWithMask(iou_threshold=0.5)(bboxes)",
        "## 差异对比",
        f"PyTorch：{NMS.left.text.zh}",
        f"MindSpore：{NMS.right.text.zh}",
        "| 分类 | 子类 | PyTorch | MindSpore | 差异 |",
        "### 代码示例 1",
        "# PyTorch",
        "# MindSpore",
        "### 经由 opsbridge 的调用 1",
        "## 依据",
    ]
    places = [lines.index(part) for part in parts]
    assert places == sorted(places)


def test_pages_of_one_framework_are_called_by_their_apis() -> None:
    text = full_page(pair("torchvision.ops.nms", "torchvision.ops.batched_nms"), "en")
    assert "\ntorchvision.ops.batched_nms: " in text
    assert "| torchvision.ops.nms | torchvision.ops.batched_nms | Difference |" in text


def test_the_examples_of_a_page_are_true(tmp_path: Path) -> None:
    """Our own runner finds every output that the page shows on the installed frameworks."""
    for name in ("markdown_it", "pytest_doctestplus", "torchvision", "mindspore"):
        pytest.importorskip(name, reason=f"running the examples of a page needs {name}")
    path = tmp_path / "page.md"
    path.write_text(full_page(NMS, "en"), encoding="utf-8")
    assert main(["doctest", str(path), "--mindspore", "real"]) == 0


def test_markdown_is_written_in_both_languages(tmp_path: Path) -> None:
    assert main(["docs", "pages", "--lang", "both", "--out", str(tmp_path)]) == 0
    names = {path.name for path in (tmp_path / "en").iterdir()}
    assert names == {"index.md", *(f"{each.slug}.md" for each in PAIRS)}
    assert {path.name for path in (tmp_path / "zh").iterdir()} == names
    page = (tmp_path / "zh" / f"{NMS.slug}.md").read_text(encoding="utf-8")
    assert page == full_page(NMS, "zh") + "\n"


def test_the_index_links_every_page_with_its_worst_code() -> None:
    text = index_page(PAIRS, "en")
    for each in PAIRS:
        assert f"({each.slug}.md): `" in text
    assert f"({NMS.slug}.md): `behaviour-differs`" in text


SHA = """
    import hashlib
    from opsbridge.docgen.page_files import json_files, markdown_files
    digest = hashlib.sha256()
    for files in (markdown_files("en"), markdown_files("zh"), json_files()):
        for name, text in files:
            digest.update(f"{name}\\n{text}".encode())
    print(digest.hexdigest())
"""


def test_pages_are_the_same_in_every_process() -> None:
    """Neither the order of sets nor anything else of a process shows in the pages."""
    code = "\n".join(line[4:] for line in SHA.splitlines())
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_json_pages_follow_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="validating JSON needs jsonschema")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    for each in PAIRS:
        validator.validate(json.loads(json.dumps(page_data(each))))


def test_json_holds_what_the_page_shows() -> None:
    data = page_data(ROI_ALIGN)
    assert (data["operator"], data["headline"]) == ("roi_align", "behaviour-differs")
    rows = [row for row in data["table"]["en"] if row["left"] == "aligned=False"]
    assert rows[0]["right"] == "roi_end_mode=1"
    codes = {(item["code"], item["left"]) for item in data["differences"]}
    assert ("default-differs", "sampling_ratio") in codes
    first: dict[str, Any] = data["examples"][0]
    assert first["shows"] == ["end_offset", "min_size"]
    assert first["left"]["outputs"] == ["tensor([[[[7.5000]]]])"]
    assert first["right"]["outputs"] == ["[[[[9.25]]]]"]
    assert first["bridged"]["outputs"] == ["[[[[7.5]]]]"]


def test_json_files_have_a_schema_and_an_index() -> None:
    files = dict(json_files())
    assert json.loads(files["schema.json"]) == SCHEMA
    index = json.loads(files["index.json"])
    assert [entry["file"] for entry in index] == [f"{each.slug}.json" for each in PAIRS]
    assert set(files) == {"schema.json", "index.json", *(entry["file"] for entry in index)}


def test_a_folder_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["docs", "pages", "--out", str(tmp_path / "file")]) == 2
    assert f"docs: {tmp_path / 'file'}" in capsys.readouterr().err


def test_files_come_in_one_order() -> None:
    names = [name for name, _ in markdown_files("en")]
    assert names[1:] == [f"{each.slug}.md" for each in PAIRS]
    operators = [each.core.op for each in PAIRS]
    assert operators == sorted(operators)
