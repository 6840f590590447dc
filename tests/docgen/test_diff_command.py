"""`opsbridge diff` from the command line."""

from __future__ import annotations

import pytest

from opsbridge.cli import main


def test_english_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "torchvision.ops.nms", "mindspore.ops.NMSWithMask"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# Differences between torchvision.ops.nms and mindspore.ops.NMSWithMask"
    assert lines[2] == "Worst difference: `behaviour-differs`"
    assert lines[4].startswith("- `behaviour-differs` (done by opsbridge): ")
    assert "- `limit` (to be checked by hand): `boxes`" in lines


def test_chinese_page(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["torchvision/roi_align", "mindspore/ROIAlign"]
    assert main(["diff", *names, "--lang", "zh"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# 比较torchvision.ops.roi_align与mindspore.ops.ROIAlign的差异"
    assert lines[2] == "最大差异：`behaviour-differs`"
    assert any(line.startswith("| 分类 | 子类 |") for line in lines)


def test_an_api_does_not_differ_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "torchvision.ops.nms", "torchvision.ops.nms"]) == 0
    output = capsys.readouterr().out
    assert "Worst difference: `same`" in output
    assert "- `" not in output


def test_unknown_name_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "torchvision.ops.nsm", "mindspore.ops.NMSWithMask"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "did you mean torchvision.ops.nms" in captured.err


def test_different_operators_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "torchvision.ops.nms", "mindspore.ops.ROIAlign"]) == 2
    message = capsys.readouterr().err
    assert "mindspore.ops.ROIAlign is an API of roi_align, not of nms" in message


def test_unknown_language_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["diff", "torchvision.ops.nms", "mindspore.ops.NMSWithMask", "--lang", "fr"])
    assert stopped.value.code == 2
    assert "--lang" in capsys.readouterr().err
