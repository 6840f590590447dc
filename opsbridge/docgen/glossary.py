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
    "anchor": "锚框",
    "angle": "角度",
    "bin": "单元",
    "centre": "中心",
    "class": "类别",
    "coordinate": "坐标",
    "grid": "网格",
    "group": "组",
    "offset": "偏移",
    "process": "进程",
    "rounding": "舍入",
    "suppression": "抑制",
    "tensor": "张量",
    "weight": "权重",
}
_TITLE = Text("Glossary", "术语表")
_HEADER = Text("English|Chinese", "英文|中文")


def glossary_page(language: Language) -> str:
    """All terms as a table."""
    rows = [(english, chinese.replace("|", "、")) for english, chinese in sorted(TERMS.items())]
    title = f"# {pick(_TITLE, language)}"
    return joined([title, table(pick(_HEADER, language).split("|"), rows)])
