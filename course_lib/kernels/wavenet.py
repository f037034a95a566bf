"""WaveNet one sample at a time: every layer keeps a queue of its past inputs.

The caller checks shapes, primes the queues with silence or with a prompt, and generates block by
block, so that it can show progress and be interrupted. The readable twin stands in
``models.waveform.wavenet``, the equations above it.

One sample costs sum_l (2 C 2 G + G (C + S)) + S H + H outputs multiplications, and for long
dilations as little as for short ones.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from course_lib.kernels import layers
from course_lib.kernels.compiling import compiled
from course_lib.kernels.layers import PANEL, ROWS, aligned, draw, gated, padded, product, rectify

_compiled = compiled(fastmath={"reassoc", "contract", "nsz"})

_ZERO = np.float32(0.0)


class Network(NamedTuple):
    """The weights as the loops take them; `network` makes it."""

    embedding: np.ndarray
    bias: np.ndarray
    taps: np.ndarray
    mix: np.ndarray
    residual_bias: np.ndarray
    skip_bias: np.ndarray
    head1: np.ndarray
    head1_bias: np.ndarray
    head2: np.ndarray
    head2_bias: np.ndarray
    dilations: np.ndarray
    hold: int
    components: int
    values: np.ndarray
    edges: np.ndarray


class State(NamedTuple):
    """Where the sampler stands; `prime` and `sample` take it on in place."""

    queues: np.ndarray
    """(sum of dilations, C): layer after layer, its last inputs, that of time t in row t mod d."""
    cursor: np.ndarray
    """(2,), int64: the index t of the sample to come (below 0 in a lead-in), the code before it."""
    pair: np.ndarray
    """Room for [x[t - d], x[t]] of a layer, and zeros."""
    units: np.ndarray
    """Room for the gated units of a layer, and zeros."""
    skip: np.ndarray
    """Room for the sum over the layers, and zeros."""
    hidden: np.ndarray
    """Room for the hidden layer of the head, and zeros."""
    results: np.ndarray
    """(panels, 32): room for the result of any product."""


def network(
    *,
    embedding: np.ndarray,
    taps: np.ndarray,
    bias: np.ndarray,
    mix: np.ndarray,
    mix_bias: np.ndarray,
    head1: np.ndarray,
    head1_bias: np.ndarray,
    head2: np.ndarray,
    head2_bias: np.ndarray,
    dilations: np.ndarray,
    hold: int = 2**62,
    components: int = 0,
    values: np.ndarray | None = None,
    edges: np.ndarray | None = None,
) -> Network:
    """Pack a network of L layers with C residual, G gated, S skip and H hidden channels.

    Matrices whose numbers are all float16's (those of a network stored so) take half the memory
    and give the same result, sooner.

    Parameters
    ----------
    embedding : (levels, C), a row a code; or, for a mixture, (3, C): what the amplitude, its
        mu-law and a one contribute
    taps : (L, 2 C, 2 G): first the past inputs' rows, then the present ones'; filters, then gates
    bias : (holds, L, 2 G): bias and condition; sample t hears the entry min(t // hold, holds - 1)
    mix, mix_bias : (L, G, C + S) and (L, C + S): to the residual stream, then to the skip sum
    head1, head1_bias : (S, H) and (H,)
    head2, head2_bias : (H, outputs) and (outputs,): levels, or three numbers a component
    dilations : (L,)
    hold : samples over which an entry of `bias` holds
    components : logistic laws in the mixture; 0 for a softmax over the levels
    values, edges : (levels,) and (levels + 1,): for a mixture, the amplitude of each level and
        the amplitudes between which their bins lie; by default those of 16-bit levels
    """
    if values is None or edges is None:
        values = np.arange(2**16) / 2**15 - 1
        edges = (np.arange(2**16 + 1) - 0.5) / 2**15 - 1

    def plain(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, np.float32)

    channels = embedding.shape[1]
    pack = functools.partial(layers.pack, half=layers.fits_float16(taps, mix, head1, head2))
    return Network(
        plain(embedding), plain(bias), pack(taps), pack(mix), plain(mix_bias[:, :channels]),
        plain(mix_bias[:, channels:].sum(axis=0)), pack(head1), plain(head1_bias), pack(head2),
        plain(head2_bias), np.array(dilations, np.int64), hold, components,
        np.ascontiguousarray(values, np.float64), np.ascontiguousarray(edges, np.float64),
    )  # fmt: skip


def start(network: Network, code: int, position: int) -> State:
    """Return a state with empty queues; priming fills them.

    Parameters
    ----------
    network : the weights
    code : of the sample before the first
    position : index of the first sample to come, such as -R for a lead-in of R samples
    """
    channels, units = network.embedding.shape[1], network.bias.shape[2] // 2
    widest = max(m.shape[-3] for m in (network.taps, network.mix, network.head1, network.head2))
    return State(
        queues=aligned(int(network.dilations.sum()), channels),
        cursor=np.array([position, code], np.int64),
        pair=aligned(padded(2 * channels, ROWS)),
        units=aligned(padded(units, ROWS)),
        skip=aligned(padded(len(network.skip_bias), ROWS)),
        hidden=aligned(padded(len(network.head1_bias), ROWS)),
        results=aligned(widest, PANEL),
    )


@_compiled
def prime(network, state, codes):
    """Hear given codes: take the state to where the sample after the last of them is to come."""
    for n in range(len(codes)):
        _layers(network, state)
        state.cursor[0] += 1
        state.cursor[1] = codes[n]


@_compiled
def sample(network, state, uniforms, temperature):
    """Draw a code for each row of uniform numbers, and take the state on.

    Parameters
    ----------
    network, state : what `network` made, and what `start` and `prime` made
    uniforms : (length, 1) for a softmax, (length, 2) for a mixture; in [0, 1)
    temperature : of the softmax, or of the mixture's weights and scales; 0 for the likeliest

    Returns
    -------
    codes, int64, of shape (length,)
    """
    codes = np.empty(len(uniforms), np.int64)
    for n in range(len(uniforms)):
        _layers(network, state)
        outputs = _head(network, state)
        if network.components == 0:
            code = draw(outputs, temperature, uniforms[n, 0])
        else:
            last = network.values[state.cursor[1]]
            code = draw_logistic(outputs, last, network.edges, temperature, uniforms[n])
        codes[n] = code
        state.cursor[0] += 1
        state.cursor[1] = code
    return codes


@_compiled
def _embed(network, code, x):
    """Write the input of the first layer: the first 1x1 convolution of the code before."""
    if network.components == 0:
        row = network.embedding[code]
        for i in range(len(x)):
            x[i] = row[i]
    else:
        amplitude = network.values[code]
        companded = np.copysign(np.log1p(255.0 * abs(amplitude)) / np.log(256.0), amplitude)
        linear, bent, constant = network.embedding[0], network.embedding[1], network.embedding[2]
        p, q = np.float32(amplitude), np.float32(companded)
        for i in range(len(x)):
            x[i] = p * linear[i] + q * bent[i] + constant[i]


@_compiled
def _layers(network, state):
    """Run all layers for the sample to come: fills ``state.skip``."""
    channels, units = network.embedding.shape[1], network.bias.shape[2] // 2
    skips = len(network.skip_bias)
    past, present = state.pair[:channels], state.pair[channels : 2 * channels]
    z, skip = state.units[:units], state.skip[:skips]
    flat = state.results.reshape(state.results.size)
    residual, shortcut = flat[:channels], flat[channels : channels + skips]
    time, first = state.cursor[0], 0
    bias = network.bias[min(max(time, 0) // network.hold, len(network.bias) - 1)]
    _embed(network, state.cursor[1], present)
    skip[:] = network.skip_bias
    for layer in range(len(network.dilations)):
        dilation = network.dilations[layer]
        slot = state.queues[first + time % dilation]
        first += dilation
        for i in range(channels):
            past[i] = slot[i]
            slot[i] = present[i]
        product(state.pair, network.taps[layer], state.results)
        gated(flat, bias[layer], z)
        product(state.units, network.mix[layer], state.results)
        constant = network.residual_bias[layer]
        for i in range(channels):
            present[i] += residual[i] + constant[i]
        for s in range(skips):
            skip[s] += shortcut[s]


@_compiled
def _head(network, state):
    """Return the two output layers of ``state.skip``, which is used up."""
    flat = state.results.reshape(state.results.size)
    hidden, outputs = state.hidden[: len(network.head1_bias)], flat[: len(network.head2_bias)]
    rectify(state.skip)
    product(state.skip, network.head1, state.results)
    for i in range(len(hidden)):
        hidden[i] = max(flat[i] + network.head1_bias[i], _ZERO)
    product(state.hidden, network.head2, state.results)
    for i in range(len(outputs)):
        outputs[i] += network.head2_bias[i]
    return outputs


@_compiled
def draw_logistic(parameters, last, edges, temperature, uniforms):
    """Return a level drawn from K logits, K steps m and K ln s; the first number picks the law.

    x = last + s (m + temperature (ln u - ln(1 - u))), and the level is that whose bin, between
    two of `edges`, holds x; the outermost bins reach to infinity.
    """
    components = len(parameters) // 3
    k = draw(parameters[:components], temperature, uniforms[0])
    step = np.float64(parameters[components : 2 * components][k])
    log_scale = max(np.float64(parameters[2 * components :][k]), -13.0)
    u = min(max(uniforms[1], 1e-7), 1.0 - 1e-7)
    x = last + np.exp(log_scale) * (step + temperature * (np.log(u) - np.log1p(-u)))
    return np.searchsorted(edges[1:-1], x, side="right")
