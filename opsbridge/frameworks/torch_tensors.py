"""PyTorch tensors as core operators see them: properties, allocation, memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from opsbridge.core.buffers import reused_memory

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
        # undefined gradient, say) has none; and kernels read aligned elements.
        if tensor._is_zerotensor() or tensor.data_ptr() % tensor.element_size():
            return tensor.clone()
        return tensor.resolve_neg() if tensor.is_neg() else tensor

    def empty(self, shape: tuple[int, ...], dtype: str, like: Tensor) -> Tensor:
        memory = reused_memory(shape, dtype) if like.is_cpu and type(like) is Tensor else None
        if memory is None:
            return like.new_empty(shape, dtype=DTYPES[dtype])
        return torch.from_dlpack(memory)

    def cast(self, tensor: Tensor, dtype: str) -> Tensor:
        return tensor.to(DTYPES[dtype])

    def finish(self, destination: Tensor, length: int | None = None) -> Tensor:
        return destination if length is None else destination[:length]

    def obstacle(self, tensor: Tensor) -> str:
        if type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__:
            return f"is a {type(tensor).__name__}"
        if tensor.requires_grad:
            return "requires a gradient"
        if tensor.is_inference() and not torch.is_inference_mode_enabled():
            return "is an inference tensor"
        if tensor.is_neg():
            return "is a negated view"
        return "" if tensor.is_contiguous() else "is not contiguous"

    def extent(self, tensor: Tensor) -> tuple[int, int]:
        if not tensor.numel():
            return 0, 0
        reach = sum(
            (size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True)
        )
        start: int = tensor.data_ptr()
        return start, start + (reach + 1) * tensor.element_size()

    def destination(self, tensor: Tensor) -> Tensor:
        return tensor

    def written(self, tensor: Tensor) -> None:
        """A gradient that needs the old values then says so."""
        if not tensor.is_inference():
            torch.autograd.graph.increment_version(tensor)

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

    def joined(self, parts: list[Tensor]) -> Tensor:
        return torch.cat(parts, -1)
