"""Fuzzes one reader with coverage for as long as asked: `python fuzz.py page --seconds 600`."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=["opsbridge"]):
    import targets

MOST_BYTES = 16384


def main() -> None:
    """Fuzz; an input that a target does not bear is left in the working folder and ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=targets.TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0, help="0: other inputs in every run")
    asked = parser.parse_args()
    corpus = Path(tempfile.mkdtemp(prefix=f"opsbridge-corpus-{asked.target}-"))
    for number, path in enumerate(targets.seeds(asked.target)):
        shutil.copy(path, corpus / str(number))
    options = [f"-max_total_time={asked.seconds}", f"-seed={asked.seed}",
               f"-max_len={MOST_BYTES}", "-timeout=20", "-rss_limit_mb=2048",
               "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], targets.TARGETS[asked.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
