"""Every page has examples that were run, and that show what they are about: no constants."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from opsbridge.docgen import example_section, unshown
from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.example_section import bridged_call, error_of, printed_by
from opsbridge.docgen.examples import Example, pair_examples
from opsbridge.docgen.page_files import full_page
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.recorded import recording_of
from opsbridge.docgen.snippet import Snippet
from opsbridge.docgen.unshown import unshown_differences
from opsbridge.docgen.wording import Language
from opsbridge.tables.diff import differences
from opsbridge.tables.load import load_api, load_core
from opsbridge.tables.schema import ApiTable, Expectation, Return

PAIRS = list(all_pairs())
EXAMPLES = [
    (pair, example) for pair in PAIRS for example in pair_examples(pair.left, pair.right, pair.core)
]
_WORD = re.compile(r"True|False|nan|inf|-?\d+\.?\d*(?:e[+-]?\d+)?")
_NO_VALUE = re.compile(r"dtype=[\w.]+|size=\([^)]*\)|shape=\[[^\]]*\]")


def numbers(value: Any) -> list[float]:
    """All numbers of nested lists, or of what a tensor was printed as, in order."""
    if isinstance(value, str):
        words = _WORD.findall(_NO_VALUE.sub("", value))
        return [
            float(word == "True") if word in ("True", "False") else float(word) for word in words
        ]
    if isinstance(value, list):
        return [number for each in value for number in numbers(each)]
    return [float(value)]


def test_numbers_are_read_from_every_form() -> None:
    assert numbers("tensor([[1., -2.5000]], dtype=torch.float64)") == [1.0, -2.5]
    assert numbers("[[ True False]\n [ True  True]]") == [1.0, 0.0, 1.0, 1.0]
    assert numbers("[tensor([0, 1]), tensor([2])]") == numbers([[0, 1], [2]])
    assert numbers("tensor([], size=(0, 4))") == []
    assert numbers("[Tensor(shape=[2], dtype=Int64, value= [0, 1])]") == [0, 1]
    assert numbers("[-3.4028235e+38]") == [-3.4028235e38]


def printed(api: ApiTable, snippet: Snippet) -> dict[str, list[float]]:
    """What a snippet printed, by the outputs of the core, as far as cases have such."""
    outputs = printed_by(snippet)
    assert outputs is not None, snippet.code
    found = {}
    for value, lines in zip(api.returns, outputs, strict=True):
        if name := name_in_cases(value):
            every = numbers("\n".join(lines))
            # A row stands after its image and its class, of which an example has one.
            found[name] = every[2::3] if value.part == "places" else every
    return found


def name_in_cases(value: Return) -> str:
    """What a returned value is called in cases; nothing for what they do not have."""
    if value.part == "count":
        return f"number of {value.output}"
    is_padded = value.padded_to and not value.padded_if
    return "" if is_padded or value.columns or value.axis else value.output


def expected(api: ApiTable, expectation: Expectation) -> dict[str, list[float]]:
    """What an API should give, as far as the case says it."""
    known: dict[str, Any] = dict(expectation.outputs)
    known |= {f"number of {name}": [len(rows)] for name, rows in expectation.outputs.items()}
    names = {name_in_cases(value) for value in api.returns}
    return {name: numbers(value) for name, value in known.items() if name in names}


def same(left: list[float], right: list[float]) -> bool:
    """Whether two lists are equal, up to the digits that PyTorch prints."""
    return left == pytest.approx(right, rel=1e-4, abs=5e-5, nan_ok=True)


def sides(pair: Pair, example: Example) -> Iterator[tuple[ApiTable, Snippet, Expectation]]:
    """The halves of an example that their frameworks ran on a CPU."""
    for api, snippet, expectation in (
        (pair.left, example.left, example.before),
        (pair.right, example.right, example.after),
    ):
        if not snippet.refused:
            yield api, snippet, expectation


def test_every_pair_has_an_example() -> None:
    assert {pair.slug for pair, _ in EXAMPLES} == {pair.slug for pair in PAIRS}


def test_every_half_was_run_on_the_real_framework() -> None:
    for pair, example in EXAMPLES:
        for snippet in (example.left, example.right):
            assert bool(error_of(snippet)) == snippet.refused, (pair.slug, example.case)
            assert (printed_by(snippet) is not None) != snippet.refused, (pair.slug, example.case)
        assert printed_by(example.bridged)


def test_the_real_frameworks_printed_what_the_case_says() -> None:
    for pair, example in EXAMPLES:
        for api, snippet, expectation in sides(pair, example):
            found, wanted = printed(api, snippet), expected(api, expectation)
            assert wanted
            for name, values in wanted.items():
                assert same(found[name], values), (pair.slug, example.case, name)


def test_the_bridged_call_prints_what_the_left_api_printed() -> None:
    """Where the real one refuses CPU tensors, what the case says."""
    for pair, example in EXAMPLES:
        found = printed(pair.left, example.bridged)
        if example.left.refused:
            wanted = expected(pair.left, example.before)
        else:
            wanted = printed(pair.left, example.left)
        for name, values in wanted.items():
            assert same(found[name], values), (pair.slug, example.case, name)


def test_an_example_of_a_difference_shows_it() -> None:
    """The results of the two cases differ, and so does what was printed where it is comparable."""
    for pair, example in EXAMPLES:
        before, after = example.before.outputs, example.after.outputs
        differing = [n for n in before.keys() & after.keys() if repr(before[n]) != repr(after[n])]
        assert bool(example.shows) == bool(differing), (pair.slug, example.case)
        halves = list(sides(pair, example))
        if len(halves) == 2:
            left, right = (printed(api, snippet) for api, snippet, _ in halves)
            for name in left.keys() & right.keys() & before.keys() & after.keys():
                assert same(left[name], right[name]) == (name not in differing), pair.slug


def test_an_example_of_agreement_could_show_a_difference() -> None:
    """Its case tells conventions apart; these two APIs have the same one."""
    for pair, example in EXAMPLES:
        if not example.shows:
            case = next(case for case in pair.core.cases if case.name == example.case)
            assert len({repr(each.outputs) for each in case.expect if not each.refused}) > 1


# Differences without an example, of ordered pairs of which others are shown: as many as no case
# that tells the axis apart fits the other conventions of both. It may fall.
UNSHOWN = {"box_iou": 82, "nms": 622, "roi_align": 144, "roi_pool": 172, "soft_nms": 46}


def test_every_difference_has_an_example_or_the_page_says_why_it_has_none() -> None:
    unshown = Counter[str]()
    for pair in PAIRS:
        found = differences(pair.left, pair.right, pair.core)
        on_cpu = [d for d in found if d.code == "behaviour-differs" and d.detail != "conditional"]
        examples = pair_examples(pair.left, pair.right, pair.core)
        shown = {axis for example in examples for axis in example.shows}
        missing = unshown_differences(pair.left, pair.right, pair.core)
        named = {name for item in on_cpu for name in item.names} - shown
        assert named == {axis for item in missing for axis in item.axes}
        pages = full_page(pair, "en"), full_page(pair, "zh")
        assert all(item.text.en in pages[0] and item.text.zh in pages[1] for item in missing)
        unshown[pair.core.op] += sum(len(i.axes) for i in missing if i.reason == "inputs")
        # Where a difference could be shown, one is.
        assert shown or not any(item.reason == "inputs" for item in missing), pair.slug
    assert +unshown == UNSHOWN


def reasons(left: str, right: str) -> dict[str, tuple[str, ...]]:
    """The differences of a page without an example, by the reason."""
    api = load_api(left)
    found = unshown_differences(api, load_api(right), load_core(api.core))
    return {item.reason: item.axes for item in found}


def test_differences_that_cannot_be_run_are_told_from_those_of_form() -> None:
    assert reasons("paddle.vision.ops.roi_pool", "torchvision.ops.roi_pool") == {
        "form": ("batch_rule",), "deviation": ("nonfinite",)
    }  # fmt: skip
    assert reasons("onnx.MaxRoiPool", "paddle.vision.ops.roi_pool") == {
        "form": ("batch_rule",), "runtime": ("scale_type",)
    }  # fmt: skip


def test_what_the_real_one_does_instead_stands_on_the_page_with_its_evidence() -> None:
    api, other = load_api("paddle.vision.ops.roi_pool"), load_api("torchvision.ops.roi_pool")
    found = unshown_differences(api, other, load_core("roi_pool"))
    text = next(item.text for item in found if item.reason == "deviation")
    for deviation in other.deviations:
        if "nonfinite" in deviation.axes:
            phrase = evidence_phrase(deviation.evidence, "torchvision", "zh")
            assert f"{deviation.real.zh.rstrip('。')}（{phrase}）" in text.zh
    assert "nonfinite" in text.en


def test_a_framework_that_was_not_run_is_named_with_its_evidence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one of your own tables: its code is shown, with how its table knows what it says."""
    api, other = load_api("detectron2.layers.ROIAlign"), load_api("torchvision.ops.roi_align")
    for module in (example_section, unshown):
        monkeypatch.setattr(
            module,
            "recording_of",
            lambda name: None if name == "detectron2" else recording_of(name),
        )
    pair = Pair(api, other, load_core("roi_align"))
    phrase = evidence_phrase(api.behaviour[0].evidence, "detectron2", "en")
    assert f"The code of detectron2 was not run. What is said of it is {phrase}." in full_page(
        pair, "en"
    )
    assert "detectron2 的代码未运行。" in full_page(pair, "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_shows_codes_outputs_and_the_one_line_call(language: Language) -> None:
    for pair in PAIRS:
        page = full_page(pair, language)
        call = bridged_call(pair.left, pair.right, pair.core)
        assert call.partition(" = ")[2].startswith("opsbridge.")
        assert page.count(call) >= 2, "the line is one of a code that was run"
        for example in pair_examples(pair.left, pair.right, pair.core):
            for snippet in (example.left, example.right, example.bridged):
                lines = [line for lines in printed_by(snippet) or () for line in lines]
                lines += error_of(snippet).splitlines()
                assert snippet.call in page
                assert all(f"\n# {line}" in page for line in lines)
