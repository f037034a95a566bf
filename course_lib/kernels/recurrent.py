"""Recurrent networks one sample at a time: drawing levels, and scoring them.

The embedding is folded through the input weights into a table with a row a level. Gates stand in
torch's order: i, f, g, o of an LSTM; r, z, n of a GRU. The caller checks shapes and values.
The readable twins are the cells and `sample_step_by_step` of ``models.waveform.recurrent``.

One sample costs gates units^2 + units head + head levels multiplications.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from course_lib.kernels import layers
from course_lib.kernels.compiling import compiled
from course_lib.kernels.layers import (
    PANEL,
    ROWS,
    aligned,
    draw,
    padded,
    product,
    rectify,
    tanh_parts,
)

_compiled = compiled(fastmath={"reassoc", "contract", "nsz"})

_ZERO, _HALF = np.float32(0.0), np.float32(0.5)
RNN, LSTM, GRU = 0, 1, 2


class Network(NamedTuple):
    """The weights, float32, with U units, H hidden units of the output, and G gates.

    Matrices are packed as ``kernels.layers`` multiplies by them.
    """

    cell: int
    """RNN (G = 1), LSTM (G = 4) or GRU (G = 3)."""
    table: np.ndarray
    """(levels, G U): what hearing a level adds to each gate, the input's bias included."""
    recurrent: np.ndarray
    """U inputs, G U outputs."""
    recurrent_bias: np.ndarray
    """(G U,)."""
    head1: np.ndarray
    """U inputs, H outputs."""
    head1_bias: np.ndarray
    """(H,)."""
    head2: np.ndarray
    """H inputs, an output a level."""
    head2_bias: np.ndarray
    """(levels,)."""


class State(NamedTuple):
    """What the network remembers, and room to compute in; taken on in place, sample by sample."""

    last: np.ndarray
    """(1,), int64: the level that it hears next."""
    h: np.ndarray
    """(U,), and zeros up to a multiple of ROWS."""
    c: np.ndarray
    """(U,), of an LSTM."""
    gates: np.ndarray
    """(panels, PANEL): W_hh h, up to its bias."""
    hidden: np.ndarray
    """(panels, PANEL)."""
    logits: np.ndarray
    """(panels, PANEL)."""


def network(
    cell: int,
    *,
    table: np.ndarray,
    recurrent: np.ndarray,
    recurrent_bias: np.ndarray,
    head1: np.ndarray,
    head1_bias: np.ndarray,
    head2: np.ndarray,
    head2_bias: np.ndarray,
) -> Network:
    """Pack the weights; matrices come as (inputs, outputs), in the shapes that `Network` names.

    Matrices whose numbers are all float16's take half the memory and give the same result, sooner.
    """

    def plain(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, np.float32)

    pack = functools.partial(layers.pack, half=layers.fits_float16(recurrent, head1, head2))
    return Network(
        cell, plain(table), pack(recurrent), plain(recurrent_bias), pack(head1), plain(head1_bias),
        pack(head2), plain(head2_bias),
    )  # fmt: skip


def start(network: Network, level: int) -> State:
    """Return a state of zeros, about to hear `level`."""
    units = network.table.shape[1] // (1, 4, 3)[network.cell]
    return State(
        last=np.array([level]),
        h=aligned(padded(units, ROWS)),
        c=aligned(units),
        gates=aligned(len(network.recurrent), PANEL),
        hidden=aligned(len(network.head1), PANEL),
        logits=aligned(len(network.head2), PANEL),
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
def log_probabilities(network, state, codes):
    """Return ln P of each code given those before it, float64, and take the state on."""
    result = np.empty(len(codes))
    for t in range(len(codes)):
        logits = _advance(network, state)
        highest, total = logits.max(), 0.0
        for k in range(len(logits)):
            total += np.exp(np.float64(logits[k]) - highest)
        result[t] = np.float64(logits[codes[t]]) - highest - np.log(total)
        state.last[0] = codes[t]
    return result


@_compiled
def _advance(network, state):
    """Hear the last level, and return the logits of the next one."""
    return respond_to(network, state, network.table[state.last[0]])


@_compiled
def respond_to(network, state, heard):
    """Take one step, and return the outputs; `heard` is what the input adds to each gate."""
    units = len(state.c)
    product(state.h, network.recurrent, state.gates)
    gates = state.gates.reshape(-1)[: len(heard)]
    for i in range(len(gates)):
        gates[i] += network.recurrent_bias[i]
    if network.cell == RNN:
        _rnn(heard, gates, state.h[:units])
    elif network.cell == LSTM:
        _lstm(heard, gates, state.h[:units], state.c)
    else:
        _gru(heard, gates, state.h[:units])
    hidden = state.hidden.reshape(-1)
    product(state.h, network.head1, state.hidden)
    for i in range(len(network.head1_bias)):
        hidden[i] += network.head1_bias[i]
    rectify(hidden)
    product(hidden[: ROWS * (-(-len(network.head1_bias) // ROWS))], network.head2, state.logits)
    logits = state.logits.reshape(-1)[: len(network.head2_bias)]
    for i in range(len(logits)):
        logits[i] += network.head2_bias[i]
    return logits


@_compiled
def _tanh(x):
    p, q = tanh_parts(x)
    return p / q


@_compiled
def _sigmoid(x):
    return _HALF + _HALF * _tanh(_HALF * x)


@_compiled
def _rnn(x, y, h):
    """h' = tanh(x + y), for x = W_ih input + b_ih and y = W_hh h + b_hh."""
    for j in range(len(h)):
        h[j] = _tanh(x[j] + y[j])


@_compiled
def _lstm(x, y, h, c):
    """c' = s(f) c + s(i) tanh(g) and h' = s(o) tanh(c'), for (i, f, g, o) the parts of x + y."""
    n = len(h)
    xi, xf, xg, xo = x[:n], x[n : 2 * n], x[2 * n : 3 * n], x[3 * n :]
    yi, yf, yg, yo = y[:n], y[n : 2 * n], y[2 * n : 3 * n], y[3 * n :]
    for j in range(n):
        c[j] = _sigmoid(xf[j] + yf[j]) * c[j] + _sigmoid(xi[j] + yi[j]) * _tanh(xg[j] + yg[j])
        h[j] = _sigmoid(xo[j] + yo[j]) * _tanh(c[j])


@_compiled
def _gru(x, y, h):
    """h' = n + s(z) (h - n), where n = tanh(x_n + s(r) y_n) and (r, z) are parts of x + y."""
    n = len(h)
    xr, xz, xn = x[:n], x[n : 2 * n], x[2 * n :]
    yr, yz, yn = y[:n], y[n : 2 * n], y[2 * n :]
    for j in range(n):
        proposal = _tanh(xn[j] + _sigmoid(xr[j] + yr[j]) * yn[j])
        h[j] = proposal + _sigmoid(xz[j] + yz[j]) * (h[j] - proposal)
