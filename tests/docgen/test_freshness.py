"""Pages are never out of date unseen: any changed fact shows as a stale page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib", reason="the site needs opsbridge[site]")

from opsbridge.docgen import example_section
from opsbridge.docgen.pairs import Pair, all_pairs
from opsbridge.docgen.recorded import Recording, recording_of
from opsbridge.docgen.site import guides, reference_pages, sources
from opsbridge.docgen.site.freshness import keep_digests, source_digests, stale_pages
from opsbridge.docgen.site.sources import site_sources
from opsbridge.errors import PageError
from opsbridge.tables import load
from opsbridge.tables.schema import ApiTable

PAIR = "differences/torchvision.ops.nms-to-mindspore.ops.NMSWithMask.md"


@pytest.fixture(scope="module", autouse=True)
def few_pages() -> Iterator[None]:
    """One operator and two pairs instead of hundreds, whose pages are all made alike."""
    wanted = {PAIR, "differences/torchvision.ops.roi_align-to-mindspore.ops.ROIAlign.md"}

    def few() -> Iterator[Pair]:
        return (pair for pair in all_pairs() if f"differences/{pair.slug}.md" in wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "all_pairs", few)
        patch.setattr(sources, "all_core_names", lambda: ("nms",))
        patch.setattr(sources, "all_api_names", lambda: ("torchvision.ops.nms",))
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that remembers the English sources as they are."""
    out = tmp_path_factory.mktemp("built")
    keep_digests(source_digests(site_sources("en")), out)
    return out


def changed(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> None:
    """Other facts in the table of ``torchvision.ops.nms``, for everyone who loads it."""
    real = load._cached_api("torchvision.ops.nms")
    table = dataclasses.replace(real, **facts)

    def other(name: str) -> ApiTable:
        return table if name in (table.name, "torchvision/nms") else original(name)

    original = load._cached_api
    monkeypatch.setattr(load, "_cached_api", other)


def test_nothing_is_stale_by_itself(built: Path) -> None:
    assert stale_pages("en", built) == []


def test_a_changed_default_shows_on_all_pages_of_the_api(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = load.load_api("torchvision.ops.nms").params
    threshold = dataclasses.replace(params[2], required=False, default=0.5)
    changed(monkeypatch, params=(*params[:2], threshold))
    stale = stale_pages("en", built)
    assert PAIR in stale
    assert {"apis/torchvision.ops.nms.md", "reference/opsbridge.torchvision.ops.md"} <= set(stale)
    assert not [name for name in stale if "roi" in name.lower()]


def test_a_changed_deviation_shows_where_the_framework_was_found_wrong(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(monkeypatch, deviations=load.load_api("torchvision.ops.nms").deviations[1:])
    assert {"found/torchvision.md", "apis/torchvision.ops.nms.md"} <= set(stale_pages("en", built))


def test_a_changed_dtype_shows_in_the_matrix(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = load.load_api("torchvision.ops.nms").params
    boxes = dataclasses.replace(params[0], dtypes_on={"cpu": ("float64",)})
    changed(monkeypatch, params=(boxes, *params[1:]))
    assert "matrix.md" in stale_pages("en", built)


def test_a_changed_recorded_output_shows(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(environment: str) -> Recording | None:
        found = recording_of(environment)
        if environment != "mindspore" or found is None:
            return found
        outputs = {code: (("?",), *lines[1:]) for code, lines in found.outputs.items()}
        return dataclasses.replace(found, outputs=outputs)

    monkeypatch.setattr(example_section, "recording_of", other)
    stale = stale_pages("en", built)
    assert PAIR in stale
    assert all(name.startswith("differences/") for name in stale)


def test_a_changed_docstring_shows_in_the_reference(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reference_pages._parsed

    def other(path: Path) -> Any:
        tree = real(path)
        if path.name != "errors.py":
            return tree
        text = path.read_text(encoding="utf-8").replace("wrong shape, length", "wrong shape")
        return reference_pages.ast.parse(text)

    monkeypatch.setattr(reference_pages, "_parsed", other)
    assert stale_pages("en", built) == ["reference/opsbridge.errors.md"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one guide and its twin."""
    (tmp_path / "docs" / "zh").mkdir(parents=True)
    english = "# Guide\n\nOne.\n"
    (tmp_path / "docs" / "guide.md").write_text(english, encoding="utf-8")
    twin = f"<!-- translates guide.md {guides.digest(english)} -->\n# 指南\n\n一。\n"
    (tmp_path / "docs" / "zh" / "guide.md").write_text(twin, encoding="utf-8")
    monkeypatch.setattr(guides, "checkout", lambda: tmp_path)
    return tmp_path


def test_a_twin_of_the_text_as_it_is_stands_alone(checkout: Path) -> None:
    (guide,) = guides.guides("zh")
    assert guide.text == "# 指南\n\n一。\n"


def test_a_twin_of_an_older_text_says_so_and_links_the_newer(checkout: Path) -> None:
    (checkout / "docs" / "guide.md").write_text("# Guide\n\nTwo.\n", encoding="utf-8")
    (guide,) = guides.guides("zh")
    assert "以英文版为准" in guide.text
    assert 'href="../en/guide.html"' in guide.text
    assert guide.text.startswith("# 指南\n")


def test_a_guide_without_a_twin_says_so_and_links_the_english_one(checkout: Path) -> None:
    (checkout / "docs" / "zh" / "guide.md").unlink()
    (guide,) = guides.guides("zh")
    assert guide.text.startswith("# Guide\n")
    assert "尚无中文版" in guide.text
    assert 'href="../en/guide.html"' in guide.text


def test_figures_are_taken_from_the_english_text(checkout: Path) -> None:
    prose, figures = "# Guide\n\nOne.\n", "\n## Figures\n\n| 1 | 2 |\n"
    twin = (
        f"<!-- translates guide.md {guides.digest(prose)} -->\n# 指南\n\n一。\n\n"
        "<!-- as in English from: ## Figures -->\n## 测量结果\n"
    )
    (checkout / "docs" / "guide.md").write_text(prose + figures, encoding="utf-8")
    (checkout / "docs" / "zh" / "guide.md").write_text(twin, encoding="utf-8")
    assert guides.twin_of("guide") == ("# 指南\n\n一。\n\n## 测量结果\n\n| 1 | 2 |\n", True)
    (checkout / "docs" / "guide.md").write_text(prose + figures + "| 3 | 4 |\n", encoding="utf-8")
    assert guides.twin_of("guide") == (
        "# 指南\n\n一。\n\n## 测量结果\n\n| 1 | 2 |\n| 3 | 4 |\n",
        True,
    )
    (checkout / "docs" / "guide.md").write_text("# Guide\n\nTwo.\n" + figures, encoding="utf-8")
    twin_now = guides.twin_of("guide")
    assert twin_now is not None
    assert not twin_now[1]
    (checkout / "docs" / "guide.md").write_text(prose, encoding="utf-8")
    with pytest.raises(PageError, match="has no heading '## Figures'"):
        guides.twin_of("guide")


def test_a_twin_that_does_not_say_what_it_translates_is_refused(checkout: Path) -> None:
    (checkout / "docs" / "zh" / "guide.md").write_text("# 指南\n", encoding="utf-8")
    with pytest.raises(PageError, match="line 1 must be"):
        guides.guides("zh")
