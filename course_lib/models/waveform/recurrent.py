"""Recurrent networks over the levels of a waveform: RNN, LSTM and GRU.

A recursive filter keeps a state and mixes each sample into it; a recurrent network does the same
with a nonlinearity in the loop, and reads from the state how likely each next level is.

The network trains through ``torch.nn``'s loops, which compute what the plain
functions of `cells` do.

Notebook: 08.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import (
    Batch,
    Encoding,
    check_codes,
    check_count,
    check_generator,
    settle,
)
from course_lib.kernels import recurrent as kernels
from course_lib.models.waveform.cells import gru_cell, lstm_cell, rnn_cell
from course_lib.models.waveform.configuration import OnMuLawGrid
from course_lib.models.waveform.streaming import UnconditionedNetwork

Cell = Literal["rnn", "lstm", "gru"]
State: TypeAlias = Tensor | tuple[Tensor, Tensor]
"""What a network remembers: h of shape (1, batch, units); an LSTM's is the pair (h, c)."""

_CORES = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
_NUMBERS = {"rnn": kernels.RNN, "lstm": kernels.LSTM, "gru": kernels.GRU}


@dataclass(frozen=True)
class RecurrentConfig(OnMuLawGrid):
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
        settle(self, levels=check_count(self.levels, "levels", minimum=2))
        for name in ("embedding", "units", "head", "sample_rate"):
            settle(self, **{name: check_count(getattr(self, name), name)})


class RecurrentNetwork(UnconditionedNetwork):
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
        """Begin with neighbouring levels alike, inputs that move the gates, and small logits."""
        config = self.config
        self.embedding.weight.copy_(cosines(config.levels, config.embedding))
        units = config.units
        for gate in self.core.weight_hh_l0.split(units):
            nn.init.orthogonal_(gate)
        for bias in (self.core.bias_ih_l0, self.core.bias_hh_l0):
            nn.init.zeros_(bias)
        loudness = self.embedding.weight.pow(2).mean(0).sum().sqrt()  # of the rows, on average
        nn.init.normal_(self.core.weight_ih_l0, std=1 / loudness.item())
        if config.cell != "rnn":  # an LSTM's second gate forgets, a GRU's keeps: both begin open
            self.core.bias_ih_l0[units : 2 * units] = 1.0
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")
        nn.init.zeros_(self.hidden.bias)
        smooth = cosines(config.levels, config.embedding)
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
        state : what an earlier call returned; None where only silence came before
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
        logits = logits.float() if logits.dtype == torch.bfloat16 else logits
        nats = nn.functional.cross_entropy(logits.flatten(0, 1), batch.inputs[1:].flatten())
        return nats, _detached(state)

    def level_log_probabilities(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Float[np.ndarray, "time"]:
        """Return ln P(c_t | c_1, ..., c_{t-1}) for every t.

        A compiled loop in float32 computes what `forward` does, several times as fast.

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the network's encoding, ``config.encoding``.
        """
        codes = self._check_codes(codes, encoding)
        network = self._arrays()
        state = kernels.start(network, self.config.silence)
        return kernels.log_probabilities(network, state, codes)

    def step(
        self, codes: Int[Tensor, "batch"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch levels"], State]:
        """Return what `forward` returns for a single time, by the cells as they are written above.

        Parameters
        ----------
        codes : (batch,)
        state : what an earlier call returned; None where only silence came before
        """
        x, weights = self.embedding(codes)[None], tuple(self.core.parameters())
        if state is None:
            h = x.new_zeros(1, len(codes), self.config.units)
            state = (h, h) if self.config.cell == "lstm" else h
        state = _CELLS[self.config.cell](x, state, *weights)
        h = state if isinstance(state, Tensor) else state[0]
        return self.output(torch.relu(self.hidden(h[0]))), state

    def _blocks(
        self,
        length: int,
        block: int,
        rng: np.random.Generator,
        temperature: float,
        past: Int[np.ndarray, "time"],
    ) -> Iterator[Float[np.ndarray, "time"]]:
        network = self._arrays()
        state = kernels.start(network, self.config.silence)
        kernels.log_probabilities(network, state, past)  # hears the prompt
        for first in range(0, length, block):
            uniforms = rng.random(min(block, length - first))
            codes = kernels.sample(network, state, uniforms, temperature)
            yield self.config.encoding.decode(codes)

    @torch.no_grad()
    def _arrays(self) -> kernels.Network:
        """Return the weights as the compiled loops take them."""
        core = self.core
        table = self.embedding.weight @ core.weight_ih_l0.T + core.bias_ih_l0
        weights = {
            "table": table,
            "recurrent": core.weight_hh_l0.T,
            "recurrent_bias": core.bias_hh_l0,
            "head1": self.hidden.weight.T,
            "head1_bias": self.hidden.bias,
            "head2": self.output.weight.T,
            "head2_bias": self.output.bias,
        }
        arrays = {name: tensor.cpu().numpy() for name, tensor in weights.items()}
        return kernels.network(_NUMBERS[self.config.cell], **arrays)


@torch.no_grad()
def sample_step_by_step(
    network: UnconditionedNetwork,
    uniforms: Float[np.ndarray, "time batch"],
    *,
    temperature: float = 1.0,
) -> Int[np.ndarray, "time batch"]:
    """Draw level after level, each fed back as the next input.

    For a uniform number u, the first level k with sum_{j <= k} softmax(logits / temperature)[j]
    above u; at temperature 0 the likeliest.

    Parameters
    ----------
    network : one that has `step`
    uniforms : in [0, 1), one a level
    temperature : 0 or more
    """
    codes = torch.full((uniforms.shape[1],), network.config.silence)
    drawn, state = [], None
    for u in torch.from_numpy(uniforms):
        logits, state = network.step(codes, state)
        if temperature == 0:
            codes = logits.argmax(-1)
        else:
            cumulative = torch.softmax(logits.double() / temperature, -1).cumsum(-1)
            codes = (cumulative <= u[:, None]).sum(-1).clamp(max=network.config.levels - 1)
        drawn.append(codes)
    return torch.stack(drawn).numpy()


def gradient_by_lag(
    network: RecurrentNetwork, codes: Int[np.ndarray, "time batch"], *, rng: np.random.Generator
) -> Float[np.ndarray, "time"]:
    """Measure how much of a change in the state is left so many samples later.

    With s_t all that the network remembers after codes[t] (h, and an LSTM's c), T the last time,
    and v a standard normal direction of h_T, drawn for each sound::

        result[lag] = sqrt(mean over sounds of ||d (v' h_T) / d s_{T - lag}||^2)

    which estimates the Frobenius norm of the Jacobian d h_T / d s_{T - lag}, divided by its value
    at lag 0. Backpropagation through time multiplies by these Jacobians: where the curve has
    fallen to nothing, the network cannot learn from what came before.

    Parameters
    ----------
    network : the network
    codes : (time, batch), heard from silence; more sounds, a steadier estimate
    rng : draws v

    Raises
    ------
    TypeError, ValueError
        For codes that are not levels of the network in the shape (time, batch).

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks",
    eq. 5. Notebook: 08.
    """
    codes = np.asarray(codes)
    if codes.ndim != 2:
        raise ValueError(f"need codes of shape (time, batch), got {codes.shape}")
    check_codes(codes.ravel(), network.config.levels)
    states: list[tuple[Tensor, ...]] = []
    state: State | None = None
    for now in torch.from_numpy(codes):
        _, state = network.step(now, state)
        parts = (state,) if isinstance(state, Tensor) else state
        for part in parts:
            part.retain_grad()
        states.append(parts)
    h = states[-1][0]
    v = torch.from_numpy(check_generator(rng).standard_normal(h.shape)).to(h.dtype)
    (v * h).sum().backward()
    network.zero_grad(set_to_none=True)
    squares = [
        sum(float((part.grad.double() ** 2).sum()) for part in parts if part.grad is not None)
        for parts in reversed(states)
    ]
    return np.sqrt(np.array(squares) / squares[0])


_CELLS: dict[Cell, Callable[..., Any]] = {"rnn": rnn_cell, "lstm": lstm_cell, "gru": gru_cell}


def cosines(levels: int, count: int) -> Float[Tensor, "levels count"]:
    """Return cos(pi j (c + 1/2) / levels) / sqrt(j) for level c and j = 1, ..., count.

    The first is the compressed amplitude, bent; each next one tells finer differences, more
    quietly. Levels that are never heard so stand between their neighbours.
    """
    j = torch.arange(1, count + 1)
    middles = (torch.arange(levels)[:, None] + 0.5) / levels
    return torch.cos(math.pi * j * middles) / j.sqrt()


def _detached(state: State) -> State:
    return state.detach() if isinstance(state, Tensor) else (state[0].detach(), state[1].detach())
