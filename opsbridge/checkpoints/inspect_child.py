"""Runs in a child process: builds a network from `path.py:callable` and prints its parameters.

`import mindspore` in that file means opsbridge's surface. The last line printed is JSON: one object
per entry of the network's state_dict.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from opsbridge.checkpoints.factories import load_factory, telling_where
from opsbridge.mindspore import as_mindspore
from opsbridge.mindspore.nn.cell import Cell


def entries(network: Any) -> list[dict[str, Any]]:
    """Each entry of a state_dict: key, shape, owner's types, MindSpore's name, first twin.

    The parameters of a Cell, also within a translated module, are MindSpore's own: it has no types.
    """
    owners = dict(network.named_modules(remove_duplicate=False))
    first: dict[int, str] = {}
    cell = hasattr(network, "parameters_and_names")
    found = []
    for key, tensor in network.state_dict(keep_vars=True).items():
        owner = owners[key.rpartition(".")[0]]
        found.append(
            {
                "key": key,
                "shape": list(tensor.shape),
                "types": [] if isinstance(owner, Cell) else names_of(type(owner)),
                "saved_as": str(tensor.name) if cell else "",
                "tied_to": first.setdefault(id(tensor), key),
            }
        )
    return found


def names_of(kind: type) -> list[str]:
    """The names of a class and of those that it derives from."""
    return [each.__name__ for each in kind.__mro__]


def main(spec: str) -> None:
    """Print the entries of the network that the factory returns."""
    with telling_where(), as_mindspore():
        network = load_factory(spec)()
        print("\n" + json.dumps(entries(network)))


if __name__ == "__main__":
    main(sys.argv[1])
