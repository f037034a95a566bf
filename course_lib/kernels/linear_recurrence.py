"""Diagonal linear recurrences: a whole stretch with its gradient, and a network sample by sample.

A complex number takes two places, its real part and its imaginary part. The readable twins are
`recur_step_by_step`, `LinearRecurrentNetwork.forward` and `sample_step_by_step` of
``models.waveform``.

One sample of the network costs, in each layer of W numbers and N poles, 4 W N + 2 W^2
multiplications, and W levels more at the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.kernels import layers
from course_lib.kernels.compiling import compiled
from course_lib.kernels.layers import PANEL, ROWS, aligned, draw, padded, product, tanh_parts

_compiled = compiled(fastmath={"reassoc", "contract", "nsz"})

_HALF, _ONE = np.float32(0.5), np.float32(1.0)


# ------------------------------------------------------------------ a whole stretch


@_compiled
def recur(inputs, poles, start, states):
    """states[t] = poles * states[t - 1] + inputs[t], where `start` stands before the first.

    Parameters
    ----------
    inputs, states : (time, batch, N, 2), of which `states` is filled in
    poles : (N, 2)
    start : (batch, N, 2)
    """
    count = len(poles)
    for t in range(len(inputs)):
        for b in range(len(start)):
            before = start[b] if t == 0 else states[t - 1, b]
            heard, now = inputs[t, b], states[t, b]
            for n in range(count):
                real, imaginary = before[n, 0], before[n, 1]
                now[n, 0] = heard[n, 0] + poles[n, 0] * real - poles[n, 1] * imaginary
                now[n, 1] = heard[n, 1] + poles[n, 0] * imaginary + poles[n, 1] * real


@_compiled
def recur_backwards(upstream, poles, start, states, inputs, pole_gradient):
    """Turn the gradient of a loss by the states of `recur` into that by its inputs and poles.

    The same recurrence runs back in time, with conjugate poles::

        g[t] = upstream[t] + conj(poles) g[t + 1]
        pole_gradient = sum over t and the batch of g[t] conj(states[t - 1])

    Parameters
    ----------
    upstream : (time, batch, N, 2), the gradient by the states
    poles, start, states : what `recur` took and filled in
    inputs : (time, batch, N, 2), filled in with g, the gradient by the inputs
    pole_gradient : (N, 2), zeros, to which the sum is added
    """
    count, length = len(poles), len(upstream)
    for t in range(length - 1, -1, -1):
        for b in range(len(start)):
            before = start[b] if t == 0 else states[t - 1, b]
            now = inputs[t, b]
            now[:] = upstream[t, b]
            if t + 1 < length:
                after = inputs[t + 1, b]
                for n in range(count):
                    real, imaginary = after[n, 0], after[n, 1]
                    now[n, 0] += poles[n, 0] * real + poles[n, 1] * imaginary
                    now[n, 1] += poles[n, 0] * imaginary - poles[n, 1] * real
            for n in range(count):
                pole_gradient[n, 0] += now[n, 0] * before[n, 0] + now[n, 1] * before[n, 1]
                pole_gradient[n, 1] += now[n, 1] * before[n, 0] - now[n, 0] * before[n, 1]


# ------------------------------------------------------------------ sample by sample


class Network(NamedTuple):
    """The weights, float32, of L layers with W numbers between them and N poles in each.

    Matrices are packed as ``kernels.layers`` multiplies by them.
    """

    table: np.ndarray
    """(levels, W): what stands for a level."""
    norms: np.ndarray
    """(L + 1, 2, W): scale and shift after each normalisation; the last one comes before head."""
    poles: np.ndarray
    """(L, N, 2)."""
    gammas: np.ndarray
    """(L, N): what each state's input is multiplied by."""
    inward: np.ndarray
    """W inputs, 2 N outputs, for each layer."""
    outward: np.ndarray
    """2 N inputs, W outputs, for each layer."""
    outward_bias: np.ndarray
    """(L, W)."""
    direct: np.ndarray
    """(L, W)."""
    gate: np.ndarray
    """W inputs, 2 W outputs, for each layer."""
    gate_bias: np.ndarray
    """(L, 2 W)."""
    head: np.ndarray
    """W inputs, an output a level."""
    head_bias: np.ndarray
    """(levels,)."""


class State(NamedTuple):
    """What the network remembers, and room to compute in; taken on in place, sample by sample."""

    last: np.ndarray
    """(1,), int64: the level that it hears next."""
    states: np.ndarray
    """(L, 2 N), and zeros up to a multiple of ROWS."""
    x: np.ndarray
    """(W,): what goes from layer to layer."""
    u: np.ndarray
    """(W,), and zeros up to a multiple of ROWS: x, normalised."""
    heard: np.ndarray
    """(panels, PANEL): what a layer's states hear."""
    y: np.ndarray
    """(panels, PANEL): what they give."""
    gated: np.ndarray
    """(panels, PANEL)."""
    logits: np.ndarray
    """(panels, PANEL)."""


def network(
    *,
    inward: np.ndarray,
    outward: np.ndarray,
    gate: np.ndarray,
    head: np.ndarray,
    **vectors: np.ndarray,
) -> Network:
    """Pack the weights; matrices come as (..., inputs, outputs), in the shapes of `Network`.

    Matrices whose numbers are all float16's take half the memory and give the same result, sooner.
    """
    matrices = {"inward": inward, "outward": outward, "gate": gate, "head": head}
    half = layers.fits_float16(*matrices.values())
    packed = {name: layers.pack(matrix, half=half) for name, matrix in matrices.items()}
    plain = {name: np.ascontiguousarray(each, np.float32) for name, each in vectors.items()}
    return Network(**packed, **plain)


def start(network: Network, level: int) -> State:
    """Return a state of zeros, about to hear `level`."""
    count, states = network.gammas.shape
    width = network.table.shape[1]
    return State(
        last=np.array([level]),
        states=aligned(count, padded(2 * states, ROWS)),
        x=aligned(width),
        u=aligned(padded(width, ROWS)),
        heard=aligned(network.inward.shape[1], PANEL),
        y=aligned(network.outward.shape[1], PANEL),
        gated=aligned(network.gate.shape[1], PANEL),
        logits=aligned(len(network.head), PANEL),
    )


@_compiled
def sample(network, state, uniforms, temperature):
    """Draw a level for each uniform number, (length,), and take the state on."""
    codes = np.empty(len(uniforms), np.int64)
    for t in range(len(uniforms)):
        codes[t] = draw(_advance(network, state), temperature, uniforms[t])
        state.last[0] = codes[t]
    return codes


@_compiled
def hear(network, state, codes):
    """Take the state on over codes that were not drawn: a prompt."""
    for t in range(len(codes)):
        _advance(network, state)
        state.last[0] = codes[t]


@_compiled
def _advance(network, state):
    """Hear the last level, and return the logits of the next one."""
    width = len(state.x)
    rows = ROWS * (-(-width // ROWS))
    y, gated = state.y.reshape(-1), state.gated.reshape(-1)
    state.x[:] = network.table[state.last[0]]
    for i in range(len(network.poles)):
        _normalise(state.x, network.norms[i], state.u)
        product(state.u, network.inward[i], state.heard)
        _turn(state.heard.reshape(-1), network.poles[i], network.gammas[i], state.states[i])
        product(state.states[i], network.outward[i], state.y)
        for j in range(width):
            a = y[j] + network.outward_bias[i, j] + network.direct[i, j] * state.u[j]
            y[j] = a * _sigmoid(a)
        product(y[:rows], network.gate[i], state.gated)
        for j in range(width):
            content = gated[j] + network.gate_bias[i, j]
            state.x[j] += content * _sigmoid(gated[width + j] + network.gate_bias[i, width + j])
    _normalise(state.x, network.norms[len(network.poles)], state.u)
    product(state.u, network.head, state.logits)
    logits = state.logits.reshape(-1)[: len(network.head_bias)]
    for k in range(len(logits)):
        logits[k] += network.head_bias[k]
    return logits


@_compiled
def _turn(heard, poles, gammas, states):
    """Turn every state by its pole, and add what is heard: one step of `recur`."""
    for n in range(len(gammas)):
        real, imaginary = states[2 * n], states[2 * n + 1]
        states[2 * n] = gammas[n] * heard[2 * n] + poles[n, 0] * real - poles[n, 1] * imaginary
        states[2 * n + 1] = (
            gammas[n] * heard[2 * n + 1] + poles[n, 0] * imaginary + poles[n, 1] * real
        )


@_compiled
def _normalise(x, norm, u):
    """u = scale (x - mean) / sqrt(variance + 1e-5) + shift, torch's layer normalisation."""
    mean, variance = np.float32(0.0), np.float32(0.0)
    for j in range(len(x)):
        mean += x[j]
    mean /= np.float32(len(x))
    for j in range(len(x)):
        variance += (x[j] - mean) * (x[j] - mean)
    factor = _ONE / np.sqrt(variance / np.float32(len(x)) + np.float32(1e-5))
    for j in range(len(x)):
        u[j] = norm[0, j] * ((x[j] - mean) * factor) + norm[1, j]


@_compiled
def _sigmoid(x):
    p, q = tanh_parts(_HALF * x)
    return _HALF + _HALF * (p / q)
