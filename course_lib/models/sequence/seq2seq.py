"""Sequence to sequence with recurrent networks: an encoder reads, a decoder says.

    log P(Y | X) = sum_t log P(y_t | y_1, ..., y_{t-1}, X)

The decoder sees the text only through a context: one fixed vector, or a weighted mean of the
encoder's states that attention chooses anew at every step.

References
----------
Sutskever, Vinyals and Le (2014), "Sequence to sequence learning with neural networks"; Bahdanau,
Cho and Bengio (2015), "Neural machine translation by jointly learning to align and translate".

Notebook: 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.core import check_count, settle
from course_lib.models.sequence.attention import AdditiveAttention

DecoderCell = Literal["lstm", "gru"]
Attention = Literal["fixed", "additive", "location"]


@dataclass(frozen=True)
class Seq2SeqConfig:
    """The shape of a `Seq2Seq`.

    Parameters
    ----------
    cell : of encoder and decoder, "lstm" or "gru"
    attention : "fixed" (one vector for the whole text), "additive" or "location"
    embedding : numbers that stand for a token
    encoder : units in each direction of the encoder
    units : of the decoder
    attention_units : of the network that compares
    filters, filter_width : of the convolution over earlier weights; the width is odd

    Raises
    ------
    TypeError, ValueError
        For another cell or attention, or counts below 1.
    """

    cell: DecoderCell = "lstm"
    attention: Attention = "location"
    embedding: int = 64
    encoder: int = 96
    units: int = 256
    attention_units: int = 96
    filters: int = 16
    filter_width: int = 15

    def __post_init__(self) -> None:
        if self.cell not in get_args(DecoderCell):
            raise ValueError(f"need a cell out of {get_args(DecoderCell)}, got {self.cell!r}")
        if self.attention not in get_args(Attention):
            raise ValueError(f"need attention out of {get_args(Attention)}, got {self.attention!r}")
        for name in ("embedding", "encoder", "units", "attention_units", "filters", "filter_width"):
            settle(self, **{name: check_count(getattr(self, name), name)})
        if self.filter_width % 2 == 0:
            raise ValueError(f"need an odd filter_width, got {self.filter_width}")

    @property
    def features(self) -> int:
        """Numbers that come out at every step: the decoder's state and the context."""
        return self.units + 2 * self.encoder


@dataclass(frozen=True, eq=False)
class Memory:
    """What the encoder made of a text.

    Attributes
    ----------
    states : of the encoder, one for each token, shape (batch, tokens, 2 encoder)
    keys : what attention compares, which does not change from step to step
    mask : True where there is a token
    """

    states: Float[Tensor, "batch tokens width"]
    keys: Float[Tensor, "batch tokens units"]
    mask: Bool[Tensor, "batch tokens"]


@dataclass(frozen=True, eq=False)
class DecoderState:
    """What the decoder remembers from step to step.

    Attributes
    ----------
    cell : h of shape (batch, units); an LSTM's is the pair (h, c)
    context : what it read last
    so_far : the sum of all attention up to now
    """

    cell: Tensor | tuple[Tensor, Tensor]
    context: Float[Tensor, "batch width"]
    so_far: Float[Tensor, "batch tokens"]


Decoded: TypeAlias = tuple[Float[Tensor, "batch features"], Float[Tensor, "batch tokens"]]


class Seq2Seq(nn.Module):
    """A bidirectional recurrent encoder and a recurrent decoder with attention.

    ::

        h_1, ..., h_N = encoder(E[x_1], ..., E[x_N])            both directions, side by side
        s_t = cell([u_t, c_{t-1}], s_{t-1})                     u_t: what was said last
        c_t = sum_j a_tj h_j,  a_t = attention(s_t, h, a_1 + ... + a_{t-1})
        features_t = [s_t, c_t]

    With "fixed" attention c_t is the same at every step: the forward direction's state after the
    last token, and the backward direction's after the first.

    Parameters
    ----------
    config : the network's shape
    tokens : different tokens of the text
    inputs : numbers in u_t

    Notebook: 13.
    """

    def __init__(self, config: Seq2SeqConfig, *, tokens: int, inputs: int) -> None:
        super().__init__()
        self.config = config
        tokens = check_count(tokens, "tokens")
        inputs = check_count(inputs, "inputs")
        width = 2 * config.encoder
        layer, cell = (nn.LSTM, nn.LSTMCell) if config.cell == "lstm" else (nn.GRU, nn.GRUCell)
        self.embedding = nn.Embedding(tokens, config.embedding)
        self.encoder = layer(config.embedding, config.encoder, bidirectional=True, batch_first=True)
        self.cell = cell(inputs + width, config.units)
        self.attention = (
            None
            if config.attention == "fixed"
            else AdditiveAttention(
                config.units,
                width,
                config.attention_units,
                filters=config.filters if config.attention == "location" else 0,
                width=config.filter_width,
            )
        )

    def encode(self, tokens: Int[Tensor, "tokens batch"], counts: Int[Tensor, "batch"]) -> Memory:
        """Read texts; padding beyond a text's count changes nothing.

        Raises
        ------
        ValueError
            For tokens out of range, or counts of other texts, below 1 or beyond the padding.
        """
        self._check(tokens, counts)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens.T), counts.cpu(), batch_first=True, enforce_sorted=False
        )
        outputs, last = self.encoder(packed)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            outputs, batch_first=True, total_length=len(tokens)
        )
        mask = torch.arange(len(tokens), device=tokens.device) < counts[:, None]
        if self.attention is None:
            ends = last[0] if self.config.cell == "lstm" else last
            fixed = torch.cat(tuple(ends), dim=-1)[:, None]
            return Memory(fixed, fixed, mask)
        return Memory(states, self.attention.key(states), mask)

    def _check(self, tokens: Tensor, counts: Tensor) -> None:
        known = self.embedding.num_embeddings
        if tokens.ndim != 2 or counts.shape != tokens.shape[1:] or not tokens.numel():
            raise ValueError(
                "need tokens of shape (tokens, batch) and a count for each text, got shapes "
                f"{tuple(tokens.shape)} and {tuple(counts.shape)}"
            )
        if counts.min() < 1 or counts.max() > len(tokens):
            raise ValueError(f"need counts from 1 to {len(tokens)}, got {counts.tolist()}")
        if tokens.min() < 0 or tokens.max() >= known:
            raise ValueError(
                f"need tokens from 0 to {known - 1}, got {int(tokens.min())} to {int(tokens.max())}"
            )

    def begin(self, memory: Memory) -> DecoderState:
        """Return the decoder's state before the first step: nothing said, nothing looked at."""
        states, mask = memory.states, memory.mask
        zero = states.new_zeros(len(states), self.config.units)
        context = states.new_zeros(len(states), states.shape[-1])
        cell = (zero, zero) if self.config.cell == "lstm" else zero
        return DecoderState(cell, context, states.new_zeros(mask.shape))

    def step(
        self, memory: Memory, state: DecoderState, inputs: Float[Tensor, "batch inputs"]
    ) -> tuple[Decoded, DecoderState]:
        """Return the features and weights of one step, and the state after it."""
        context = memory.states[:, 0] if self.attention is None else state.context
        cell = self.cell(torch.cat((inputs, context), dim=-1), state.cell)
        hidden = cell[0] if isinstance(cell, tuple) else cell
        if self.attention is None:
            weights = state.so_far  # nothing is looked at
        else:
            context, weights = self.attention(
                hidden, memory.states, memory.keys, memory.mask, state.so_far
            )
        after = DecoderState(cell, context, state.so_far + weights)
        return (torch.cat((hidden, context), dim=-1), weights), after

    def decode(
        self, memory: Memory, inputs: Float[Tensor, "steps batch inputs"]
    ) -> tuple[Float[Tensor, "steps batch features"], Float[Tensor, "steps batch tokens"]]:
        """Return the features and weights of every step, given what was said at each before."""
        state, steps = self.begin(memory), []
        for said in inputs:
            decoded, state = self.step(memory, state, said)
            steps.append(decoded)
        features, weights = zip(*steps, strict=True)
        return torch.stack(features), torch.stack(weights)
