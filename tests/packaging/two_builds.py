"""Builds the wheel of the last commit twice, in two folders: the bytes have to be the same.

Run by `tox run -e reproducible`, with the pinned build requirements installed. A build needs no
more: it has no network to ask. The wheel is left in the folder that is named, with its digest
beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A namespace of its own, in which there is no network, not even the machine itself.
ALONE = ("unshare", "--map-root-user", "--net")


def built(folder: Path, start: Sequence[str]) -> Path:
    """The wheel, built from a copy of what is committed."""
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "HEAD"], check=True, capture_output=True
    ).stdout
    source = folder / "source"
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(source, filter="data")
    moment = subprocess.run(
        ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source]
    subprocess.run(
        [*start, sys.executable, *build],
        check=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": moment},
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def differences(first: Path, second: Path) -> list[str]:
    """Files of two wheels that differ, are in one only, or lie in another order."""
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(second) as other:
        names = one.namelist(), other.namelist()
        both = set(names[0]) & set(names[1])
        found = sorted(set(names[0]) ^ set(names[1]))
        found += sorted(name for name in both if one.read(name) != other.read(name))
    return found or ["order or dates"]


def alone() -> Sequence[str]:
    """The start of a command that has no network; nothing, and why, where a system forbids that."""
    try:
        subprocess.run([*ALONE, "true"], check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"the builds could reach the network: {getattr(error, 'stderr', None) or error}")
        return ()
    print("the builds have no network")
    return ALONE


def main() -> int:
    """Build twice and compare; 0 where nothing differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the wheel")
    out = parser.parse_args().out
    folders = (Path(tempfile.mkdtemp(prefix="one-")), Path(tempfile.mkdtemp(prefix="the-other-")))
    start = alone()
    wheels = [built(folder, start) for folder in folders]
    if wheels[0].read_bytes() != wheels[1].read_bytes():
        print(f"two builds differ in {', '.join(differences(*wheels))}")
        return 1
    out.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
    (out / wheels[0].name).write_bytes(wheels[0].read_bytes())
    (out / "SHA256SUMS").write_text(f"{digest}  {wheels[0].name}\n", encoding="utf-8")
    print(f"the same bytes twice: {digest}  {wheels[0].name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
