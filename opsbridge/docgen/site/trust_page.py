"""The page that says what was tested: from `docs/trust.json`, which test runs write themselves."""

from __future__ import annotations

import json
from typing import Any

from opsbridge.docgen.markdown import code, joined, table
from opsbridge.docgen.site.guides import checkout
from opsbridge.docgen.wording import Language, pick
from opsbridge.errors import PageError
from opsbridge.tables.schema import Text

_RECORD = "docs/trust.json"
_TITLE = Text("What was tested", "测试记录")
_INTRO = Text(
    "Each section is one run of one command, and every number in it was written by that run. Seeds "
    "are fixed: the same command runs the same cases again, and a failure prints the command that "
    "repeats it alone.",
    "每一节对应一条命令的一次运行，其中的数字均由该次运行写出。随机种子固定："
    "同一命令会再次运行相同的用例；如有失败，会打印单独重现它的命令。",
)
_COMMANDS = {
    "differential": Text(
        "Results against the real frameworks: indices are equal, values have the same bits.",
        "与真实框架的结果对比：索引一致，数值逐位相同。",
    ),
    "museum": Text(
        "Faults that implementations of these operators once had, planted in the sources one at a "
        "time: a mismatch here is a fault that no test caught.",
        "将这些算子的各种实现曾出现过的错误逐一植入源码；此处的不一致指没有测试发现的错误。",
    ),
    "fuzz": Text(
        "Inputs that a fuzzer made for what reads tables, pages, checkpoints and source: each is "
        "read or refused with the error of its reader. How many fit into the time differs from "
        "machine to machine.",
        "由模糊测试为读取表、页面、检查点与源码的代码生成的输入：每个输入要么被读取，"
        "要么以读取器自己的错误拒绝。限时内的输入数量因机器而异。",
    ),
    "native-fuzz": Text(
        "Calls that a fuzzer made, with memory and undefined behaviour watched: every instruction-"
        "set level gives the same bits, and those of a plain computation where the target has one. "
        "How many fit into the time differs from machine to machine.",
        "由模糊测试生成的调用，同时检测内存与未定义行为：各指令集层级的结果逐位相同；"
        "若目标附有朴素计算，则也与之相同。限时内的调用数量因机器而异。",
    ),
    "asan": Text(
        "Tests, by folder, on kernels that report wrong memory accesses, leaks and undefined "
        "behaviour: a report ends the run. Inputs are NumPy's: no framework is installed.",
        "在会报告非法内存访问、泄漏与未定义行为的内核上运行的测试，按文件夹列出：一旦报告，运行即终止。"
        "输入为 NumPy 数组，未安装任何框架。",
    ),
    "tsan": Text(
        "Tests, by folder, on kernels that report data races: a report ends the run. Inputs are "
        "NumPy's: no framework is installed.",
        "在会报告数据竞争的内核上运行的测试，按文件夹列出：一旦报告，运行即终止。"
        "输入为 NumPy 数组，未安装任何框架。",
    ),
}
_FRAMEWORK = Text(
    "Tests of the operators in the form of {name}, with the real one installed, by file: a case is "
    "a test, whose inputs are its own.",
    "在安装了真实 {name} 的环境中运行的、针对其形式的算子测试，按文件列出："
    "每个用例是一个测试，其输入由测试自定。",
)
_MUTATION = Text(
    "Small changes (mutants) of the sources, planted one at a time in a copy, until a test fails "
    "or none does. They are a sample by seed of all that the tool can make, not all of them. "
    "Sentences for people are not changed, nor are kernels for CUDA and the traversals of one "
    "level. A function of the translator is tried with every test that runs the changed line. "
    "What the compiler or the type checker refuses is no mutant that tests could meet, and is not "
    "among the tested. A mutant that no test could tell from the sound source is equivalent; each "
    "is listed with the reason in `tests/mutation/equivalent.toml`.",
    "对源码的微小改动（变异体）逐一植入副本，直到有测试失败或全部通过。所测的是按种子从工具能产生的全部"
    "变异体中抽取的样本，并非全部。面向读者的文字、CUDA 内核以及单一指令集层级的遍历代码不作改动。"
    "转换器的函数以运行过被改行的全部测试检验。编译器或类型检查器拒绝的改动不会进入测试，"
    "因而不计入测试数。任何测试都无法与原源码区分的变异体视为等价，"
    "逐一连同理由列于 `tests/mutation/equivalent.toml`。",
)
_PARTS = ("headers", "tables", "translator")
_MUTANTS = Text(
    "Part|Tested|Killed|Survived|Equivalent|Refused|Seed",
    "部分|测试数|杀死|存活|等价|被拒绝|种子",
)
_HEADER = Text("What|Against|Cases|Tests|Failed", "内容|对照|用例数|测试数|失败数")
_RUN = Text("Run on {date} with {versions}:", "{date} 运行于 {versions}：")
_NOT_RUN = Text("Not run", "未运行")
_GPU = Text(
    "Nothing on this page was computed by a GPU; what was run on one is in "
    "[the page on CUDA](cuda.md). A command without a section here has no run on record.",
    "本页没有任何结果由 GPU 计算；在 GPU 上运行的内容见 [CUDA 页](cuda.md)。"
    "此处没有对应章节的命令，即没有运行记录。",
)


def trust_page(language: Language) -> str:
    """What was compared, how often, with which versions, and what was not.

    Raises:
        PageError: the record is missing or is none.
    """
    parts = [f"# {pick(_TITLE, language)}", pick(_INTRO, language)]
    for command, run in sorted(_record().items()):
        if "parts" in run:
            parts += _mutation(command, run["parts"], language)
            continue
        about = _COMMANDS.get(command, _FRAMEWORK)
        parts += [
            f"## tox run -e {command}",
            pick(about, language).format(name=command),
            " ".join([_run_on(run, language), *_again(command, run)]),
            table(pick(_HEADER, language).split("|"), [_row(entry) for entry in run["entries"]]),
        ]
    return joined([*parts, f"## {pick(_NOT_RUN, language)}", pick(_GPU, language)])


def _mutation(command: str, parts: dict[str, Any], language: Language) -> list[str]:
    """The section of a run that planted mutants, with a table for each part of the sources."""
    header = pick(_MUTANTS, language).split("|")
    section = [f"## tox run -e {command}", pick(_MUTATION, language)]
    for name in _PARTS:
        run = parts.get(name)
        if run is None:
            section.append(f"{code(name)}: {pick(_NOT_RUN, language).lower()}")
            continue
        tested = run["killed"] + run["survived"]
        counts = (tested, *(run[what] for what in ("killed", "survived", "equivalent", "refused")))
        row = (code(name), *(f"{count:,}" for count in counts), str(run["seed"]))
        again = f"tox run -e {command} -- --only {name} --sample {tested} --seed {run['seed']}"
        section += [f"{_run_on(run, language)} {code(again)}", table(header, [row])]
    return section


def _again(command: str, run: dict[str, Any]) -> list[str]:
    """The command of a run, where its name alone asks for other cases."""
    arguments = run.get("arguments")
    return [code(f"tox run -e {command} -- {arguments}")] if arguments else []


def _run_on(run: dict[str, Any], language: Language) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    return pick(_RUN, language).format(date=run["date"], versions=versions)


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    counts = (f"{entry[name]:,}" for name in ("cases", "tests", "failed"))
    return code(entry["what"]), entry["peer"], *counts


def _record() -> dict[str, Any]:
    path = checkout() / _RECORD
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PageError(f"{_RECORD}: cannot be read: {error}") from error
    return record
