"""A difference page as data: every fact that the Markdown page shows, in both languages.

`SCHEMA` is the JSON Schema of one page; `opsbridge docs pages --format json` writes it beside them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

from opsbridge.docgen.difference_table import table_rows
from opsbridge.docgen.example_section import bridged_call, error_of, printed_by
from opsbridge.docgen.examples import Example, pair_examples
from opsbridge.docgen.pairs import Pair
from opsbridge.docgen.recorded import recording_of
from opsbridge.docgen.signature import signature_text
from opsbridge.docgen.snippet import Snippet
from opsbridge.docgen.unshown import Reason, unshown_differences
from opsbridge.docgen.wording import explain
from opsbridge.tables.diff import differences
from opsbridge.tables.difference import Action, Code, Difference, Part, headline
from opsbridge.tables.schema import ApiTable, Text

_TEXT = {"$ref": "#/$defs/text"}
_STRINGS = {"type": "array", "items": {"type": "string"}}


def _object(description: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Difference page of opsbridge",
    **_object(
        "The way from one API to another of the same operator",
        operator={"type": "string", "description": "core operator, as in mappings/core"},
        left={"$ref": "#/$defs/api"},
        right={"$ref": "#/$defs/api"},
        headline={"enum": list(get_args(Code)), "description": "the worst code"},
        differences={"type": "array", "items": {"$ref": "#/$defs/difference"}},
        table=_object(
            "rows of the five-column table, by language",
            en={"type": "array", "items": {"$ref": "#/$defs/row"}},
            zh={"type": "array", "items": {"$ref": "#/$defs/row"}},
        ),
        bridged_call={"type": "string", "description": "one line of the first example"},
        examples={"type": "array", "items": {"$ref": "#/$defs/example"}},
        unshown={"type": "array", "items": {"$ref": "#/$defs/unshown"}},
    ),
    "$defs": {
        "text": _object("the same in both languages", en={"type": "string"}, zh={"type": "string"}),
        "api": _object(
            "one side",
            name={"type": "string"},
            framework={"type": "string", "description": "folder of its table"},
            framework_name={"type": "string"},
            signature={"type": "string"},
            text=_TEXT,
            documentation=_TEXT,
            evidence={"type": "array", "items": {"$ref": "#/$defs/evidence"}},
        ),
        "evidence": _object(
            "how facts are known; what does not apply is empty",
            kind={"enum": ["probed", "documented", "assumed"]},
            **{
                name: {"type": "string"} for name in ("version", "platform", "link", "date", "note")
            },
        ),
        "difference": _object(
            "one computed difference",
            code={"enum": list(get_args(Code))},
            severity={"type": "integer", "minimum": 0, "maximum": 9},
            action={"enum": list(get_args(Action))},
            part={"enum": list(get_args(Part))},
            names={**_STRINGS, "description": "slots, output or axes of the core table"},
            left={"type": "string", "description": "cell of the left side"},
            right={"type": "string", "description": "cell of the right side"},
            subject=_TEXT,
            text=_TEXT,
        ),
        "row": _object(
            "one row",
            **{
                name: {"type": "string"}
                for name in ("category", "subcategory", "left", "right", "difference")
            },
        ),
        "example": _object(
            "one case; without `shows` both APIs do the same",
            case={"type": "string", "description": "name in the core table"},
            shows={**_STRINGS, "description": "axes in which the two calls differ"},
            left={"$ref": "#/$defs/snippet"},
            right={"$ref": "#/$defs/snippet"},
            bridged={"$ref": "#/$defs/snippet"},
        ),
        "unshown": _object(
            "axes in which the two differ and no example shows it, for one reason",
            reason={"enum": list(get_args(Reason))},
            axes=_STRINGS,
            text=_TEXT,
        ),
        "snippet": _object(
            "code, and what each of its prints printed; outputs are null where it was not run, or"
            " where the framework refused it with an error",
            code={"type": "string"},
            call={"type": "string", "description": "the line of the code that calls the API"},
            outputs={"type": ["array", "null"], "items": {"type": "string"}},
            error={"type": "string", "description": "empty where there was none"},
            versions={"type": ["object", "null"], "additionalProperties": {"type": "string"}},
        ),
    },
}


def page_data(pair: Pair) -> dict[str, Any]:
    """One page, valid under `SCHEMA`."""
    left, right, core = pair.left, pair.right, pair.core
    found = differences(left, right, core)
    return {
        "operator": core.op,
        "left": _api(left),
        "right": _api(right),
        "headline": headline(found).code,
        "differences": [_difference(item) for item in found],
        "table": {
            "en": [asdict(row) for row in table_rows(left, right, core, "en")],
            "zh": [asdict(row) for row in table_rows(left, right, core, "zh")],
        },
        "bridged_call": bridged_call(left, right, core),
        "examples": [_example(item) for item in pair_examples(left, right, core)],
        "unshown": [
            {"reason": item.reason, "axes": list(item.axes), "text": asdict(item.text)}
            for item in unshown_differences(left, right, core)
        ],
    }


def _api(api: ApiTable) -> dict[str, Any]:
    facts = [block.evidence for block in api.behaviour] + [limit.evidence for limit in api.limits]
    return {
        "name": api.name,
        "framework": api.framework,
        "framework_name": api.framework_name,
        "signature": signature_text(api),
        "text": asdict(api.text),
        "documentation": asdict(api.documentation),
        "evidence": [asdict(evidence) for evidence in dict.fromkeys(facts)],
    }


def _difference(item: Difference) -> dict[str, Any]:
    return {
        "code": item.code,
        "severity": item.severity,
        "action": item.action,
        "part": item.part,
        "names": list(item.names),
        "left": item.left,
        "right": item.right,
        "subject": asdict(item.subject),
        "text": asdict(Text(explain(item, "en"), explain(item, "zh"))),
    }


def _example(example: Example) -> dict[str, Any]:
    return {
        "case": example.case,
        "shows": list(example.shows),
        "left": _snippet(example.left),
        "right": _snippet(example.right),
        "bridged": _snippet(example.bridged),
    }


def _snippet(snippet: Snippet) -> dict[str, Any]:
    outputs, recording = printed_by(snippet), recording_of(snippet.environment)
    error = error_of(snippet)
    is_recorded = outputs is not None or error
    return {
        "code": snippet.code,
        "call": snippet.call,
        "outputs": ["\n".join(lines) for lines in outputs] if outputs is not None else None,
        "error": error,
        "versions": recording.versions if is_recorded and recording else None,
    }
