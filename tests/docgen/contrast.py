"""Contrast of two colours, and the colours of style sheets, as WCAG measures them."""

from __future__ import annotations

import colorsys
import re

_HSL = re.compile(r"hsla?\((\d+),(\d+)%,(\d+)%(?:,1)?\)")
_NAMED = {"black": "#000000", "white": "#ffffff"}


def luminance(color: str) -> float:
    """Relative luminance of #rrggbb."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """From 1, for equal colours, to 21."""
    bright, dim = sorted([luminance(first), luminance(second)])[::-1]
    return (bright + 0.05) / (dim + 0.05)


def as_hex(color: str, variables: dict[str, str]) -> str:
    """A colour of a style sheet as #rrggbb; its variables are looked up."""
    while name := re.fullmatch(r"var\( *(--[\w-]+) *\)", color):
        color = variables[name[1]]
    color = _NAMED.get(color.lower(), color.lower())
    if hsl := _HSL.fullmatch(color.replace(" ", "")):
        hue, saturation, light = (int(part) for part in hsl.groups())
        rgb = colorsys.hls_to_rgb(hue / 360, light / 100, saturation / 100)
        return "#" + "".join(f"{round(part * 255):02x}" for part in rgb)
    if re.fullmatch(r"#[0-9a-f]{3}", color):
        return "#" + "".join(digit * 2 for digit in color[1:])
    assert re.fullmatch(r"#[0-9a-f]{6}", color), color
    return color


def rules(sheet: str) -> list[tuple[str, dict[str, str]]]:
    """The rules of a style sheet for screens in their order: selector and declarations.

    What a sheet says for dark screens is said again for pages that were made dark by hand.
    """
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    sheet = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", sheet)
    found = re.findall(r"([^{}]+)\{([^{}]*)\}", sheet)
    return [
        (selector.strip(), dict(re.findall(r"([\w-]+) *: *([^;]+?) *(?:;|$)", body)))
        for selector, body in found
    ]
