"""What counts as a taken branch: of templates, of lambdas in them, and of calls that throw."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from branches import Shapes, main, noted, report, shapes_of, taken

pytestmark = pytest.mark.skipif(
    not (shutil.which("g++") and shutil.which("gcov")), reason="takes g++ and gcov"
)

HEADER = """\
#include <vector>
template <class T>
int sign(T value) {
  if (value < 0) return -1;
  const auto beyond = [&](T limit) {
    return value > limit;
  };
  const auto is_far = [&](T limit) {
    if (beyond(limit)) return 2;
    return 1;
  };
  return is_far(T(9));
}
inline int first(const std::vector<int>& given) {
  std::vector<int> copy(given);
  return copy.at(0);
}
"""
SIGN, FAR = (4, 2), (9, 2)


def shapes(folder: Path, calls: str) -> Shapes:
    """The branches of the header after a program with these calls ended."""
    (folder / "sample.h").write_text(HEADER)
    (folder / "sample.cc").write_text(f'#include "sample.h"\nint main() {{ {calls} }}\n')
    command = ["g++", "-std=c++17", "-O0", "--coverage", "sample.cc", "-o", "sample"]
    subprocess.run(command, cwd=folder, check=True)
    subprocess.run([folder / "sample"], cwd=folder, check=True)
    units = [unit for unit in noted(folder) if Path(unit["file"]).name == "sample.h"]
    return shapes_of(HEADER, units)


def test_instances_of_a_template_count_together(tmp_path: Path) -> None:
    found = shapes(tmp_path, "sign(-1); sign(2.0f);")
    assert set(found) == {SIGN, FAR}
    assert found[SIGN] == [1, 1]


def test_instances_of_a_lambda_count_together(tmp_path: Path) -> None:
    assert sorted(shapes(tmp_path, "sign(10); sign(2.0f); sign(3.0);")[FAR]) == [1, 2]


def test_a_branch_that_no_instance_takes_is_missing(tmp_path: Path) -> None:
    found = shapes(tmp_path, "sign(10); sign(20.0f);")
    assert taken(found) == (2, 4)


def test_calls_that_may_throw_and_braces_have_no_branches(tmp_path: Path) -> None:
    assert shapes(tmp_path, "first({1}); sign(1); sign(-1); sign(10);").keys() == {SIGN, FAR}


def test_an_unused_function_has_branches_too(tmp_path: Path) -> None:
    found = shapes(tmp_path, "if (first({0})) sign(1);")
    assert found == {SIGN: [0, 0], FAR: [0, 0]}


def test_a_report_names_the_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "some.h").write_text(HEADER)
    monkeypatch.setattr("branches.ROOT", tmp_path)
    assert report("some.h", {SIGN: [3, 0], FAR: [1, 1]}) == (
        "     3      4  some.h\n             4: +-  if (value < 0) return -1;"
    )
    assert report("some.h", {SIGN: [3, 1]}) == "     2      2  some.h"


def test_a_folder_without_notes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="not built for coverage"):
        list(noted(tmp_path))


def test_a_branch_that_is_missing_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("branches.ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["branches.py", str(tmp_path)])
    for name in ("ops/one.h", "ops/other.h"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(HEADER)
    headers = {"ops/one.h": {SIGN: [1, 2]}, "ops/other.h": {SIGN: [3, 1]}}
    monkeypatch.setattr("branches.measured", lambda build: headers)
    main()
    assert capsys.readouterr().out.endswith("     4      4  in all\n")
    headers["ops/other.h"][SIGN] = [3, 0]
    with pytest.raises(SystemExit, match=r"^branches that no test takes: ops/other\.h$"):
        main()
