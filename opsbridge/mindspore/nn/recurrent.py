"""Recurrent layers: LSTM, GRU, RNN, and one step of each."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from opsbridge.errors import ArgumentError
from opsbridge.mindspore.initializer import Uniform, initializer
from opsbridge.mindspore.nn.cell import Cell
from opsbridge.mindspore.nn.lengths import check_one_of
from opsbridge.mindspore.nn.plain import as_tensor, plain
from opsbridge.mindspore.parameter import Parameter, ParameterTuple

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell"]


class _Recurrent(Cell):
    """Layers of one recurrence, in one or both directions; names and gate order are PyTorch's.

    Inputs are x (length, batch, input_size), or (batch, length, input_size) with batch_first, the
    start state `hx` (zeros if None), and the number of valid steps of each sequence.
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        has_bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ArgumentError(f"{self.cls_name}: dropout is {dropout}; it must be in [0, 1)")
        self.hidden_size, self.num_layers = hidden_size, num_layers
        self.has_bias, self.batch_first = has_bias, batch_first
        self.dropout, self.bidirectional = dropout, bidirectional
        directions = 2 if bidirectional else 1
        sizes = [input_size] + [hidden_size * directions] * (num_layers - 1)
        rows = self._gates * hidden_size

        def parameters(kind: str, columns: list[int]) -> ParameterTuple:
            rule = Uniform(1 / math.sqrt(hidden_size))
            return ParameterTuple(
                Parameter(
                    initializer(rule, [rows, length] if length else [rows], dtype),
                    f"{kind}_l{layer}{suffix}",
                )
                for layer, length in enumerate(columns)
                for suffix in ("", "_reverse")[:directions]
            )

        self.w_ih_list = parameters("weight_ih", sizes)
        self.w_hh_list = parameters("weight_hh", [hidden_size] * num_layers)
        biases = [0] * num_layers if has_bias else []
        self.b_ih_list = parameters("bias_ih", biases)
        self.b_hh_list = parameters("bias_hh", biases)

    def _weights(self) -> list[torch.Tensor]:
        """Return the parameters layer by layer, as PyTorch wants them."""
        kinds = [self.w_ih_list, self.w_hh_list]
        kinds += [self.b_ih_list, self.b_hh_list] if self.has_bias else []
        return [
            plain(getattr(self, each.name.rpartition(".")[2]))
            for layer in zip(*kinds, strict=True)
            for each in layer
        ]

    def construct(self, x: Any, hx: Any = None, seq_length: Any = None) -> Any:
        """Return the outputs of all steps and the last state."""
        values = plain(x)
        batch = values.shape[0 if self.batch_first else 1]
        if hx is None:
            count = self.num_layers * (2 if self.bidirectional else 1)
            zeros = values.new_zeros(count, batch, self.hidden_size)
            start = self._zero_state(zeros)
        else:
            start = tuple(map(plain, hx)) if isinstance(hx, tuple | list) else plain(hx)
        if seq_length is None:
            output, state = self._run(values, start, None)
            return as_tensor(output), self._state(state)
        packed = pack_padded_sequence(
            values, plain(seq_length).cpu().long(), self.batch_first, enforce_sorted=False
        )
        in_order = self._ordered(start, packed.sorted_indices)
        output, state = self._run(packed.data, in_order, packed.batch_sizes)
        length = values.shape[1 if self.batch_first else 0]
        padded, _ = pad_packed_sequence(
            packed._replace(data=output), self.batch_first, total_length=length
        )
        return as_tensor(padded), self._state(self._ordered(state, packed.unsorted_indices))

    def _zero_state(self, zeros: torch.Tensor) -> Any:
        return zeros

    @staticmethod
    def _ordered(state: Any, order: Any) -> Any:
        """Return a state with its batch in another order."""
        if isinstance(state, tuple):
            return tuple(part.index_select(1, order) for part in state)
        return state.index_select(1, order)

    @staticmethod
    def _state(state: Any) -> Any:
        return tuple(map(as_tensor, state)) if isinstance(state, tuple) else as_tensor(state)

    def _run(self, values: torch.Tensor, start: Any, sizes: torch.Tensor | None) -> Any:
        """Run PyTorch's kernel on a batch, or on packed sequences with their batch sizes."""
        options = (self.has_bias, self.num_layers, self.dropout, self.training, self.bidirectional)
        is_recorded = torch.is_grad_enabled()
        # Where nothing records gradients, PyTorch has another kernel, which rounds otherwise.
        with torch.enable_grad():
            if sizes is None:
                results = self._kernel()(values, start, self._weights(), *options, self.batch_first)
            else:
                results = self._kernel()(values, sizes, start, self._weights(), *options)
        return results if is_recorded else tuple(each.detach() for each in results)

    def _kernel(self) -> Any:
        raise NotImplementedError


class LSTM(_Recurrent):
    """Long short-term memory; the state is the pair (h, c)."""

    _gates = 4

    def _zero_state(self, zeros: torch.Tensor) -> Any:
        return zeros, zeros

    def _kernel(self) -> Any:
        return torch._VF.lstm

    def _run(self, values: torch.Tensor, start: Any, sizes: torch.Tensor | None) -> Any:
        output, *state = super()._run(values, start, sizes)
        return output, tuple(state)


class GRU(_Recurrent):
    """Gated recurrent units."""

    _gates = 3

    def _kernel(self) -> Any:
        return torch._VF.gru


class RNN(_Recurrent):
    """A plain recurrence; `nonlinearity` is "tanh" or "relu"."""

    def __init__(self, *args: Any, nonlinearity: str = "tanh", **kwargs: Any) -> None:
        self_nonlinearity = check_one_of("RNN", "nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(*args, **kwargs)
        self.nonlinearity = self_nonlinearity

    def _kernel(self) -> Any:
        return torch._VF.rnn_tanh if self.nonlinearity == "tanh" else torch._VF.rnn_relu


class _Step(Cell):
    """One step of a recurrence over x (batch, input_size); names and gate order are PyTorch's."""

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        has_bias: bool = True,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.has_bias = input_size, hidden_size, has_bias
        rule, rows = Uniform(1 / math.sqrt(hidden_size)), self._gates * hidden_size
        self.weight_ih = Parameter(initializer(rule, [rows, input_size], dtype))
        self.weight_hh = Parameter(initializer(rule, [rows, hidden_size], dtype))
        self.bias_ih: Any = None
        self.bias_hh: Any = None
        if has_bias:
            self.bias_ih = Parameter(initializer(rule, [rows], dtype))
            self.bias_hh = Parameter(initializer(rule, [rows], dtype))

    def construct(self, x: Any, hx: Any = None) -> Any:
        """Return the next state."""
        values = plain(x)
        weights = map(plain, (self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh))
        if hx is None:
            hx = self._start(values.new_zeros(values.shape[0], self.hidden_size))
        before = tuple(map(plain, hx)) if isinstance(hx, tuple | list) else plain(hx)
        after = self._kernel()(values, before, *weights)
        return tuple(map(as_tensor, after)) if isinstance(after, tuple) else as_tensor(after)

    def _start(self, zeros: torch.Tensor) -> Any:
        return zeros

    def _kernel(self) -> Any:
        raise NotImplementedError


class LSTMCell(_Step):
    """One step of long short-term memory; the state is the pair (h, c)."""

    _gates = 4

    def _start(self, zeros: torch.Tensor) -> Any:
        return zeros, zeros

    def _kernel(self) -> Any:
        return torch._VF.lstm_cell


class GRUCell(_Step):
    """One step of gated recurrent units."""

    _gates = 3

    def _kernel(self) -> Any:
        return torch._VF.gru_cell


class RNNCell(_Step):
    """One step of a plain recurrence; `nonlinearity` is "tanh" or "relu"."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        has_bias: bool = True,
        nonlinearity: str = "tanh",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(input_size, hidden_size, has_bias, dtype)
        self.nonlinearity = check_one_of("RNNCell", "nonlinearity", nonlinearity, ("tanh", "relu"))

    def _kernel(self) -> Any:
        return torch._VF.rnn_tanh_cell if self.nonlinearity == "tanh" else torch._VF.rnn_relu_cell
