"""PyTorch tensors as core operators see them: properties, allocation, memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

DTYPE_NAMES = {
    getattr(torch, name): name
    for name in (
        *("bool", "uint8", "int8", "int16", "int32", "int64"),
        *("float16", "bfloat16", "float32", "float64"),
    )
}
DTYPES = {name: dtype for dtype, name in DTYPE_NAMES.items()}


class TorchTensors:
    """What an operator needs of tensors that own ordinary memory."""

    def is_tensor(self, kind: type) -> bool:
        return issubclass(kind, Tensor)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tensor.shape  # type: ignore[no-any-return]

    def dtype(self, tensor: Tensor) -> str:
        if tensor.layout is not torch.strided:
            return f"{str(tensor.layout).removeprefix('torch.')} {tensor.dtype}"
        return DTYPE_NAMES.get(tensor.dtype) or str(tensor.dtype).removeprefix("torch.")

    def device(self, tensor: Tensor) -> str:
        return "cpu" if tensor.is_cpu else str(tensor.device)

    def item(self, tensor: Tensor, *index: int) -> float:
        return float(tensor[index])

    def native(self, tensor: Tensor) -> Any:
        # A lazily negated tensor's memory holds the opposite of its values; one of lazy zeros (an
        # undefined gradient, say) has none.
        if tensor._is_zerotensor():
            return tensor.clone()
        return tensor.resolve_neg() if tensor.is_neg() else tensor

    def empty(self, shape: tuple[int, ...], dtype: str, like: Tensor) -> Tensor:
        return like.new_empty(shape, dtype=DTYPES[dtype])

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        return tensor.to(DTYPES[dtype])

    def finish(self, destination: Tensor, length: int | None = None) -> Tensor:
        return destination if length is None else destination[:length]

    def threads(self) -> int:
        return int(torch.get_num_threads())

    def concatenate_regions(self, boxes: list[Tensor]) -> Tensor:
        """One (L, 4) tensor per image as (K, 5) regions with a batch column."""
        return torch.cat(
            [
                torch.cat((of_image.new_full((of_image.shape[0], 1), image), of_image), dim=1)
                for image, of_image in enumerate(boxes)
            ]
        )
