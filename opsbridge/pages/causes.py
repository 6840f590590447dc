"""Finds why a statement failed, from evidence; where there is none it says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from opsbridge.pages.evidence import Call, Failure
from opsbridge.pages.model import Api, Cause

SKIPPING = frozenset(
    {
        Cause.PACKAGE, Cause.DATA, Cause.NETWORK, Cause.PLATFORM, Cause.NOT_COVERED,
        Cause.RENAMED, Cause.REMOVED, Cause.SIGNATURE,
    }
)  # fmt: skip
"""Causes for which a statement is skipped: it cannot run here, whatever it would print."""

_NO_KERNEL = re.compile(
    r"Unsupported op \[(?P<name>\w+)\] on (?P<platform>\w+)"
    r"|Select (?P<platform_2>\w+) operator\[(?P<name_2>\w+)\] fail"
)
"""MindSpore has no such operator, or none for these dtypes."""
_OTHER_PLATFORM = re.compile(
    r"only (?:be )?support(?:s|ed)? (?:by |on |in )?(?:the )?(?:Ascend|GPU)\b"
    r"|not support(?:ed)? on (?:the )?(?:CPU|GPU|Ascend)\b|on CPU(?: currently|, but got)",
    re.IGNORECASE,
)
_NO_CUDA = re.compile(r"not compiled with CUDA|No CUDA GPUs are available|Found no NVIDIA driver")
_MEMORY = re.compile(r"std::bad_alloc|can't allocate memory|not enough memory|Unable to allocate")
_NETWORK_ERRORS = frozenset({"gaierror", "URLError", "ConnectionError", "ProxyError"})
_UNREACHABLE = frozenset({100, 101, 110, 111, 113})
"""Network down, unreachable, timed out, refused, no route to host."""
_READ_ONLY, _TOO_LARGE, _NO_SPACE = 30, 27, 28
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_TOO_MANY = re.compile(r"takes (?:from \d+ to )?(\d+) positional arguments? but (\d+) (?:was|were)")
_REQUIRED = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)")
_POSITIONAL = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")


@dataclass(frozen=True)
class Found:
    """Why a statement failed: of what kind, and in words."""

    kind: Cause
    text: str


def cause_of(failure: Failure, apis: Sequence[Api]) -> Found:
    """Return the cause of an exception; apis are those of the page, with their signatures."""
    if failure.missing:
        return Found(Cause.PACKAGE, f"package {failure.missing} is not installed")
    if failure.uncovered:
        return Found(Cause.NOT_COVERED, f"not covered: {failure.message.split(' ')[0]}")
    return (
        platform_in(failure.message)
        or _resources(failure)
        or _name(failure)
        or _undefined(failure)
        or _signature(failure, apis)
        or Found(Cause.UNKNOWN, told(failure))
    )


def told(failure: Failure) -> str:
    """Return class and telling line of an exception."""
    return f"{failure.name}: {_telling_line(failure.message)}".rstrip(": ")


def _telling_line(message: str) -> str:
    # MindSpore puts rules and headings of dashes above its message, and its C++ stack below.
    lines = [line.strip() for line in message.split("\n")]
    return next((line for line in lines if line and not line.startswith("-")), "")


def platform_in(text: str) -> Found | None:
    """Find a framework's word, raised or printed, that an operator needs another platform."""
    match = _NO_KERNEL.search(text)
    if match:
        name, platform = match["name"] or match["name_2"], match["platform"] or match["platform_2"]
        dtypes = "" if match["name"] else " for these dtypes"
        found = f"MindSpore has no {name}{dtypes} on this platform ({platform})"
        return Found(Cause.PLATFORM, found)
    for pattern, need in ((_OTHER_PLATFORM, "another platform"), (_NO_CUDA, "CUDA")):
        if pattern.search(text):
            return Found(Cause.PLATFORM, f"needs {need}: {_telling_line(text)}")
    return None


def _resources(failure: Failure) -> Found | None:
    """Find what the code needs and this run does not give: network, data, memory, room."""
    text = told(failure)
    if _NETWORK_ERRORS & set(failure.classes) or _UNREACHABLE & set(failure.errors):
        return Found(Cause.NETWORK, f"needs the network: {text}")
    called = [call for call in failure.calls if ".dataset" in call.name.lower() and call.paths]
    if failure.paths or called:
        path = failure.paths[0] if failure.paths else called[0].paths[0]
        return Found(Cause.DATA, f"needs {path!r}, which is not there: {text}")
    if "MemoryError" in failure.classes or _MEMORY.search(failure.message):
        return Found(Cause.MEMORY, f"out of memory: {text}")
    if _READ_ONLY in failure.errors:
        return Found(Cause.FILES, f"wrote outside its folder: {text}")
    if failure.errors and failure.errors[0] in (_TOO_LARGE, _NO_SPACE):
        return Found(Cause.OUTPUT, f"wrote too much: {text}")
    return None


def _name(failure: Failure) -> Found | None:
    if not failure.lost:
        return None
    if failure.found:
        return Found(Cause.RENAMED, f"{failure.lost} is now {' or '.join(failure.found)}")
    return Found(Cause.REMOVED, f"{failure.lost} does not exist in the installed version")


def _undefined(failure: Failure) -> Found | None:
    if "NameError" not in failure.classes and failure.name != "NameError":
        return None
    return Found(Cause.UNDEFINED, f"the example does not define it: {told(failure)}")


def _signature(failure: Failure, apis: Sequence[Api]) -> Found | None:
    """Find a documented parameter that the installed function no longer takes in the same way."""
    if failure.name != "TypeError":
        return None
    for call in failure.calls:
        api = _api_of(call, apis)
        if api is None or call.parameters is None:
            continue
        documented = parameters_of(api.signature)
        installed = [name for name, _ in call.parameters]
        unexpected = _UNEXPECTED.search(failure.message)
        if unexpected and unexpected[1] in documented and unexpected[1] not in installed:
            return Found(Cause.SIGNATURE, f"{api.name} has no parameter {unexpected[1]} any more")
        most = sum(kind in _POSITIONAL for _, kind in call.parameters)
        if _TOO_MANY.search(failure.message) and most < call.positional <= len(documented):
            text = (
                f"{api.name} takes {most} arguments by position, documented are {len(documented)}"
            )
            return Found(Cause.SIGNATURE, text)
        required = _REQUIRED.search(failure.message)
        names = re.findall(r"'(\w+)'", required[1]) if required else []
        new = [name for name in names if name in installed and name not in documented]
        if new:
            return Found(Cause.SIGNATURE, f"{api.name} requires {new[0]}, which is not documented")
    return None


def _api_of(call: Call, apis: Sequence[Api]) -> Api | None:
    """Return the API of the page that a call names, if it prints its signature."""
    # Modules move, so the framework and the last part must do.
    return next(
        (api for api in apis if api.signature and _ends(api.name) == _ends(call.name)), None
    )


def _ends(name: str) -> tuple[str, str]:
    return name.split(".")[0], name.rsplit(".", 1)[-1]


def parameters_of(signature: str) -> list[str]:
    """Return the names of the parameters in a printed signature, of both calls if it shows two."""
    names: list[str] = []
    depth, part = 0, ""
    for character in signature + ",":
        if depth and (depth > 1 or character not in "),"):
            part += character
        if depth == 1 and character in "),":
            name = re.match(r"\s*\**([A-Za-z_]\w*)", part)
            if name and name[1] not in names:
                names.append(name[1])
            part = ""
        depth += (character in "([{") - (character in ")]}")
    return names
