"""The terms of the documentation in both languages; every text of the tables keeps to them."""

from __future__ import annotations

from opsbridge.docgen.markdown import joined, table
from opsbridge.docgen.wording import Language, pick
from opsbridge.tables.schema import Text

# An English term, and what the Chinese text beside it must contain; alternatives after a bar.
TERMS = {
    "mask": "掩码",
    "indices": "下标",
    "score": "分数|分",
    "IoU": "交并比|IoU",
    "region": "区域",
    "sample": "采样",
    "threshold": "阈值",
    "channel": "通道",
    "gradient": "梯度",
    "batch index": "批次下标",
    "area": "面积|交并比",
    "image": "图像",
    "union": "并集|交并比",
}
_TITLE = Text("Glossary", "术语表")
_HEADER = Text("English|Chinese", "英文|中文")


def glossary_page(language: Language) -> str:
    """All terms as a table."""
    rows = [(english, chinese.replace("|", "、")) for english, chinese in sorted(TERMS.items())]
    title = f"# {pick(_TITLE, language)}"
    return joined([title, table(pick(_HEADER, language).split("|"), rows)])
