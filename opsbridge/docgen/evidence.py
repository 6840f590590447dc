"""How a fact is known, as a phrase: seen on an installed package, documented, or assumed."""

from __future__ import annotations

from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.schema import Evidence, Text

_PHRASES = {
    "probed": Text(
        "probed with {framework} {version} on {platform}",
        "在 {platform} 上以 {framework} {version} 实测",
    ),
    "documented": Text("[documented]({link}), {date}", "[文档]({link})，{date}"),
    "assumed": Text("assumed: {note}", "推断：{note}"),
}


def evidence_phrase(evidence: Evidence, framework: str, language: Language) -> str:
    """A phrase without a full stop; `framework` is the package whose version it names."""
    return pick(_PHRASES[evidence.kind], language).format(
        framework=framework,
        version=evidence.version,
        platform=evidence.platform,
        link=evidence.link,
        date=evidence.date,
        note=evidence.note,
    )
