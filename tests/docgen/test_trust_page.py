"""The page of what was tested shows the record as it is, in both languages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from trust_record import TrustRecord

from opsbridge.docgen.site.guides import checkout
from opsbridge.docgen.site.trust_page import trust_page
from opsbridge.docgen.wording import Language


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_entry_of_the_record_is_a_row(language: Language) -> None:
    page = trust_page(language)
    record = json.loads((checkout() / "docs" / "trust.json").read_text(encoding="utf-8"))
    for command, run in record.items():
        assert f"## tox run -e {command}" in page
        for part, each in run.get("parts", {}).items():
            tested = each["killed"] + each["survived"]
            counts = [tested, *(each[n] for n in ("killed", "survived"))]
            assert each["date"] in page
            assert f"`{part}` | {' | '.join(f'{count:,}' for count in counts)} |" in page
        if run.get("arguments"):
            assert f"`tox run -e {command} -- {run['arguments']}`" in page
        for entry in run.get("entries", ()):
            assert run["date"] in page
            counts = " | ".join(f"{entry[name]:,}" for name in ("cases", "tests", "failed"))
            assert f"`{entry['what']}` | {entry['peer']} | {counts} |" in page


def test_tests_against_one_framework_are_counted_by_file(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    path.write_text('{"museum": {}}', encoding="utf-8")
    record = TrustRecord(path, "onnx", "onnx")
    for name, outcome in (("onnx-1", "passed"), ("onnx-2", "failed"), ("torch", "passed")):
        place = ("a/test_nms.py", 1, "test")
        report: Any = pytest.TestReport(f"test[{name}]", place, {}, outcome, None, "call")  # type: ignore[arg-type]
        record.pytest_runtest_logreport(report)
    record.pytest_sessionfinish()
    written = json.loads(path.read_text(encoding="utf-8"))
    assert set(written) == {"museum", "onnx"}
    assert written["onnx"]["entries"] == [
        {"what": "test_nms", "peer": "onnx", "cases": 2, "tests": 2, "failed": 1}
    ]


def test_every_test_that_a_tool_watches_is_counted_by_folder(tmp_path: Path) -> None:
    path = tmp_path / "trust.json"
    record = TrustRecord(path, "asan", "", "AddressSanitizer")
    for file, outcome in (("native/a", "passed"), ("native/b", "passed"), ("core/a", "skipped")):
        place = (f"../tests/{file}.py", 1, "test")
        report: Any = pytest.TestReport(file, place, {}, outcome, None, "call")  # type: ignore[arg-type]
        report.user_properties = [("trust", {"what": "nms", "peer": "fractions", "cases": 9})]
        record.pytest_runtest_logreport(report)
    record.pytest_sessionfinish()
    assert json.loads(path.read_text(encoding="utf-8"))["asan"]["entries"] == [
        {"what": "tests/native", "peer": "AddressSanitizer", "cases": 2, "tests": 2, "failed": 0}
    ]


def test_the_record_has_no_failure() -> None:
    record = json.loads((checkout() / "docs" / "trust.json").read_text(encoding="utf-8"))
    assert record["differential"]["entries"]
    assert all(not entry["failed"] for run in record.values() for entry in run.get("entries", ()))


def test_a_part_that_no_mutants_were_made_of_is_said_not_to_be_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counts = {"killed": 1234, "survived": 5, "equivalent": 6, "refused": 8, "seed": 7}
    run = {"date": "2026-11-27", "versions": {"python": "3.11.7"}, **counts}
    (tmp_path / "docs").mkdir()
    record = json.dumps({"mutation": {"parts": {"tables": run}}})
    (tmp_path / "docs" / "trust.json").write_text(record, encoding="utf-8")
    monkeypatch.setattr("opsbridge.docgen.site.trust_page.checkout", lambda: tmp_path)
    page = trust_page("en")
    assert "`tables` | 1,239 | 1,234 | 5 | 6 | 8 | 7 |" in page
    assert "`tox run -e mutation -- --only tables --sample 1239 --seed 7`" in page
    assert "`headers`: not run" in page
    assert "`translator`: not run" in page
