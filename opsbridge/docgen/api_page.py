"""The page of one API: where its table places it in the vocabulary of its core operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsbridge.docgen.evidence import evidence_phrase
from opsbridge.docgen.find import apis_of
from opsbridge.docgen.markdown import code, fence, joined, table
from opsbridge.docgen.signature import signature_text
from opsbridge.docgen.wording import Language, pick, sentence
from opsbridge.tables.diff_parameters import subject, type_texts
from opsbridge.tables.forms import form_text, result_text
from opsbridge.tables.pairing import subject_names
from opsbridge.tables.schema import (
    ApiTable,
    Axis,
    Behaviour,
    CoreTable,
    Evidence,
    Param,
    Scalar,
    Text,
)

_OPERATOR = Text("Operator `{op}`: {text}", "算子 `{op}`：{text}")
_MORE = Text("Documented at <{link}>.", "文档：<{link}>。")
_PARAMETERS = Text("Parameters", "参数")
_PARAMETER_HEADER = Text(
    "Parameter|Default|Type|Shape|Dtypes|Meaning", "参数|默认值|类型|形状|数据类型|含义"
)
_REQUIRED = Text("required", "必须给出")
_ONLY_HERE = Text("only in opsbridge", "仅 opsbridge 提供")
_ENTRY = Text("entry of `{outer}`", "`{outer}` 的条目")
_IGNORED = Text("accepted, and of no effect", "接受但不起作用")
_ON_DEVICE = Text("on {device}: {dtypes}", "{device}：{dtypes}")
_AXIS_VALUE = Text("{about}: {meaning}", "{about}：{meaning}")
_SEPARATOR = Text("; ", "；")
_CHOICES = Text("Values of `{param}`", "`{param}` 的取值")
_CHOICE_HEADER = Text("Value|Axis|Meaning", "取值|约定|含义")
_RETURNS = Text("Returns", "返回值")
_RETURN_HEADER = Text("Name|Dtype|Meaning|Refers to", "名称|数据类型|含义|所指对象")
_SAME_DTYPE = Text("that of the tensors", "与输入相同")
_BEHAVIOUR = Text("Behaviour", "行为")
_BEHAVIOUR_HEADER = Text("Axis|Value|Meaning|Where|Evidence", "约定|取值|含义|适用范围|依据")
_EVERYWHERE = Text("everywhere", "所有情形")
_CONSTANTS = Text("Fixed by the API", "由接口固定的值")
_CONSTANT_HEADER = Text("Slot|Value|Meaning|Where|Evidence", "输入|取值|含义|适用范围|依据")
_LIMITS = Text("Limits", "限制")
_LIMIT_HEADER = Text("Platform|Limit|Meaning|Evidence", "平台|上限|含义|依据")
_DEVIATIONS = Text("Where opsbridge deviates", "opsbridge 与之不同之处")
_DEVIATION_HEADER = Text("Case|Real API|opsbridge|Evidence", "情形|真实接口|opsbridge|依据")
_EXAMPLE = Text("Example", "示例")
_OTHERS = Text("Other APIs of the operator", "同一算子的其他接口")


def api_page(api: ApiTable, core: CoreTable, language: Language = "en") -> str:
    """The page as Markdown."""
    writer = _Writer(api, core, language)
    return joined([f"# {api.name}", pick(api.text, language), *writer.sections()])


@dataclass(frozen=True)
class _Writer:
    api: ApiTable
    core: CoreTable
    language: Language

    def sections(self) -> Iterator[str]:
        link = self._say(self.api.documentation)
        yield self._say(_OPERATOR).format(op=self.core.op, text=self._say(self.core.text))
        yield fence(signature_text(self.api))
        yield self._say(_MORE).format(link=link)
        yield from self._section(_PARAMETERS, _PARAMETER_HEADER, self._parameters())
        for param in self.api.params:
            if param.choices:
                title = self._say(_CHOICES).format(param=param.name)
                rows = list(self._choices(param))
                yield joined([f"### {title}", self._table(_CHOICE_HEADER, rows)])
        yield from self._section(_RETURNS, _RETURN_HEADER, self._returns())
        yield from self._section(_BEHAVIOUR, _BEHAVIOUR_HEADER, self._behaviour())
        yield from self._section(_CONSTANTS, _CONSTANT_HEADER, self._constants())
        yield from self._section(_LIMITS, _LIMIT_HEADER, self._limits())
        yield from self._section(_DEVIATIONS, _DEVIATION_HEADER, self._deviations())
        yield joined([f"## {self._say(_EXAMPLE)}", fence(self.api.example, "pycon")])
        others = [code(other.name) for other in apis_of(self.core.op) if other != self.api]
        if others:
            yield joined([f"## {self._say(_OTHERS)}", ", ".join(others)])

    def _say(self, text: Text) -> str:
        return pick(text, self.language)

    def _evidence(self, evidence: Evidence) -> str:
        return evidence_phrase(evidence, self.api.framework, self.language)

    def _table(self, header: Text, rows: list[tuple[str, ...]]) -> str:
        return table(self._say(header).split("|"), rows)

    def _section(self, title: Text, header: Text, rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
        found = list(rows)
        if found:
            yield joined([f"## {self._say(title)}", self._table(header, found)])

    def _parameters(self) -> Iterator[tuple[str, ...]]:
        for param in self.api.params:
            default = self._say(_REQUIRED) if param.required else code(repr(param.default))
            yield (
                code(param.name),
                default,
                self._say(type_texts(param)),
                code(shape_text(param.shape)) if param.shape else "",
                self._dtypes(param),
                self._meaning(param),
            )

    def _dtypes(self, param: Param) -> str:
        narrowed = [
            self._say(_ON_DEVICE).format(device=device, dtypes=", ".join(dtypes))
            for device, dtypes in param.dtypes_on.items()
        ]
        return self._say(_SEPARATOR).join(filter(None, [", ".join(param.dtypes), *narrowed]))

    def _meaning(self, param: Param) -> str:
        names = subject_names(param)
        parts = [self._say(subject(self.core, names) if names else _IGNORED)]
        form = self._say(form_text(param, self.core))
        if form:
            parts.append(form)
        if param.inside:
            parts.append(self._say(_ENTRY).format(outer=param.inside))
        if param.extension:
            parts.append(self._say(_ONLY_HERE))
        return self._say(_SEPARATOR).join(parts)

    def _choices(self, param: Param) -> Iterator[tuple[str, ...]]:
        for choice in param.choices:
            for name, value in choice.set.items():
                yield code(repr(choice.value)), code(name), self._value(name, value)

    def _value(self, axis_name: str, value: Scalar) -> str:
        """What an axis is about and what this value of it means."""
        axis = next(axis for axis in self.core.axes if axis.name == axis_name)
        about, meaning = self._say(axis.text), self._say(_value_text(axis, value))
        return self._say(_AXIS_VALUE).format(about=about, meaning=meaning)

    def _returns(self) -> Iterator[tuple[str, ...]]:
        outputs = {output.name: output for output in self.core.outputs}
        for value in self.api.returns:
            output = outputs[value.output]
            dtype = self._say(_SAME_DTYPE) if value.dtype == "same" else value.dtype
            meant = self._say(output.refers_to) if output.refers_to else ""
            parts = filter(None, (self._say(output.text), self._say(result_text(value))))
            yield code(value.name), dtype, self._say(_SEPARATOR).join(parts), meant

    def _behaviour(self) -> Iterator[tuple[str, ...]]:
        for block in self.api.behaviour:
            evidence = self._evidence(block.evidence)
            for name, value in block.set.items():
                where = self._where(block)
                yield code(name), code(value), self._value(name, value), where, evidence

    def _where(self, block: Behaviour) -> str:
        where = " ".join(filter(None, [block.device, ", ".join(block.dtypes)]))
        return where or self._say(_EVERYWHERE)

    def _constants(self) -> Iterator[tuple[str, ...]]:
        for fixed in self.api.constants:
            evidence = self._evidence(fixed.evidence)
            meaning = self._say(subject(self.core, (fixed.slot,)))
            where = fixed.device or self._say(_EVERYWHERE)
            yield code(fixed.slot), code(fixed.value), meaning, where, evidence

    def _limits(self) -> Iterator[tuple[str, ...]]:
        for limit in self.api.limits:
            evidence = self._evidence(limit.evidence)
            meaning = sentence(subject(self.core, (limit.slot,)), self.language)
            yield limit.platform, str(limit.number), meaning, evidence

    def _deviations(self) -> Iterator[tuple[str, ...]]:
        for item in self.api.deviations:
            evidence = self._evidence(item.evidence)
            yield code(item.id), self._say(item.real), self._say(item.ours), evidence


def _value_text(axis: Axis, value: Scalar) -> Text:
    return next(item.text for item in axis.values if item.value == value)


def shape_text(shape: tuple[int | str, ...]) -> str:
    """A shape as documentation writes it."""
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
