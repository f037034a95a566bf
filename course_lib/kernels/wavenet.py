"""WaveNet one sample at a time: every layer keeps a queue of its past inputs.

Arrays are float32 and C-contiguous; matrices lie transposed, (inputs, outputs), so that the inner
loops run over outputs side by side. The caller checks shapes, primes the queues with silence or
with a prompt, and generates block by block, so that it can show progress and be interrupted. The
readable twin stands in ``models.wavenet``, the equations above it.

One sample costs sum_l (2 C 2 G + G (C + S)) + S H + H outputs multiplications, and for long
dilations as little as for short ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_lib.kernels.compiling import compiled

_compiled = compiled(fastmath={"reassoc", "contract", "nsz"})

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)


class Network(NamedTuple):
    """The weights, with C residual, G gated, S skip and H hidden channels, and L layers."""

    embedding: np.ndarray
    """(levels, C), a row a code; or (3, C): what amplitude, its mu-law and a one contribute."""
    taps: np.ndarray
    """(L, 2 C, 2 G): first the past inputs' rows, then the present ones'; filters, then gates."""
    bias: np.ndarray
    """(holds, L, 2 G): bias and condition; sample t hears the entry min(t // hold, holds - 1)."""
    mix: np.ndarray
    """(L, G, C + S): to the residual stream, then to the skip sum."""
    mix_bias: np.ndarray
    """(L, C + S)."""
    head1: np.ndarray
    """(S, H)."""
    head1_bias: np.ndarray
    """(H,)."""
    head2: np.ndarray
    """(H, outputs), outputs = levels, or three a component."""
    head2_bias: np.ndarray
    """(outputs,)."""
    dilations: np.ndarray
    """(L,), int64."""
    hold: int
    """Samples over which an entry of `bias` holds."""
    components: int
    """Logistic laws in the mixture over 16-bit levels; 0 for a softmax over the levels."""


class State(NamedTuple):
    """Where the sampler stands; `prime` and `sample` take it on in place."""

    queues: np.ndarray
    """(sum of dilations, C): layer after layer, its last inputs, that of time t in row t mod d."""
    cursor: np.ndarray
    """(2,), int64: the index t of the sample to come (below 0 in a lead-in), the code before it."""


def start(network: Network, code: int, position: int) -> State:
    """Return a state with empty queues; priming fills them.

    Parameters
    ----------
    network : the weights
    code : of the sample before the first
    position : index of the first sample to come, such as -R for a lead-in of R samples
    """
    queues = np.zeros((int(network.dilations.sum()), network.embedding.shape[1]), np.float32)
    return State(queues, np.array([position, code]))


@_compiled
def prime(network, state, codes):
    """Hear given codes: take the state to where the sample after the last of them is to come."""
    pair, a, z, mixed, skip = _scratch(network)
    for n in range(len(codes)):
        _embed(network, state.cursor[1], pair[len(pair) // 2 :])
        _layers(network, state, pair, a, z, mixed, skip)
        state.cursor[0] += 1
        state.cursor[1] = codes[n]


@_compiled
def sample(network, state, uniforms, temperature):
    """Draw a code for each row of uniform numbers, and take the state on.

    Parameters
    ----------
    network, state : what `start` and `prime` made
    uniforms : (length, 1) for a softmax, (length, 2) for a mixture; in [0, 1)
    temperature : of the softmax, or of the mixture's weights and scales; 0 for the likeliest

    Returns
    -------
    codes, int64, of shape (length,)
    """
    pair, a, z, mixed, skip = _scratch(network)
    hidden = np.empty(len(network.head1_bias), np.float32)
    outputs = np.empty(len(network.head2_bias), np.float32)
    codes = np.empty(len(uniforms), np.int64)
    for n in range(len(uniforms)):
        _embed(network, state.cursor[1], pair[len(pair) // 2 :])
        _layers(network, state, pair, a, z, mixed, skip)
        _rectify(skip)
        affine(skip, network.head1, network.head1_bias, hidden)
        _rectify(hidden)
        affine(hidden, network.head2, network.head2_bias, outputs)
        if network.components == 0:
            code = draw(outputs, temperature, uniforms[n, 0])
        else:
            code = draw_logistic(outputs, state.cursor[1], temperature, uniforms[n])
        codes[n] = code
        state.cursor[0] += 1
        state.cursor[1] = code
    return codes


@_compiled
def _scratch(network):
    """Return [x[t - d], x[t]], the gates' input and output, the mix's output, and the skip sum."""
    channels, wide = network.mix.shape[1:]
    residual = network.embedding.shape[1]
    return (
        np.empty(2 * residual, np.float32),
        np.empty(2 * channels, np.float32),
        np.empty(channels, np.float32),
        np.empty(wide, np.float32),
        np.empty(wide - residual, np.float32),
    )


@_compiled
def _embed(network, code, x):
    """Write the input of the first layer: the first 1x1 convolution of the code before."""
    if network.components == 0:
        row = network.embedding[code]
        for i in range(len(x)):
            x[i] = row[i]
    else:
        amplitude = code / 32768.0 - 1.0
        companded = np.copysign(np.log1p(255.0 * abs(amplitude)) / np.log(256.0), amplitude)
        linear, bent, constant = network.embedding[0], network.embedding[1], network.embedding[2]
        p, q = np.float32(amplitude), np.float32(companded)
        for i in range(len(x)):
            x[i] = p * linear[i] + q * bent[i] + constant[i]


@_compiled
def _layers(network, state, pair, a, z, mixed, skip):
    """Run all layers at one time; `pair` holds the first one's input in its second half."""
    channels = len(pair) // 2
    past, present = pair[:channels], pair[channels:]
    content, gate = a[: len(z)], a[len(z) :]
    residual, shortcut = mixed[:channels], mixed[channels:]
    time, first = state.cursor[0], 0
    bias = network.bias[min(max(time, 0) // network.hold, len(network.bias) - 1)]
    for s in range(len(skip)):
        skip[s] = _ZERO
    for layer in range(len(network.dilations)):
        dilation = network.dilations[layer]
        slot = state.queues[first + time % dilation]
        first += dilation
        for i in range(channels):
            past[i] = slot[i]
            slot[i] = present[i]
        affine(pair, network.taps[layer], bias[layer], a)
        gated(content, gate, z)
        affine(z, network.mix[layer], network.mix_bias[layer], mixed)
        for i in range(channels):
            present[i] += residual[i]
        for s in range(len(skip)):
            skip[s] += shortcut[s]


@_compiled
def affine(x, weights, bias, out):
    """out = bias + x @ weights, four inputs a pass: `out` is loaded and stored once for four."""
    for o in range(len(out)):
        out[o] = bias[o]
    whole = len(x) // 4
    for block in range(whole):
        i = 4 * block
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        for o in range(len(out)):
            out[o] += x0 * w0[o] + x1 * w1[o] + x2 * w2[o] + x3 * w3[o]
    for i in range(4 * whole, len(x)):
        xi, row = x[i], weights[i]
        for o in range(len(out)):
            out[o] += xi * row[o]


@_compiled
def _rectify(x):
    for i in range(len(x)):
        x[i] = max(x[i], _ZERO)


@_compiled
def _tanh_parts(x):
    """Return p and q with tanh(x) = p / q within 4e-7.

    Lambert's continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...))), cut off after eleven
    denominators; at |x| = 7.45 it has come so near to 1 that it may stay there.
    """
    x = min(max(x, np.float32(-7.45)), np.float32(7.45))
    y = x * x
    p = np.float32(1.0 / 13749310575.0) * y + np.float32(2145.0 / 13749310575.0)
    p = p * y + np.float32(675675.0 / 13749310575.0)
    p = p * y + np.float32(64324260.0 / 13749310575.0)
    p = p * y + np.float32(1964187225.0 / 13749310575.0)
    p = p * y + _ONE
    q = np.float32(66.0 / 13749310575.0) * y + np.float32(45045.0 / 13749310575.0)
    q = q * y + np.float32(7567560.0 / 13749310575.0)
    q = q * y + np.float32(413513100.0 / 13749310575.0)
    q = q * y + np.float32(6547290750.0 / 13749310575.0)
    q = q * y + _ONE
    return x * p, q


@_compiled
def gated(content, gate, z):
    """z = tanh(content) * sigmoid(gate) with one division; sigmoid(g) = (1 + tanh(g / 2)) / 2."""
    for i in range(len(z)):
        p, q = _tanh_parts(content[i])
        r, s = _tanh_parts(_HALF * gate[i])
        z[i] = _HALF * p * (s + r) / (q * s)


@_compiled
def draw(logits, temperature, uniform):
    """Return the first level whose cumulative softmax(logits / temperature) exceeds `uniform`.

    At temperature 0 the likeliest level. `logits` is used up.
    """
    best = 0
    for k in range(len(logits)):
        if logits[k] > logits[best]:
            best = k
    if temperature == 0.0:
        return best
    highest, scale = logits[best], np.float32(1.0 / temperature)
    total = 0.0
    for k in range(len(logits)):
        logits[k] = np.exp((logits[k] - highest) * scale)
        total += logits[k]
    ticket, cumulative = uniform * total, 0.0
    for k in range(len(logits)):
        cumulative += logits[k]
        if cumulative > ticket:
            return k
    return len(logits) - 1  # where rounding left the sum below the ticket


@_compiled
def draw_logistic(parameters, last, temperature, uniforms):
    """Return a 16-bit level from K logits, K steps m and K ln s; the first number picks the law.

    x = x_last + s (m + temperature (ln u - ln(1 - u))), to the nearest level.
    """
    components = len(parameters) // 3
    k = draw(parameters[:components], temperature, uniforms[0])
    step = np.float64(parameters[components : 2 * components][k])
    log_scale = max(np.float64(parameters[2 * components :][k]), -13.0)
    u = min(max(uniforms[1], 1e-7), 1.0 - 1e-7)
    change = np.exp(log_scale) * (step + temperature * (np.log(u) - np.log1p(-u)))
    return int(min(max(np.rint(last + 32768.0 * change), 0.0), 65535.0))
