"""Recurrent networks one step at a time: sampling and scoring (readable twins: models/recurrent).

Arrays are float32. Matrices lie transposed, (inputs, outputs), so that the inner loop runs over
outputs side by side; the embedding is folded through the input weights into a table with a row a
level. Gates stand in torch's order: i, f, g, o for an LSTM; r, z, n for a GRU.
"""

import numpy as np

from course_lib.kernels.compiling import compiled

RNN, LSTM, GRU = 0, 1, 2

_compiled = compiled(fastmath=True)


@_compiled
def tanh(x):
    """Rational tanh of a float32, within 4e-7: odd of degree 13 over even of degree 6."""
    x = min(max(x, np.float32(-9.0)), np.float32(9.0))
    y = x * x
    p = np.float32(-2.76076847742355e-16)
    p = p * y + np.float32(2.00018790482477e-13)
    p = p * y + np.float32(-8.60467152213735e-11)
    p = p * y + np.float32(5.12229709037114e-08)
    p = p * y + np.float32(1.48572235717979e-05)
    p = p * y + np.float32(6.37261928875436e-04)
    p = p * y + np.float32(4.89352455891786e-03)
    q = np.float32(1.19825839466702e-06)
    q = q * y + np.float32(1.18534705686654e-04)
    q = q * y + np.float32(2.26843463243900e-03)
    q = q * y + np.float32(4.89352518554385e-03)
    return x * p / q


@_compiled
def sigmoid(x):
    """The logistic function of a float32, within 2e-7."""
    return np.float32(0.5) + np.float32(0.5) * tanh(np.float32(0.5) * x)


@_compiled
def affine(x, weights, bias, out):
    """out = bias + x @ weights, eight inputs a pass: `out` is loaded and stored once for eight."""
    for o in range(len(out)):
        out[o] = bias[o]
    whole = len(x) // 8
    for block in range(whole):
        i = 8 * block
        x0, x1, x2, x3 = x[i], x[i + 1], x[i + 2], x[i + 3]
        x4, x5, x6, x7 = x[i + 4], x[i + 5], x[i + 6], x[i + 7]
        w0, w1, w2, w3 = weights[i], weights[i + 1], weights[i + 2], weights[i + 3]
        w4, w5, w6, w7 = weights[i + 4], weights[i + 5], weights[i + 6], weights[i + 7]
        for o in range(len(out)):
            out[o] += (x0 * w0[o] + x1 * w1[o] + x2 * w2[o] + x3 * w3[o]) + (
                x4 * w4[o] + x5 * w5[o] + x6 * w6[o] + x7 * w7[o]
            )
    for i in range(8 * whole, len(x)):
        xi, row = x[i], weights[i]
        for o in range(len(out)):
            out[o] += xi * row[o]


@_compiled
def _step(cell, inputs, recurrent, h, c):
    """Turn the state into the next one, in place; `inputs` and `recurrent` hold all gates."""
    units = len(h)
    if cell == RNN:
        for j in range(units):
            h[j] = tanh(inputs[j] + recurrent[j])
    elif cell == LSTM:
        a, b = inputs.reshape(4, units), recurrent.reshape(4, units)
        ai, af, ag, ao = a[0], a[1], a[2], a[3]
        bi, bf, bg, bo = b[0], b[1], b[2], b[3]
        for j in range(units):
            c[j] = sigmoid(af[j] + bf[j]) * c[j] + sigmoid(ai[j] + bi[j]) * tanh(ag[j] + bg[j])
            h[j] = sigmoid(ao[j] + bo[j]) * tanh(c[j])
    else:
        a, b = inputs.reshape(3, units), recurrent.reshape(3, units)
        ar, az, an = a[0], a[1], a[2]
        br, bz, bn = b[0], b[1], b[2]
        for j in range(units):
            n = tanh(an[j] + sigmoid(ar[j] + br[j]) * bn[j])
            h[j] = n + sigmoid(az[j] + bz[j]) * (h[j] - n)


@_compiled
def draw(logits, temperature, uniform):
    """Return the first level whose cumulative softmax(logits / temperature) exceeds `uniform`.

    At temperature 0 the likeliest level.  `logits` is used up.
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
def _logits(h, w_1, b_1, w_2, b_2, hidden, logits):
    """The two-layer output of one state."""
    affine(h, w_1, b_1, hidden)
    for j in range(len(hidden)):
        hidden[j] = max(hidden[j], np.float32(0.0))
    affine(hidden, w_2, b_2, logits)


@_compiled
def sample(cell, table, w_hh, b_hh, w_1, b_1, w_2, b_2, h, c, level, temperature, uniforms):
    """Draw a level for each uniform number, hearing `level` first; h and c go on in place."""
    recurrent = np.empty(len(b_hh), np.float32)
    hidden = np.empty(len(b_1), np.float32)
    logits = np.empty(len(b_2), np.float32)
    codes = np.empty(len(uniforms), np.int64)
    for t in range(len(uniforms)):
        affine(h, w_hh, b_hh, recurrent)
        _step(cell, table[level], recurrent, h, c)
        _logits(h, w_1, b_1, w_2, b_2, hidden, logits)
        level = draw(logits, temperature, uniforms[t])
        codes[t] = level
    return codes


@_compiled
def log_probabilities(cell, table, w_hh, b_hh, w_1, b_1, w_2, b_2, h, c, level, codes):
    """ln P of each code given those before it, `level` heard first; h and c go on in place."""
    recurrent = np.empty(len(b_hh), np.float32)
    hidden = np.empty(len(b_1), np.float32)
    logits = np.empty(len(b_2), np.float32)
    result = np.empty(len(codes))
    for t in range(len(codes)):
        affine(h, w_hh, b_hh, recurrent)
        _step(cell, table[level], recurrent, h, c)
        _logits(h, w_1, b_1, w_2, b_2, hidden, logits)
        level = codes[t]
        highest, total = logits.max(), 0.0
        for k in range(len(logits)):
            total += np.exp(np.float64(logits[k] - highest))
        result[t] = np.float64(logits[level] - highest) - np.log(total)
    return result
