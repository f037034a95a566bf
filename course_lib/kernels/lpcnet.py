"""A recurrent network around an adaptive predictor, one sample at a time.

Readable twins: `LPCNet.forward`, `log_probability` and `sample_step_by_step` of
``models.waveform.lpcnet``. What the network hears, two levels and two numbers, is folded through
the input weights into two tables and two rows.

One sample costs what it costs a GRU with few outputs, and a prediction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.kernels import adaptive, recurrent
from course_lib.kernels.compiling import compiled
from course_lib.kernels.layers import aligned, draw

_compiled = compiled()

LEAST_LOG_SCALE, GREATEST_LOG_SCALE = -8.0, 8.0
"""Between these lies ln s of a component, in scales of the predictor."""


class Network(NamedTuple):
    """The weights, and the predictor's settings; U units."""

    core: recurrent.Network
    """A GRU, whose table holds what hearing the last level adds to each gate."""
    expected: np.ndarray
    """(levels, 3 U), float32: what the level that is expected adds."""
    numbers: np.ndarray
    """(2, 3 U), float32: what loudness and surprise add."""
    values: np.ndarray
    """(levels,)."""
    edges: np.ndarray
    """(levels + 1,), the outermost infinite."""
    predictor: tuple
    """taper, order, hop, forgetting, correction, noise, least."""
    log_least: float
    """ln of `least`, from which loudness counts."""


class State(NamedTuple):
    """What network and predictor remember; taken on in place, sample by sample."""

    core: recurrent.State
    memory: np.ndarray
    """As ``kernels.adaptive`` lays it out."""
    heard: np.ndarray
    """(3 U,): room for what the input adds to each gate."""


def start(network: Network, first: float) -> State:
    """Return a state that has heard nothing; `first` is the scale of the first error."""
    taper, order = network.predictor[:2]
    return State(
        core=recurrent.start(network.core, 0),
        memory=adaptive.start(order, len(taper), first),
        heard=aligned(network.core.table.shape[1]),
    )


@_compiled
def _scale(network, memory):
    least = network.predictor[6]
    return max(memory[adaptive.ERRORS] / memory[adaptive.WEIGHT], least)


@_compiled
def hear(network, state, code):
    """Take in a level; return the mixture of the next, which stands in the state's memory."""
    taper, order, hop, forgetting, correction, noise, _ = network.predictor
    memory, x = state.memory, network.values[code]
    surprise = (x - memory[adaptive.PREDICTION]) / _scale(network, memory)
    adaptive.hear(memory, x, taper, order, hop, forgetting, correction, noise)
    expected = np.searchsorted(network.edges[1:-1], memory[adaptive.PREDICTION], side="right")
    loud = np.float32(0.25 * (np.log(_scale(network, memory)) - network.log_least) - 1.0)
    surprised = np.float32(np.arcsinh(surprise))
    last, coming = network.core.table[code], network.expected[expected]
    first, second, heard = network.numbers[0], network.numbers[1], state.heard
    for i in range(len(heard)):
        heard[i] = last[i] + coming[i] + loud * first[i] + surprised * second[i]
    return recurrent.respond_to(network.core, state.core, heard)


@_compiled
def log_probabilities(network, state, codes, before):
    """Return ln P of each code given those before it, float64; `before` is heard first.

    The last of the codes is not heard: it is the next call's `before`.
    """
    result, last = np.empty(len(codes)), before
    for t in range(len(codes)):
        outputs = hear(network, state, last)
        result[t] = _log_probability(network, state.memory, outputs, codes[t])
        last = codes[t]
    return result


@_compiled
def _sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z)) if z >= 0.0 else np.exp(z) / (1.0 + np.exp(z))


@_compiled
def _log_probability(network, memory, outputs, code):
    """ln sum_i pi_i [sigma(b_i) - sigma(a_i)], and the last share spread over all levels alike."""
    components = (len(outputs) - 1) // 3
    steps, log_scales = outputs[components + 1 : 2 * components + 1], outputs[2 * components + 1 :]
    scale, prediction = _scale(network, memory), memory[adaptive.PREDICTION]
    low = (network.edges[code] - prediction) / scale
    high = (network.edges[code + 1] - prediction) / scale
    highest, total, inside = np.float64(outputs[: components + 1].max()), 0.0, 0.0
    for i in range(components):
        share = np.exp(outputs[i] - highest)
        precision = np.exp(-_kept(log_scales[i]))
        a, b = (low - steps[i]) * precision, (high - steps[i]) * precision
        total += share
        # sigma(b) - sigma(a) without cancelling
        inside += share * _sigmoid(b) * _sigmoid(-a) * -np.expm1(a - b)
    share = np.exp(outputs[components] - highest)
    return np.log((inside + share / len(network.values)) / (total + share))


@_compiled
def _kept(log_scale):
    return min(max(np.float64(log_scale), LEAST_LOG_SCALE), GREATEST_LOG_SCALE)


@_compiled
def sample(network, state, uniforms, temperature, before):
    """Draw a level for each row of two uniform numbers, (length, 2), and take the state on.

    `before` is heard first, and the last level drawn is not: it is the next call's `before`.
    """
    codes, last = np.empty(len(uniforms), np.int64), before
    for t in range(len(uniforms)):
        outputs = hear(network, state, last)
        last = _draw(network, state.memory, outputs, temperature, uniforms[t])
        codes[t] = last
    return codes


@_compiled
def _draw(network, memory, outputs, temperature, uniforms):
    """Return a level: the first number picks the component, the second one the amplitude."""
    components = (len(outputs) - 1) // 3
    k = draw(outputs[: components + 1], temperature, uniforms[0])
    if k == components:
        return int(uniforms[1] * len(network.values))
    step = np.float64(outputs[components + 1 + k])
    s = np.exp(_kept(outputs[2 * components + 1 + k]))
    u = min(max(uniforms[1], 1e-7), 1.0 - 1e-7)
    z = step + s * temperature * (np.log(u) - np.log1p(-u))
    x = memory[adaptive.PREDICTION] + _scale(network, memory) * z
    return np.searchsorted(network.edges[1:-1], x, side="right")
