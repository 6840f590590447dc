"""Every row of the two published pages, and every sentence of them, beside what ours says.

Where ours does not say the same, what it says instead and why stand here.
"""

from __future__ import annotations

import numpy as np
import pytest
from real_frameworks import torch_tensor, torchvision_ops
from test_difference_table import NMS, ROI_ALIGN, published_rows, rows

from opsbridge.docgen.difference_page import difference_page
from opsbridge.docgen.wording import Language
from opsbridge.tables.load import load_api, load_core

IN_THE_INPUTS = "Given as an input of the constructed operator."
# The last cell of each published row, and what ours says of it, in both languages.
NMS_ROWS = [
    ("Bounding boxes, defined in the input list of MindSpore",
     ["Boxes.", IN_THE_INPUTS], ["边界框。", "作为算子的输入传入。"]),
    ("Scores of bounding box, defined in the input list of MindSpore",
     ["Score of each box.", IN_THE_INPUTS], ["每个框的分数。", "作为算子的输入传入。"]),
    ("Specify the threshold of overlap boxes with respect to IOU",
     ["Overlap (IoU) above which the lower box is dropped."],
     ["交并比阈值，超过时丢弃较低分的框。"]),
    ("Bounding boxes with scores", ["Boxes; score of each box."], ["边界框；每个框的分数。"]),
    ("Indices of the elements that have been kept by NMS",
     ["Indices of the kept boxes"], ["保留框在输入中的下标"]),
    ("A sorted list of bounding boxes by sorting the input bboxes in descending order of score",
     ["Boxes with scores, in descending order of score."], ["按分数降序排列的框和分数。"]),
    # Not a list of indices: 0 to N-1, of the sorted boxes.
    ("The indexes list `output_boxes`",
     ["Positions 0 to N-1 in the sorted boxes, not indices into the input."],
     ["排序后框的位置 0 到 N-1，不是输入下标。"]),
    ("A mask list of valid output bounding boxes. True for keep, False for drop",
     ["Mask over the sorted boxes, true where kept."], ["对应排序后框的掩码，保留为真。"]),
]  # fmt: skip
ROI_ALIGN_ROWS = [
    ("输入特征,此参数位于MindSpore算子的输入参数列表中",
     ["Input features.", IN_THE_INPUTS], ["输入特征。", "作为算子的输入传入。"]),
    # What the columns are, too, which the page leaves out.
    ("边界框坐标,此参数位于MindSpore算子的输入参数列表中",
     ["Regions as (batch index, x1, y1, x2, y2).", IN_THE_INPUTS],
     ["感兴趣区域（批次下标, x1, y1, x2, y2）。", "作为算子的输入传入。"]),
    ("特征尺寸,MindSopre分别用2个参数表示",
     ["Rows of the output grid; columns of the output grid.",
      "Split into `[pooled_height, pooled_width]`."],
     ["输出网格的行数；输出网格的列数。", "拆分为 `[pooled_height, pooled_width]`。"]),
    ("坐标缩放系数", ["Factor from box coordinates to feature coordinates."],
     ["框坐标到特征坐标的缩放系数。"]),
    ("插值采样数", ["Samples per bin and axis"], ["每个网格单元每个方向的采样数"]),
    ("对齐的模式。False时实现相同,True时实现不同",
     ["Equal values: False = 0.", "Without an equal: True of `aligned`, 1 of `roi_end_mode`."],
     ["等价取值：False = 0。", "没有等价取值：`aligned` 的 True，`roi_end_mode` 的 1。"]),
    ("输入特征", ["Input features."], ["输入特征。"]),
    ("roi坐标", ["Regions as (batch index, x1, y1, x2, y2)."],
     ["感兴趣区域（批次下标, x1, y1, x2, y2）。"]),
    ("对齐后的特征", ["Aligned features."], ["对齐后的特征。"]),
]  # fmt: skip
PAGES = [
    pytest.param("nms_en_flat.md", NMS, NMS_ROWS, id="nms"),
    pytest.param("roi_align_zh_flat.md", ROI_ALIGN, ROI_ALIGN_ROWS, id="roi_align"),
]
Rows = list[tuple[str, list[str], list[str]]]


@pytest.mark.parametrize(("file", "pair", "said"), PAGES)
def test_every_row_of_the_page_is_compared(file: str, pair: tuple[str, str], said: Rows) -> None:
    del pair
    assert [row[4] for row in published_rows(file)] == [text for text, _, _ in said]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("file", "pair", "said"), PAGES)
def test_the_row_of_the_same_subject_says_the_same(
    file: str, pair: tuple[str, str], said: Rows, language: Language
) -> None:
    """It has the same two cells, stands at the same place, and has each of the phrases."""
    computed = rows(pair, language)
    for place, (published, (_, en, zh)) in enumerate(zip(published_rows(file), said, strict=True)):
        ours = computed[place]
        assert (ours.left, ours.right) == (published[2], published[3])
        missing = [text for text in (en if language == "en" else zh) if text not in ours.difference]
        assert not missing, (published, ours.difference)


def page(pair: tuple[str, str], language: Language) -> str:
    left, right = map(load_api, pair)
    return difference_page(left, right, load_core(left.core), language)


@pytest.mark.parametrize(
    ("pair", "language", "sentences"),
    [
        (NMS, "en", ["[boxes, scores]` together become `bboxes`", "At most 2864 on Ascend."]),
        (ROI_ALIGN, "zh", ["MindSpore：", "`aligned` 的 True，`roi_end_mode` 的 1"]),
    ],
)
def test_what_the_page_says_above_its_table(
    pair: tuple[str, str], language: Language, sentences: list[str]
) -> None:
    """The packed input and the limit; that the form of the inputs and the alignment differ."""
    assert all(sentence in page(pair, language) for sentence in sentences)


def test_the_shape_of_scores_that_the_page_gives_is_refused() -> None:
    """The page has (N, 1) for torchvision; it takes (N,), as our table and its pages say."""
    boxes = torch_tensor(np.zeros((2, 4), np.float32))
    scores = torch_tensor(np.ones((2, 1), np.float32))
    with pytest.raises(RuntimeError, match="1d tensor"):
        torchvision_ops().nms(boxes, scores, 0.5)
    given = next(param for param in load_api(NMS[0]).params if param.name == "scores")
    assert given.shape == ("N",)
