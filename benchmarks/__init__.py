"""Side-by-side timings of opsbridge and its peers: `python -m benchmarks --help`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What is installed is measured, not the sources that lie beside this folder.
sys.path = [*(entry for entry in sys.path if Path(entry).resolve() != ROOT), str(ROOT)]
