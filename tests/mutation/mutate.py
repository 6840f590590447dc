"""Mutation testing: `python mutate.py --only tables --sample 150 --seed 1`.

Small changes are planted one at a time in a copy of the package, and tests are run on it until one
fails. A mutant that none of them notices either shows a missing test, or changes nothing that
could be noticed: then it is written down in equivalent.toml, with the reason. What the compiler or
the type checker refuses counts on neither side, nor does what leaves the compiled kernels the same.

A mutant inside a function meets exactly the tests that run its line, quick ones first: one run of
all of them shows which those are (some minutes; `--reach` keeps it). They run in a fork of a
process that has collected them, and where none fails there, once more on a fresh import. What only
a process of its own would show counts as survived. `--journal` keeps what was killed: an
interrupted run goes on.
"""

from __future__ import annotations

import argparse
import itertools
import math
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(TESTS / "museum"), str(TESTS)]

from header_mutants import header_mutants  # noqa: E402
from journal import Journal  # noqa: E402
from mutant import ROOT, Mutant, changed_lines, sample  # noqa: E402
from plan import PARTS, Group, equivalents, files_of  # noqa: E402
from python_mutants import python_mutants  # noqa: E402
from reach import REMEMBERING, Chosen, Reach, see  # noqa: E402
from record import write_record  # noqa: E402
from shop import MutationWorkshop, NothingToTest  # noqa: E402
from standing import AtOnce, Change, Standing  # noqa: E402
from table_mutants import table_mutants  # noqa: E402
from trial import Outcome, import_large_libraries, run_tests  # noqa: E402
from typed import Types  # noqa: E402
from workshop import Workshop  # noqa: E402

# Tests, by the names of their files or their own; or the check of types.
Stage = tuple[str, ...] | AtOnce | Chosen | Types
MAKERS = {"headers": header_mutants, "tables": table_mutants, "translator": python_mutants}
FEWEST_KILLED = 0.95
# What takes longer hangs; the longest stage takes a minute on an idle core.
LONGEST_SECONDS = 900
# Quick tests that are tried before the stages, as they use the module.
MOST_OF_A_FILE = 200
# Tests that passed on the sound copy.
PASSING: set[tuple[str, ...]] = set()


def main() -> int:
    """Test a sample of mutants of every part that is asked for; 1 if too many survive."""
    parser = argparse.ArgumentParser(description="plant small changes and see the tests fail")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; all by default")
    parser.add_argument("--sample", type=int, default=100, help="mutants of each part")
    parser.add_argument("--minutes", type=float, default=math.inf, help="for each part at most")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--journal", type=Path, help="file of what was killed before; goes on")
    parser.add_argument("--reach", type=Path, help="file of which test runs which line, made once")
    parser.add_argument("--record", type=Path, help="JSON file for what was found")
    asked = parser.parse_args()
    import_large_libraries()
    journal = Journal(asked.journal)
    is_good = True
    for part in asked.only or PARTS:
        counts = test_part(part, asked, journal)
        print(f"{part}: {dict(counts)}", flush=True)
        if asked.record:
            write_record(asked.record, part, asked.seed, counts)
        counting = counts["killed"] + counts["survived"]
        is_good &= counts["killed"] >= FEWEST_KILLED * counting > 0
    return 0 if is_good else 1


def test_part(part: str, asked: argparse.Namespace, journal: Journal) -> Counter[str]:
    """Mutants of a part by what became of them."""
    group_of = dict(files_of(part))
    counts: Counter[str] = Counter()
    with workshop(part) as shop:
        reach = reach_of(group_of, shop, asked.reach or shop.folder / "reach.json")
        end = time.monotonic() + 60 * asked.minutes
        has_modules = any(file.endswith(".py") for file in group_of)
        with standing_process(shop, reach.files_of_tests if has_modules else ()) as standing:
            for mutant in sample(group_of, MAKERS[part], asked.seed):
                tried = counts["killed"] + counts["survived"]
                if tried == asked.sample or time.monotonic() > end:
                    break
                tests = Tests(group_of[mutant.file], reach, standing)
                counts[verdict(shop, mutant, tests, journal)] += 1
    return counts


def reach_of(group_of: dict[str, Group], shop: Workshop, path: Path) -> Reach:
    """The tests of each line of the modules among files; seen now, if nothing says it."""
    modules = [file for file in group_of if file.endswith(".py")]
    stages = [stage for file in modules for stage in group_of[file].stages_of(file)]
    if stages and not path.exists():
        see(shop.folder, modules, list(dict.fromkeys(itertools.chain(*stages))), path)
    return Reach(path)


@contextmanager
def standing_process(shop: Workshop, files: Sequence[str]) -> Iterator[Standing | None]:
    """A process that has collected the tests of some files, if there are any."""
    standing = Standing(shop.folder, files) if files else None
    try:
        yield standing
    finally:
        if standing is not None:
            standing.end()


@dataclass(frozen=True)
class Tests:
    """What can tell a mutant of a file from the sound one."""

    group: Group
    reach: Reach
    standing: Standing | None

    def stages(self, mutant: Mutant, sound: str, line: int) -> list[Stage]:
        """What is run on it; of what runs as a module is imported, the users' tests and more."""
        file = mutant.file
        types = [Types(file)] if file.endswith(".py") else []
        running = self.reach.tests_of(file, line)
        change = Change(file, sound, mutant.planted(sound))
        at_once = [AtOnce(self.standing, change, running)] if running and self.standing else []
        if running and change.module not in REMEMBERING:
            return [*types, *at_once, Chosen(running)]
        using = self.reach.tests_of_file(file)[:MOST_OF_A_FILE]
        chosen = [Chosen(tests) for tests in (running, using) if tests]
        return [*types, *at_once, *chosen, *self.group.stages_of(file)]


@contextmanager
def workshop(part: str) -> Iterator[Workshop]:
    """A copy of the package, with its kernels if they are to change."""
    folder = Path(tempfile.mkdtemp(prefix="opsbridge-mutation-"))
    try:
        shop = native_workshop(folder / "copy") if part == "headers" else Workshop(folder / "copy")
        shutil.copytree(ROOT / "docs/recorded", shop.folder / "opsbridge/recorded")
        if not shop.is_found():
            sys.exit(
                "opsbridge is installed as editable, which hides the mutants: use tox -e mutation"
            )
        yield shop
    finally:
        shutil.rmtree(folder)


def native_workshop(folder: Path) -> Workshop:
    """A copy of the package with kernels to be changed."""
    compiler = shutil.which("c++")
    if compiler is None:
        sys.exit("no C++ compiler: only --only tables and --only translator do without")
    return MutationWorkshop(folder, compiler)


def verdict(shop: Workshop, mutant: Mutant, tests: Tests, journal: Journal) -> str:
    """What becomes of a mutant, printed with its lines."""
    sound = (ROOT / mutant.file).read_text(encoding="utf-8")
    lines = changed_lines(sound, mutant.planted(sound))
    known = next((each for each in equivalents() if each.is_this(mutant.file, lines)), None)
    if known is not None:
        what, why = "equivalent", known.reason
    elif journal.has(mutant.file, lines):
        what, why = journal.what(mutant.file, lines), "in the journal"
    else:
        try:
            outcome = first_failure(shop, mutant, tests.stages(mutant, sound, lines.number))
            what = outcome_in_a_word(outcome)
            why = f"{outcome.seconds:.0f} s, exit code {outcome.code} {outcome.failed}"
        except NothingToTest:
            what, why = "refused", "by the compiler"
        journal.add(mutant.file, lines, what)
    print(f"{what}: {mutant.file}:{lines.number}, {mutant.kind}; {why}", flush=True)
    if what == "survived":
        print(f"- {lines.before}\n+ {lines.after}", flush=True)
    return what


def outcome_in_a_word(outcome: Outcome) -> str:
    """What became of a mutant with such an outcome."""
    if outcome.failed.startswith(Types.name):
        return "refused"
    return "killed" if outcome.is_killed else "survived"


def first_failure(shop: Workshop, mutant: Mutant, stages: Iterable[Stage]) -> Outcome:
    """The outcome of the first stage with a failure, or else of the last."""
    with shop.planted(mutant):  # type: ignore[arg-type]
        for tests in stages:
            outcome = run_stage(shop, tests)
            if outcome.is_killed:
                break
    if outcome.is_killed and not isinstance(tests, AtOnce):  # that checks for itself
        check_sound(shop, outcome.failed_tests, tests)
    return outcome


def run_stage(shop: Workshop, tests: Stage) -> Outcome:
    """The outcome of a stage on the copy as it is."""
    if isinstance(tests, Types):
        return tests.check(shop.folder)
    if isinstance(tests, AtOnce):
        return tests.outcome(LONGEST_SECONDS)
    if isinstance(tests, Chosen):
        return run_tests(shop.folder, tests.files, LONGEST_SECONDS, tests)
    return run_tests(shop.folder, tests, LONGEST_SECONDS)


def check_sound(shop: Workshop, killers: tuple[str, ...], tests: Stage) -> None:
    """End everything if the killers of a mutant, or a stage that names none, fail without it."""
    if killers in PASSING:
        return
    # A file that could not be collected needs no more than that.
    options = ("--collect-only",) if killers and "::" not in killers[0] else ()
    outcome = run_stage(shop, (*options, *killers) if killers else tests)
    # A killer that only the mutant has is no test of the sound copy (a usage error).
    is_gone = bool(killers) and outcome.code == pytest.ExitCode.USAGE_ERROR
    if outcome.is_killed and not is_gone:
        sys.exit(f"without a mutant: exit code {outcome.code} {outcome.failed} of {tests}")
    if killers:
        PASSING.add(killers)


if __name__ == "__main__":
    sys.exit(main())
