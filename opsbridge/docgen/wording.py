"""Prose of a difference: one template per code, filled with the texts of the tables.

What is said about an operator stands in its core table; here is only what holds for every operator
and every pair of APIs.
"""

from __future__ import annotations

import re
from typing import Literal

from opsbridge.tables.difference import Action, Code, Difference
from opsbridge.tables.schema import Text

Language = Literal["en", "zh"]

_TEMPLATES: dict[tuple[Code, str], Text] = {
    ("same", ""): Text("", ""),
    ("same", "conditional"): Text("On {condition}: no difference.", "{condition}：没有差异。"),
    ("renamed", ""): Text("Named `{right_cell}`.", "名称为 `{right_cell}`。"),
    ("moved", "function"): Text("Given with every call.", "在每次调用时传入。"),
    ("moved", "constructor"): Text("Given when the operator is constructed.", "在构造算子时传入。"),
    ("moved", "input"): Text(
        "Given as an input of the constructed operator.", "作为算子的输入传入。"
    ),
    ("moved", "position"): Text(
        "Position {right} instead of {left}.", "位置由第 {left} 个变为第 {right} 个。"
    ),
    ("moved", "positional"): Text("By position only.", "只能按位置传入。"),
    ("packed", ""): Text(
        "`{left_cell}` together become `{right_cell}`.", "`{left_cell}` 合并为 `{right_cell}`。"
    ),
    ("split", ""): Text("Split into `{right_cell}`.", "拆分为 `{right_cell}`。"),
    ("default-added", ""): Text("Optional, default {right}.", "可选，默认值为 {right}。"),
    ("default-removed", ""): Text(
        "Required; the default was {left}.", "必须给出；原默认值为 {left}。"
    ),
    ("default-differs", ""): Text(
        "Default {left} against {right}.", "默认值分别为 {left} 与 {right}。"
    ),
    ("type-differs", "forms"): Text(
        "Takes {right} instead of {left}.", "接受 {right}，而不是 {left}。"
    ),
    ("type-differs", "dtypes"): Text(
        "Dtypes {right} instead of {left}.", "数据类型为 {right}，而不是 {left}。"
    ),
    ("type-differs", "unit"): Text(
        "Form: {right}; on the left: {left}.", "形式：{right}；左侧：{left}。"
    ),
    ("type-differs", "values"): Text("Equal values: {equal}.", "等价取值：{equal}。"),
    ("values-differ", ""): Text(
        "Equal values: {equal}. Without an equal: {left_only} of `{left_cell}`, "
        "{right_only} of `{right_cell}`.",
        "等价取值：{equal}。没有等价取值：`{left_cell}` 的 {left_only}，"
        "`{right_cell}` 的 {right_only}。",
    ),
    ("extra", "optional"): Text("The default {right} can stay.", "可保留默认值 {right}。"),
    ("extra", "required"): Text("Must be given.", "必须给出。"),
    ("missing", ""): Text("No counterpart.", "没有对应参数。"),
    ("output-differs", "missing"): Text("Not returned.", "不返回。"),
    ("output-differs", "extra"): Text("Only returned there.", "仅此处返回。"),
    ("output-differs", "dtype"): Text(
        "Dtype: {right}; on the left: {left}.", "数据类型：{right}；左侧：{left}。"
    ),
    ("output-differs", "unit"): Text(
        "Form: {right}; on the left: {left}.", "形式：{right}；左侧：{left}。"
    ),
    ("output-differs", "meaning"): Text(
        "What indices and masks refer to: unless the input already has that order, "
        "the same number means another row.",
        "下标与掩码所指的对象：除非输入已按此顺序排列，否则同一个数指向不同的行。",
    ),
    ("behaviour-differs", ""): Text("Shows with: {shows}.", "可见于：{shows}。"),
    ("behaviour-differs", "conditional"): Text(
        "On {condition}. Shows with: {shows}.", "{condition}。可见于：{shows}。"
    ),
    ("limit", ""): Text("At most {right} on {platform}.", "在 {platform} 上最多 {right}。"),
    ("unknown", ""): Text("Not known on both sides.", "有一侧未知。"),
    ("unknown", "conditional"): Text(
        "On {condition}: not known on both sides.", "{condition}：有一侧未知。"
    ),
    ("unknown", "dtypes"): Text(
        "Dtypes {known}; not known for {side}.", "数据类型为 {known}；{side} 未知。"
    ),
    ("absent", ""): Text("There is no such API.", "没有对应的接口。"),
}
# Templates keep their places apart, which is for names and numbers only.
_BETWEEN_CHINESE = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_ACTIONS: dict[Action, Text] = {
    "none": Text("nothing to do", "无需处理"),
    "bridged": Text("done by opsbridge", "由 opsbridge 处理"),
    "by hand": Text("to be checked by hand", "需人工检查"),
    "impossible": Text("cannot be replaced", "无法替代"),
}


def pick(text: Text, language: Language) -> str:
    """A text in one of the two languages."""
    return text.en if language == "en" else text.zh


def explain(difference: Difference, language: Language) -> str:
    """One difference as sentences, without what it is about."""
    facts = {name: pick(text, language) for name, text in difference.facts.items()}
    template = pick(_TEMPLATES[difference.code, difference.detail], language)
    cells = {"left_cell": difference.left, "right_cell": difference.right}
    said = template.format(**cells, **facts)
    return said if language == "en" else _BETWEEN_CHINESE.sub("", said)


def explain_action(action: Action, language: Language) -> str:
    """What is to be done about a difference."""
    return pick(_ACTIONS[action], language)


def sentence(text: Text, language: Language) -> str:
    """A phrase of the tables as a sentence."""
    if language == "zh":
        return f"{text.zh}。"
    return f"{text.en[:1].upper()}{text.en[1:]}."


def join_sentences(sentences: list[str], language: Language) -> str:
    """Sentences of one cell, each once."""
    separator = " " if language == "en" else ""
    return separator.join(dict.fromkeys(filter(None, sentences)))
