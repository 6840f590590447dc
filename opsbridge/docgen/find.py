"""Finding an API by what a person types: a dotted name, an identifier, or only its last part."""

from __future__ import annotations

import difflib

from opsbridge.errors import TableError
from opsbridge.tables.load import (
    all_api_identifiers,
    all_api_names,
    all_core_names,
    load_api,
)
from opsbridge.tables.schema import ApiTable


def find_api(name: str) -> ApiTable:
    """The API of a name; its last part is enough where only one API ends so.

    Raises:
        TableError: nothing or several APIs are called so; the message lists likely ones.

    >>> find_api("NMSWithMask").name
    'mindspore.ops.NMSWithMask'
    """
    if "." in name or "/" in name:
        return load_api(name)
    ending = [full for full in all_api_names() if _last(full) == name]
    if len(ending) == 1:
        return load_api(ending[0])
    raise TableError(_ambiguous(name, _candidates(name)) or _unknown(name))


def complete_api(prefix: str, **_: object) -> list[str]:
    """Names that begin with what was typed so far, for the completion of a shell."""
    names = (*all_api_names(), *(all_api_identifiers() if "/" in prefix else ()))
    return [name for name in names if name.startswith(prefix)]


def apis_of(op: str) -> list[ApiTable]:
    """All APIs of a core operator, sorted by name."""
    return [api for api in map(load_api, all_api_names()) if api.core == op]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _candidates(name: str) -> list[str]:
    """APIs that end so in another spelling, and all those of an operator of this name."""
    wanted = name.lower().replace("_", "")
    spelt = [full for full in all_api_names() if _last(full).lower().replace("_", "") == wanted]
    of_operator = [api.name for api in apis_of(name)] if name in all_core_names() else []
    return list(dict.fromkeys((*spelt, *of_operator)))


def _ambiguous(name: str, candidates: list[str]) -> str:
    return f"{name!r} may mean {', '.join(candidates)}; give one of them" if candidates else ""


def _unknown(name: str) -> str:
    names = all_api_names()
    lasts = dict.fromkeys(map(_last, names))
    close = difflib.get_close_matches(name, list(lasts), n=3)
    likely = [full for short in close for full in names if _last(full) == short]
    hint = f"did you mean {', '.join(likely)}?" if likely else f"known: {', '.join(names)}"
    return f"there is no table for the API {name!r}; {hint}"
