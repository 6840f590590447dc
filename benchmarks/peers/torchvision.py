"""torchvision's operators: the base of most cases."""

from __future__ import annotations

import torch
import torchvision.ops

from benchmarks.peers.shaped import backward_adapters, forward_adapters

set_threads = torch.set_num_threads
ADAPTERS = {
    **forward_adapters(torchvision.ops, torch.from_numpy),
    **backward_adapters(torchvision.ops, torch.from_numpy),
}
