"""The compiled WaveNet sampler against its equations in float64, without queues or blocks."""

import numpy as np
import pytest

from course_lib.kernels import wavenet as kernels

DILATIONS = np.array([1, 2, 4, 1, 3, 1])
SILENCE = {0: 8, 3: 32768}


def network(rng, *, holds=1, hold=1, components=0, channels=(5, 7, 6, 9)):
    """Random weights; no two sizes are equal, and none is a multiple of a vector's width."""
    c, g, s, h = channels
    layers, outputs = len(DILATIONS), 3 * components or 16

    def normal(*shape, scale=0.5):
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    weights = kernels.Network(
        embedding=normal(3 if components else outputs, c, scale=1.0),
        taps=normal(layers, 2 * c, 2 * g),
        bias=normal(holds, layers, 2 * g, scale=1.0),
        mix=normal(layers, g, c + s),
        mix_bias=normal(layers, c + s),
        head1=normal(s, h),
        head1_bias=normal(h),
        head2=normal(h, outputs),
        head2_bias=normal(outputs),
        dilations=DILATIONS,
        hold=hold,
        components=components,
    )
    if components:
        weights.head2_bias[2 * components :] -= 3.0
    return weights


def outputs_of(weights, past, first):
    """Return what the network says of the sample after `past`, whose first code has time `first`.

    Before its first code, `past` has silence for as long as anything could see.
    """
    w = kernels.Network(*(np.asarray(a, np.float64) for a in weights[:9]), *weights[9:])
    code = np.concatenate([np.full(int(DILATIONS.sum()), SILENCE[w.components]), past])
    time = first - int(DILATIONS.sum()) + 1 + np.arange(len(code))  # of the sample that follows
    if w.components:
        x = code / 32768 - 1
        companded = np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256)
        x = np.stack([x, companded, np.ones(len(x))], axis=1) @ w.embedding
    else:
        x = w.embedding[code]
    bias = w.bias[np.clip(time // w.hold, 0, len(w.bias) - 1)]
    channels, gates = x.shape[1], w.mix.shape[1]
    skip = 0.0
    for layer, d in enumerate(DILATIONS):
        bias, both = bias[d:], np.concatenate([x[:-d], x[d:]], axis=1)
        a = both @ w.taps[layer] + bias[:, layer]
        z = np.tanh(a[:, :gates]) / (1 + np.exp(-a[:, gates:]))
        o = z @ w.mix[layer] + w.mix_bias[layer]
        x = x[d:] + o[:, :channels]
        skip = skip + o[-1, channels:]
    hidden = np.maximum(np.maximum(skip, 0) @ w.head1 + w.head1_bias, 0)
    return hidden @ w.head2 + w.head2_bias


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def first_above(heap, u):
    return min(int(np.argmax(heap > u)) if (heap > u).any() else len(heap), len(heap) - 1)


def drawn(weights, outputs, last, temperature, uniforms):
    k = weights.components
    logits = outputs[:k] if k else outputs
    if temperature == 0:
        choice = int(np.argmax(logits))
    else:
        choice = first_above(np.cumsum(softmax(logits / temperature)), uniforms[0])
    if not k:
        return choice
    u = uniforms[1]
    steps = outputs[k + choice] + temperature * np.log(u / (1 - u))
    return int(np.clip(np.rint(last + 32768 * np.exp(outputs[2 * k + choice]) * steps), 0, 65535))


def naive(weights, prompt, uniforms, temperature, first):
    codes = list(prompt)
    for row in uniforms:
        outputs = outputs_of(weights, np.array(codes, int), first)
        codes.append(drawn(weights, outputs, codes[-1], temperature, row))
    return np.array(codes[len(prompt) :])


def started(weights, position=0):
    """A state that has heard silence over the receptive field, `position` being next."""
    silence = SILENCE[weights.components]
    lead = int(DILATIONS.sum()) + 1
    state = kernels.start(weights, silence, position - lead)
    kernels.prime(weights, state, np.full(lead, silence))
    assert state.cursor.tolist() == [position, silence]
    return state


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("channels", [(5, 7, 6, 9), (8, 8, 16, 12), (1, 1, 1, 1)])
def test_queues_give_the_levels_of_the_whole_past(rng, temperature, channels):
    weights = network(rng, holds=4, hold=6, channels=channels)
    uniforms = rng.random((40, 1))
    codes = kernels.sample(weights, started(weights), uniforms, temperature)
    expected = naive(weights, [SILENCE[0]], uniforms, temperature, -1)
    assert codes.tolist() == expected.tolist()


@pytest.mark.parametrize("temperature", [0.0, 0.6, 1.0])
def test_a_mixtures_amplitudes_are_the_readable_ones(rng, temperature):
    weights = network(rng, components=3)
    uniforms = rng.random((40, 2))
    prompt = np.r_[SILENCE[3], rng.integers(0, 65536, 5)]
    state = started(weights)
    kernels.prime(weights, state, prompt[1:])
    codes = kernels.sample(weights, state, uniforms, temperature)
    # The levels are 16-bit ones: each is compared given the compiled ones before it.
    for n in range(40):
        past = np.concatenate([prompt, codes[:n]])
        expected = drawn(weights, outputs_of(weights, past, -1), past[-1], temperature, uniforms[n])
        assert abs(codes[n] - expected) <= 2


def test_a_prompt_is_continued(rng):
    weights = network(rng, holds=5, hold=7)
    prompt = rng.integers(0, 16, 30)
    state = started(weights)
    kernels.prime(weights, state, prompt)
    assert state.cursor.tolist() == [30, prompt[-1]]
    uniforms = rng.random((25, 1))
    codes = kernels.sample(weights, state, uniforms, 1.0)
    expected = naive(weights, [SILENCE[0], *prompt], uniforms, 1.0, -1)
    assert codes.tolist() == expected.tolist()


def test_blocks_join_without_a_seam(rng):
    weights = network(rng, holds=3, hold=11)
    uniforms = rng.random((50, 1))
    whole = kernels.sample(weights, started(weights), uniforms, 1.0)
    state = started(weights)
    blocks = [
        kernels.sample(weights, state, part, 1.0) for part in np.split(uniforms, [0, 1, 20, 49])
    ]
    assert np.concatenate(blocks).tolist() == whole.tolist()
    assert state.cursor.tolist() == [50, whole[-1]]


def test_each_hold_hears_its_condition(rng):
    """A change of one entry changes nothing before its time, and the last entry holds on."""
    weights = network(rng, holds=3, hold=10)
    uniforms = rng.random((60, 1))
    codes = kernels.sample(weights, started(weights), uniforms, 1.0)
    for entry in (1, 2):
        other = weights._replace(bias=weights.bias.copy())
        other.bias[entry] += 3.0
        changed = kernels.sample(other, started(other), uniforms, 1.0)
        assert changed[: 10 * entry].tolist() == codes[: 10 * entry].tolist()
        assert changed.tolist() != codes.tolist()
    longer = weights._replace(bias=np.concatenate([weights.bias, weights.bias[-1:]]))
    assert kernels.sample(longer, started(longer), uniforms, 1.0).tolist() == codes.tolist()


def test_the_rational_gate_is_a_gate():
    content, gate = np.meshgrid(
        np.r_[np.linspace(-12, 12, 1201), -1e4, 1e4], np.r_[np.linspace(-25, 25, 501), -1e4, 1e4]
    )
    content, gate = content.ravel().astype(np.float32), gate.ravel().astype(np.float32)
    z = np.empty(len(content), np.float32)
    kernels.gated(content, gate, z)
    with np.errstate(over="ignore"):
        expected = np.tanh(content.astype(float)) / (1 + np.exp(-gate.astype(float)))
    assert np.abs(z - expected).max() < 1e-6


def test_draws_follow_the_softmax(rng):
    logits = rng.standard_normal(300).astype(np.float32) * 4
    for temperature in (0.3, 1.0, 2.0):
        heap = np.cumsum(softmax(logits.astype(float) / temperature))
        for u in rng.random(200):
            level = kernels.draw(logits.copy(), temperature, u)
            assert heap[level] > u - 1e-6
            assert level == 0 or heap[level - 1] <= u + 1e-6


def test_draws_at_the_ends():
    logits = np.array([-np.inf, 0.0, 5.0, -200.0], np.float32)
    assert kernels.draw(logits.copy(), 1.0, 0.0) == 1
    assert kernels.draw(logits.copy(), 1.0, 1 - 1e-16) == 2
    assert kernels.draw(logits.copy(), 0.0, 0.0) == 2
    parameters = np.array([0.0, 9.0, 0.5, 30.0, -2.0, -2.0], np.float32)
    assert kernels.draw_logistic(parameters.copy(), 40000, 1.0, np.array([0.5, 0.5])) == 65535
    assert kernels.draw_logistic(-parameters, 20000, 1.0, np.array([0.5, 0.0])) == 0
    narrow = np.array([0.0, 2.0, -99.0], np.float32)  # as narrow as is allowed: e^-13
    assert kernels.draw_logistic(narrow, 700, 1.0, np.array([0.5, 0.5])) == 700
