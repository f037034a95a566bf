"""Recurrent networks and WaveNets in whole numbers: the same shares on every processor.

The equations are those of ``models.waveform``; weights are rounded to multiples of 2^-13 and
activations to multiples of 2^-14, so that all sums are exact (see `exact`). The matrix products go
through whatever BLAS there is: it may add in any order. Notebook: 17.
"""

from __future__ import annotations

import functools
import zlib
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from torch import nn

from course_lib.applications.arithmetic import TOTAL
from course_lib.applications.exact import (
    ACTIVATION,
    LARGEST,
    UNIT,
    WEIGHT,
    ExactModel,
    Past,
    activation,
    check_exact,
    exp_table,
    grid,
    logistic,
    logistic_table,
    tanh,
    whole_weights,
)
from course_lib.features.quantise import MuLaw
from course_lib.models.waveform.recurrent import RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet

_SUM = WEIGHT * ACTIVATION
_LOGIT_STEPS = 2**8  # logits and log scales are rounded to multiples of 1 / 256
_LOGISTIC_STEPS = 2**10
_TAIL = 24  # beyond it, the logistic function is 0 or 1 to 10 digits
_LEAST, _MOST = -13, 4  # ln of a component's scale


def exact_network(network: nn.Module) -> ExactModel:
    """Return a network of levels in arithmetic that is the same everywhere.

    Raises
    ------
    ValueError
        For anything but an LSTM, a GRU or a WaveNet, for a network with a condition, without one of
        its parts, of more than 256 levels, or with weights too large for exact sums.
    """
    if isinstance(network, RecurrentNetwork) and network.config.cell != "rnn":
        return ExactRecurrent(network)
    if isinstance(network, WaveNet):
        return ExactWaveNet(network)
    raise ValueError(
        "need an LSTM, a GRU or a WaveNet of levels to compress with, got "
        f"{type(network).__name__}; take gru-speech, lstm-speech or wavenet-speech"
    )


class _Network:
    """What both kinds have in common: the grid, a fingerprint, and whole numbers of weights."""

    def __init__(self, network: RecurrentNetwork | WaveNet) -> None:
        if network.config.levels > 256:
            raise ValueError(
                f"need a network of at most 256 levels, got {network.config.levels}; "
                "take ar for 16-bit samples"
            )
        self.encoding: MuLaw = MuLaw(network.config.levels)
        self.silence = network.config.silence
        state = {k: v.detach().cpu().numpy() for k, v in network.named_parameters()}
        self.fingerprint = zlib.crc32(repr(network.config).encode())
        for name in sorted(state):
            whole = whole_weights(state[name], WEIGHT).astype("<i8")
            self.fingerprint = zlib.crc32(whole.tobytes(), self.fingerprint)


class ExactRecurrent(_Network):
    """An LSTM or a GRU in whole numbers; the equations are those of ``models.waveform.cells``."""

    def __init__(self, network: RecurrentNetwork) -> None:
        super().__init__(network)
        parameters = {k: v.detach().cpu().numpy() for k, v in network.named_parameters()}
        self.cell, self.units = network.config.cell, network.config.units
        # What hearing a level adds to each gate: a product of whole numbers, in int64
        embedding = whole_weights(parameters["embedding.weight"]).astype(np.int64)
        inputs = whole_weights(parameters["core.weight_ih_l0"]).astype(np.int64)
        heard = embedding @ inputs.T * (_SUM // WEIGHT**2)
        bias = whole_weights(parameters["core.bias_ih_l0"], _SUM)
        self.table = heard.astype(np.float64) + bias
        self.recurrent = _matrix(parameters["core.weight_hh_l0"].T, 1)
        self.recurrent_bias = whole_weights(parameters["core.bias_hh_l0"], _SUM)
        self.head1 = _matrix(parameters["hidden.weight"].T, 1)
        self.head1_bias = whole_weights(parameters["hidden.bias"], _SUM)
        self.head2 = _matrix(parameters["output.weight"].T, LARGEST)
        self.head2_bias = whole_weights(parameters["output.bias"], _SUM)

    def begin(self) -> Past:
        """Return a past in which nothing has been heard."""
        return _RecurrentPast(self)


class _RecurrentPast:
    def __init__(self, model: ExactRecurrent) -> None:
        self.model = model
        self.h, self.c = np.zeros(model.units), np.zeros(model.units)
        self.hear(model.silence)

    def cumulative(self, level: int) -> int:
        return int(self.shares[level])

    def hear(self, level: int) -> None:
        model = self.model
        inputs, recurrent = model.table[level], self.h @ model.recurrent + model.recurrent_bias
        if model.cell == "gru":
            self.h = _gru(inputs, recurrent, self.h)
        else:
            self.h, self.c = _lstm(inputs + recurrent, self.c)
        hidden = np.maximum(activation(self.h @ model.head1 + model.head1_bias), 0)
        self.shares = softmax_shares(hidden @ model.head2 + model.head2_bias)


class ExactWaveNet(_Network):
    """A WaveNet without condition in whole numbers; see ``models.waveform.wavenet``."""

    def __init__(self, network: WaveNet) -> None:
        super().__init__(network)
        config = network.config
        if config.voices or config.mel is not None:
            raise ValueError("need a network without a condition, got one with voices or frames")
        if not (config.gated and config.residual and config.skips):
            raise ValueError("need a network with gates, residual and skip connections")
        p = {k: v.detach().cpu().numpy() for k, v in network.named_parameters()}
        self.dilations, self.channels = config.dilations, config.channels
        self.components = config.components
        values, edges = grid(self.encoding)
        self.values, self.edges = values, edges
        if config.components:
            self.inputs = activation(_features(values) @ whole_weights(p["embedding"])
                                     + whole_weights(p["embedding_bias"], _SUM))  # fmt: skip
        else:
            self.inputs = whole_weights(p["embedding"], ACTIVATION)
        self.taps = [_matrix(taps, LARGEST) for taps in p["taps"]]
        self.bias = whole_weights(p["bias"], _SUM)
        self.mix = [_matrix(mix, 1) for mix in p["mix"]]
        self.mix_bias = whole_weights(p["mix_bias"], _SUM)
        self.head1, self.head2 = _matrix(p["head1"], LARGEST), _matrix(p["head2"], LARGEST)
        self.head1_bias = whole_weights(p["head1_bias"], _SUM)
        self.head2_bias = whole_weights(p["head2_bias"], _SUM)

    def begin(self) -> Past:
        """Return a past in which there was only silence."""
        return _WaveNetPast(self)


class _WaveNetPast:
    def __init__(self, model: ExactWaveNet) -> None:
        self.model, self.time = model, 0
        self.queues: list[np.ndarray] = []
        x = model.inputs[model.silence]  # in endless silence a layer's input never changes
        self.skip = np.zeros(len(model.head1))
        for layer, dilation in enumerate(model.dilations):
            self.queues.append(np.tile(x, (dilation, 1)))
            x = self._layer(layer, x, x)
        self._share(model.silence)

    def cumulative(self, level: int) -> int:
        return int(self.shares[level])

    def hear(self, level: int) -> None:
        x = self.model.inputs[level]
        self.skip = np.zeros(len(self.model.head1))
        for layer, queue in enumerate(self.queues):
            slot = self.time % len(queue)
            past = queue[slot].copy()
            queue[slot] = x
            x = self._layer(layer, past, x)
        self.time += 1
        self._share(level)

    def _layer(self, layer: int, past: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Return the input of the next layer, and add to ``skip``, a sum of products."""
        model, c = self.model, self.model.channels
        a = np.concatenate([past, x]) @ model.taps[layer] + model.bias[layer]
        z = np.rint(tanh(a[:c]) * logistic(a[c:]) / (2**30 // ACTIVATION))
        mixed = z @ model.mix[layer] + model.mix_bias[layer]
        self.skip = self.skip + mixed[c:]
        return _limited(x + np.rint(mixed[:c] / WEIGHT))

    def _share(self, level: int) -> None:
        model = self.model
        rectified = np.maximum(activation(self.skip), 0)
        hidden = np.maximum(activation(rectified @ model.head1 + model.head1_bias), 0)
        outputs = hidden @ model.head2 + model.head2_bias
        if model.components:
            last = int(model.values[level])
            self.shares = mixture_shares(outputs.reshape(3, -1), last, model.edges)
        else:
            self.shares = softmax_shares(outputs)


# ------------------------------------------------------------------ cells


def _gru(
    inputs: Float[np.ndarray, "gates"],
    recurrent: Float[np.ndarray, "gates"],
    h: Float[np.ndarray, "units"],
) -> Float[np.ndarray, "units"]:
    n = len(h)
    r = logistic(inputs[:n] + recurrent[:n])
    z = logistic(inputs[n : 2 * n] + recurrent[n : 2 * n])
    proposal = tanh(inputs[2 * n :] + np.rint(r * np.rint(recurrent[2 * n :] / 2**5) / 2**10))
    return np.rint(((2**15 - z) * proposal / 2 + z * h) / 2**15)


def _lstm(
    gates: Float[np.ndarray, "gates"], c: Float[np.ndarray, "units"]
) -> tuple[Float[np.ndarray, "units"], Float[np.ndarray, "units"]]:
    i, f, g, o = np.split(gates, 4)
    c = _limited(np.rint((logistic(f) * c + logistic(i) * tanh(g) / 2) / 2**15))
    return np.rint(logistic(o) * tanh(c * WEIGHT) / 2**16), c


# ------------------------------------------------------------------ shares


class _Tables(NamedTuple):
    falling: Int[np.ndarray, "entries"]
    """2^30 exp(-i / 256)."""
    precision: Int[np.ndarray, "entries"]
    """2^16 exp(-s) for the log scales s from -13 to 4."""
    logistic: Int[np.ndarray, "entries"]
    """2^32 / (1 + exp(-i / 1024)), and 2^32 minus it for negative i; i = 0 in the middle."""


@functools.cache
def _tables() -> _Tables:
    half = logistic_table(_TAIL * _LOGISTIC_STEPS, steps=_LOGISTIC_STEPS, unit=2**32)
    return _Tables(
        exp_table(-_TAIL * _LOGIT_STEPS, 0, steps=_LOGIT_STEPS, unit=2**30)[::-1].copy(),
        exp_table(-_MOST * _LOGIT_STEPS, -_LEAST * _LOGIT_STEPS, steps=_LOGIT_STEPS, unit=2**16),
        np.concatenate([2**32 - half[:0:-1], half]),
    )


def softmax_shares(logits: Float[np.ndarray, "levels"]) -> Int[np.ndarray, "levels_plus_1"]:
    """Return where each level's share of `TOTAL` begins, and `TOTAL`: softmax in whole numbers.

    Every level gets 1, and a part of the rest in proportion to exp(logit).
    """
    masses = _masses(logits)
    rest = TOTAL - len(masses)
    begins = np.cumsum(masses) * rest // int(masses.sum()) + np.arange(1, len(masses) + 1)
    return np.concatenate([[0], begins])


def mixture_shares(
    parameters: Float[np.ndarray, "three components"], last: int, edges: Int[np.ndarray, "edges"]
) -> Int[np.ndarray, "edges"]:
    """Return where each level's share begins under a mixture of logistics around the last sample.

    ``models.waveform.logistic_mixture`` in whole numbers: with precision 1 / s_i, the component's
    distribution function at the edge e is that of the standard law at (e - last) / s_i - m_i.
    """
    tables = _tables()
    masses = _masses(parameters[0])
    weights = masses * 2**16 // int(masses.sum())
    log_scale = np.rint(parameters[2] * (_LOGIT_STEPS / _SUM)).astype(np.int64)
    log_scale = np.clip(log_scale, _LEAST * _LOGIT_STEPS, _MOST * _LOGIT_STEPS)
    precision = tables.precision[_MOST * _LOGIT_STEPS - log_scale]
    steps = np.rint(parameters[1] * (_LOGISTIC_STEPS / _SUM)).astype(np.int64)
    index = ((edges[:, None] - last) * precision >> 26) - steps  # UNIT 2^16 = 2^36; 2^10 a step
    top = len(tables.logistic) // 2
    heaps = (tables.logistic[np.clip(index, -top, top) + top] * weights).sum(axis=1) >> 24
    levels = len(edges) - 1
    begins = (heaps * (TOTAL - levels) >> 24) + np.arange(levels + 1)
    begins[0], begins[-1] = 0, TOTAL
    return begins


def _masses(logits: Float[np.ndarray, "choices"]) -> Int[np.ndarray, "choices"]:
    """Return 2^30 exp(logit - the largest), rounded."""
    index = np.rint((logits.max() - logits) * (_LOGIT_STEPS / _SUM))
    falling = _tables().falling
    return falling[np.minimum(index, len(falling) - 1).astype(np.int64)]


# ------------------------------------------------------------------ helpers


def _matrix(weights: Float[np.ndarray, "inputs outputs"], largest: int) -> np.ndarray:
    return check_exact(whole_weights(weights), largest * ACTIVATION)


def _limited(x: Float[np.ndarray, "channels"]) -> Float[np.ndarray, "channels"]:
    limit = float(LARGEST * ACTIVATION)
    return np.clip(x, -limit, limit)


def _features(values: Int[np.ndarray, "levels"]) -> Float[np.ndarray, "levels two"]:
    """Return amplitude and mu-law of each level, as activations."""
    levels = len(values)
    bent = (2 * np.arange(levels) + 1 - levels) * (ACTIVATION / levels)  # what the grid expands
    return np.stack([np.rint(values * (ACTIVATION / UNIT)), np.rint(bent)], axis=1)
