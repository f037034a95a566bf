"""Recurrent networks over the levels of a waveform: RNN, LSTM and GRU.

A recursive filter keeps a state and mixes each sample into it; a recurrent network does the same
with a nonlinearity in the loop, and reads from the state how likely each next level is.

The cells are written out here as plain functions, with weights in ``torch.nn``'s layout; the
network trains through ``torch.nn``'s own loops, which compute the same.

References
----------
Elman (1990), "Finding structure in time"; Hochreiter and Schmidhuber (1997), "Long short-term
memory"; Gers, Schmidhuber and Cummins (2000), "Learning to forget"; Cho et al. (2014), "Learning
phrase representations using RNN encoder-decoder for statistical machine translation".

Notebook: 08.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import (
    Batch,
    Encoding,
    Likelihood,
    check_codes,
    check_count,
)
from course_lib.features.quantise import MuLaw
from course_lib.kernels import recurrent as kernels

Cell = Literal["rnn", "lstm", "gru"]
State: TypeAlias = Tensor | tuple[Tensor, Tensor]
"""What a network remembers: h of shape (1, batch, units); an LSTM's is the pair (h, c)."""

_CORES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
_NUMBERS = {"rnn": kernels.RNN, "lstm": kernels.LSTM, "gru": kernels.GRU}


def rnn_cell(
    x: Float[Tensor, "batch inputs"],
    h: Float[Tensor, "batch units"],
    w_ih: Float[Tensor, "units inputs"],
    w_hh: Float[Tensor, "units units"],
    b_ih: Float[Tensor, "units"],
    b_hh: Float[Tensor, "units"],
) -> Float[Tensor, "batch units"]:
    """Take one step of Elman's network: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    References
    ----------
    Elman (1990); layout of ``torch.nn.RNNCell``. Notebook: 08.
    """
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)


def lstm_cell(
    x: Float[Tensor, "batch inputs"],
    state: tuple[Float[Tensor, "batch units"], Float[Tensor, "batch units"]],
    w_ih: Float[Tensor, "4*units inputs"],
    w_hh: Float[Tensor, "4*units units"],
    b_ih: Float[Tensor, "4*units"],
    b_hh: Float[Tensor, "4*units"],
) -> tuple[Float[Tensor, "batch units"], Float[Tensor, "batch units"]]:
    """Take one step of a long short-term memory, whose cell c is only ever scaled and added to.

    With (i, f, g, o) the four quarters of W_ih x + b_ih + W_hh h + b_hh, and s the logistic
    function::

        c' = s(f) c + s(i) tanh(g)
        h' = s(o) tanh(c')

    Returns (h', c').

    References
    ----------
    Hochreiter and Schmidhuber (1997), with the forget gate f of Gers, Schmidhuber and Cummins
    (2000); layout of ``torch.nn.LSTMCell``. Notebook: 08.
    """
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_cell(
    x: Float[Tensor, "batch inputs"],
    h: Float[Tensor, "batch units"],
    w_ih: Float[Tensor, "3*units inputs"],
    w_hh: Float[Tensor, "3*units units"],
    b_ih: Float[Tensor, "3*units"],
    b_hh: Float[Tensor, "3*units"],
) -> Float[Tensor, "batch units"]:
    """Take one step of a gated recurrent unit, which moves from h towards a proposal n.

    With (r_x, z_x, n_x) the thirds of W_ih x + b_ih, (r_h, z_h, n_h) those of W_hh h + b_hh, and
    s the logistic function::

        r = s(r_x + r_h)            how much of the past the proposal sees
        z = s(z_x + z_h)            how much of the past stays
        n = tanh(n_x + r n_h)
        h' = (1 - z) n + z h

    References
    ----------
    Cho et al. (2014), with r applied after W_hh, as ``torch.nn.GRUCell`` does. Notebook: 08.
    """
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, dim=-1)
    r_h, z_h, n_h = (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + r * n_h)
    return (1 - z) * n + z * h


@dataclass(frozen=True)
class RecurrentConfig:
    """What a `RecurrentNetwork` is made of.

    Parameters
    ----------
    cell : "rnn", "lstm" or "gru"
    levels : of the mu-law grid that it hears and speaks
    embedding : numbers that stand for a level
    units : numbers in the state
    head : units of the layer between state and logits
    sample_rate : in Hz, of the sound that it is for

    Raises
    ------
    TypeError, ValueError
        For another cell, or counts below 1 (levels below 2).
    """

    cell: Cell = "gru"
    levels: int = 256
    embedding: int = 64
    units: int = 256
    head: int = 256
    sample_rate: int = 8000

    def __post_init__(self) -> None:
        if self.cell not in get_args(Cell):
            raise ValueError(f"need a cell out of {get_args(Cell)}, got {self.cell!r}")
        check_count(self.levels, "levels", minimum=2)
        for name in ("embedding", "units", "head", "sample_rate"):
            check_count(getattr(self, name), name)

    @property
    def encoding(self) -> MuLaw:
        """The levels that the network hears and speaks."""
        return MuLaw(self.levels)

    @property
    def silence(self) -> int:
        """The code that stands before a sound's first sample."""
        return self.levels // 2


GRU_SPEECH = RecurrentConfig(cell="gru", units=256)
LSTM_SPEECH = RecurrentConfig(cell="lstm", units=256)


class RecurrentNetwork(nn.Module):
    """A distribution over each next level, read from a state that has heard the ones before.

    ::

        h_t = cell(E[c_t-1], h_t-1)
        P(c_t = k | c_0, ..., c_t-1) = softmax(W_2 relu(W_1 h_t + b_1) + b_2)[k]

    Before a clip's first sample the state is zero, and the input is the code of silence,
    ``config.silence``.

    Parameters
    ----------
    config : the network's shape
    seed : of the initial weights

    Notebook: 08.
    """

    def __init__(self, config: RecurrentConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            self.embedding = nn.Embedding(config.levels, config.embedding)
            self.core = _CORES[config.cell](config.embedding, config.units)
            self.hidden = nn.Linear(config.units, config.head)
            self.output = nn.Linear(config.head, config.levels)
            self._initialise()

    @torch.no_grad()
    def _initialise(self) -> None:
        """Begin with neighbouring levels alike, a state that is kept, and small logits."""
        config = self.config
        self.embedding.weight.copy_(_cosines(config.levels, config.embedding))
        units = config.units
        for gate in self.core.weight_hh_l0.split(units):
            nn.init.orthogonal_(gate)
        for bias in (self.core.bias_ih_l0, self.core.bias_hh_l0):
            nn.init.zeros_(bias)
        if config.cell != "rnn":  # an LSTM's second gate forgets, a GRU's keeps: both begin open
            self.core.bias_ih_l0[units : 2 * units] = 1.0
        smooth = _cosines(config.levels, config.embedding)
        mixed = torch.randn(config.embedding, config.head) / math.sqrt(config.head)
        self.output.weight.copy_(0.3 * smooth @ mixed)
        nn.init.zeros_(self.output.bias)

    def forward(
        self, codes: Int[Tensor, "time batch"], state: State | None = None
    ) -> tuple[Float[Tensor, "time batch levels"], State]:
        """Return the logits of the level after each code, and the state after the last.

        Parameters
        ----------
        codes : (time, batch)
        state : what an earlier call returned; None for silence since ever
        """
        outputs, state = self.core(self.embedding(codes), state)
        return self.output(torch.relu(self.hidden(outputs))), state

    def loss(self, batch: Batch, carry: State | None = None) -> tuple[Tensor, State]:
        """Return the mean nats of each code given those before it, and the state to go on from.

        The state goes on from batch to batch, the gradient does not: backpropagation through
        time, truncated at the batch's beginning.

        Parameters
        ----------
        batch : inputs of shape (time + 1, batch), whose first codes are heard but not predicted
        carry : what the call for the batch before returned; a fresh batch begins from zero

        References
        ----------
        Williams and Peng (1990), "An efficient gradient-based algorithm for on-line training of
        recurrent network trajectories". Notebook: 08.
        """
        logits, state = self(batch.inputs[:-1], None if batch.fresh else carry)
        nats = nn.functional.cross_entropy(logits.float().flatten(0, 1), batch.inputs[1:].flatten())
        return nats, _detached(state)

    def level_log_probabilities(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Float[np.ndarray, "time"]:
        """Return ln P(c_t | c_1, ..., c_{t-1}) for every t.

        A compiled loop in float32 computes what `forward` does, some ten times as fast.

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the network's encoding, ``config.encoding``.
        """
        codes = self._check_codes(codes, encoding)
        cell, arrays = self._arrays()
        return kernels.log_probabilities(
            cell, *arrays, *self._silent_state(), self.config.silence, codes
        )

    def level_log_likelihood(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Likelihood:
        """Return ln P(c_1, ..., c_N): the sum of `level_log_probabilities`; raises as it does."""
        return Likelihood(float(self.level_log_probabilities(codes, encoding).sum()))

    def _check_codes(self, codes: Int[np.ndarray, "time"], encoding: Encoding) -> np.ndarray:
        if encoding != self.config.encoding:
            raise ValueError(
                f"need codes of this network's encoding, {self.config.encoding.name}, "
                f"got {encoding.name}; a network is trained for one encoding"
            )
        return check_codes(codes, encoding.levels)

    @torch.no_grad()
    def _arrays(self) -> tuple[int, list[np.ndarray]]:
        """Return the cell's number and the arrays that the compiled loops take."""
        core = self.core
        table = self.embedding.weight @ core.weight_ih_l0.T + core.bias_ih_l0
        weights = (
            table,
            *(core.weight_hh_l0.T, core.bias_hh_l0),
            *(self.hidden.weight.T, self.hidden.bias),
            *(self.output.weight.T, self.output.bias),
        )
        arrays = [np.ascontiguousarray(w.cpu().float().numpy()) for w in weights]
        return _NUMBERS[self.config.cell], arrays

    def _silent_state(self) -> tuple[np.ndarray, np.ndarray]:
        """Return h and c (which only an LSTM uses) before a sound."""
        zeros = np.zeros(self.config.units, np.float32)
        return zeros, zeros.copy()


def _cosines(levels: int, count: int) -> Float[Tensor, "levels count"]:
    """Return cos(pi j (c + 1/2) / levels) / sqrt(j) for level c and j = 1, ..., count.

    The first is the compressed amplitude, bent; each next one tells finer differences, more
    quietly. Levels that are never heard so stand between their neighbours.
    """
    j = torch.arange(1, count + 1)
    middles = (torch.arange(levels)[:, None] + 0.5) / levels
    return torch.cos(math.pi * j * middles) / j.sqrt()


def _detached(state: State) -> State:
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())
