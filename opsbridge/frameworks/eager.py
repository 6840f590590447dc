"""What front-ends need to know of a framework that runs every call at once and as it is."""

from __future__ import annotations

from typing import Any


class EagerLayer:
    """No graph is recorded, no precision is changed behind the caller's back."""

    widens_halves = False

    def is_recording(self) -> bool:
        return False

    def is_recorded(self, tensors: list[Any]) -> bool:
        return False

    def written(self, tensor: Any) -> None:
        """Nothing keeps count of changes."""

    def widened(self, values: tuple[Any, ...], devices: tuple[str, ...]) -> None:
        return None

    def promoted(self, values: tuple[Any, ...]) -> None:
        return None

    def narrowed(self, result: Any, like: Any) -> Any:
        return result
