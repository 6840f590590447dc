"""As many seeded cases as asked for (`--cases`): no bit differs from the CPU's.

`pytest tests/cuda/test_cuda_bulk.py --cases 1200000 --json PATH` is the whole of it. A kind that
has no kernel yet is skipped and says so; `--device cpu` compares the CPU with itself, which tries
the harness out.
"""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from device_bulk import Count, count_differences  # noqa: E402
from device_cases import KINDS  # noqa: E402
from device_peers import PEERS, count_peer_differences  # noqa: E402


@pytest.mark.parametrize("kind", KINDS)
def test_the_bits_of_the_cpu(kind: str, bulk: Any) -> None:
    share = KINDS[kind].share / sum(each.share for each in KINDS.values())
    _judge(bulk, "cpu", kind, count_differences(kind, *bulk.portion(share)))


@pytest.mark.parametrize("peer", PEERS)
def test_the_results_of_torchvision(peer: str, bulk: Any) -> None:
    pytest.importorskip("torchvision")
    _judge(
        bulk, "torchvision", peer, count_peer_differences(peer, *bulk.portion(PEERS[peer].share))
    )


def _judge(bulk: Any, against: str, name: str, count: Count) -> None:
    bulk.record("bulk", against, name, value=count.as_json())
    print(f"{against} {name}: {count.cases} cases in {count.seconds} s, {count.status}", flush=True)
    if count.status == "no kernel":
        pytest.skip(f"{name}: no kernel")
    assert count.cases
    assert count.status == "same bits"
