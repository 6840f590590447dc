"""Every page has examples that were run, and that show what they are about: no constants."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from opsbridge.docgen.example_section import (
    behaviour_without_example,
    bridged_call,
    error_of,
    printed_by,
)
from opsbridge.docgen.examples import Example, pair_examples
from opsbridge.docgen.page_files import full_page
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.snippet import Snippet
from opsbridge.docgen.wording import Language
from opsbridge.tables.diff import differences
from opsbridge.tables.schema import ApiTable, Expectation, Return

# detectron2 has no package that could be installed: its half of an example was not run.
NOT_RUN = {"detectron2"}
# MMCV and MMDetection were not built again when these cases of theirs became examples.
CASES_NOT_RUN = {
    ("mmcv.ops.soft_nms", "overlap-of-one-half"),
    ("mmcv.ops.soft_nms", "boxes-without-area"),
    ("mmcv.ops.soft_nms", "narrow-or-wide"),
    ("mmdet.ops.soft_nms", "equal-scores-after-a-move"),
}
# Its sampling is fixed, its images are counted, and its conventions of tiny regions are none of
# those that a case of the other APIs asks for.
WITHOUT = {"mmcv.ops.roi_align", "torchvision.ops.PSRoIAlign", "torchvision.ops.ps_roi_align"}
# The case of groups has a linear weight.
WITHOUT_SOFT = {"mmcv.batched.batched_soft_nms", "tensorflow.soft_non_max_suppression"}
# It has no means, no image and another centre of anchors than the cases of MindSpore's coders.
CODERS = {"paddle.vision.ops.box_coder", "paddle.vision.box_coder_decode"}


def has_an_example(pair: Pair) -> bool:
    names = {pair.left.name, pair.right.name}
    is_without = names - WITHOUT == {"paddle.vision.ops.RoIAlign"} or names == WITHOUT_SOFT
    return not is_without and names.isdisjoint(CODERS)


PAIRS = [pair for pair in all_pairs() if has_an_example(pair)]
EXAMPLES = [
    (pair, example) for pair in PAIRS for example in pair_examples(pair.left, pair.right, pair.core)
]
WITHOUT_EXAMPLE = [pair for pair in all_pairs() if pair not in PAIRS]
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


def was_run(api: ApiTable, example: Example) -> bool:
    """Whether the half of an example was run on the real framework."""
    return api.framework not in NOT_RUN and (api.name, example.case) not in CASES_NOT_RUN


def sides(pair: Pair, example: Example) -> Iterator[tuple[ApiTable, Snippet, Expectation]]:
    """The halves of an example that their frameworks ran on a CPU."""
    for api, snippet, expectation in (
        (pair.left, example.left, example.before),
        (pair.right, example.right, example.after),
    ):
        if not snippet.refused and was_run(api, example):
            yield api, snippet, expectation


def test_every_pair_has_an_example() -> None:
    assert {pair.slug for pair, _ in EXAMPLES} == {pair.slug for pair in PAIRS}


def test_a_page_without_an_example_says_why() -> None:
    assert len(WITHOUT_EXAMPLE) == 2 * len(WITHOUT) + 2 + 4 * len(CODERS)
    for pair in WITHOUT_EXAMPLE:
        assert pair_examples(pair.left, pair.right, pair.core) == []
        assert "\nThere is no example: no case" in full_page(pair, "en")
        assert "\n没有示例：" in full_page(pair, "zh")


def test_every_half_was_run_on_the_real_framework() -> None:
    for pair, example in EXAMPLES:
        for api, snippet in ((pair.left, example.left), (pair.right, example.right)):
            is_run = was_run(api, example)
            assert bool(error_of(snippet)) == (snippet.refused and is_run)
            assert (printed_by(snippet) is not None) == (is_run and not snippet.refused)
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
        if example.left.refused or not was_run(pair.left, example):
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


# Pairs whose differences on a CPU show in no inputs that both take: of roi_align and roi_pool those
# in regions that one of them refuses, of nms those in layouts or dtypes that one of them lacks.
UNSHOWN = {"box_iou": 2, "nms": 28, "roi_align": 22, "roi_pool": 24}


def test_pairs_that_behave_differently_have_an_example_of_it_or_say_that_none_is_shown() -> None:
    unshown = Counter[str]()
    for pair in PAIRS:
        found = differences(pair.left, pair.right, pair.core)
        on_cpu = [d for d in found if d.code == "behaviour-differs" and d.detail != "conditional"]
        examples = pair_examples(pair.left, pair.right, pair.core)
        if not on_cpu or any(example.shows for example in examples):
            assert behaviour_without_example(pair.left, pair.right, pair.core) == []
            continue
        unshown[pair.core.op] += 1
        named = ", ".join(f"`{name}`" for item in on_cpu for name in item.names)
        assert f"\nNo example shows the difference in {named}: " in full_page(pair, "en")
        assert "\n没有示例体现以下差异：" in full_page(pair, "zh")
        frameworks = {pair.left.framework, pair.right.framework}
        assert not frameworks <= {"torchvision", "mindspore", "mmcv", "mmdet"}, pair.slug
    assert unshown == UNSHOWN


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
