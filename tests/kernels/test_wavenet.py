"""The compiled WaveNet sampler against its equations in float64, without queues or blocks."""

from typing import Any, NamedTuple

import numpy as np
import pytest

from course_lib.features.quantise import LinearQuantiser
from course_lib.kernels import layers
from course_lib.kernels import wavenet as kernels

DILATIONS = np.array([1, 2, 4, 1, 3, 1])
SILENCE = {0: 8, 3: 32768}


class Weights(NamedTuple):
    embedding: Any
    taps: Any
    bias: Any
    mix: Any
    mix_bias: Any
    head1: Any
    head1_bias: Any
    head2: Any
    head2_bias: Any
    dilations: Any
    hold: int
    components: int


def network(rng, *, holds=1, hold=1, components=0, channels=(5, 7, 6, 9)):
    """Random weights; no two sizes are equal, and none is a multiple of a vector's width."""
    c, g, s, h = channels
    layers, outputs = len(DILATIONS), 3 * components or 16

    def normal(*shape, scale=0.5):
        return (scale * rng.standard_normal(shape)).astype(np.float32)

    weights = Weights(
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
    w = Weights(*(np.asarray(a, np.float64) for a in weights[:9]), *weights[9:])
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


def started(weights):
    """The packed weights, and a state that has heard silence over the receptive field."""
    silence = SILENCE[weights.components]
    lead = int(DILATIONS.sum()) + 1
    packed = kernels.network(**weights._asdict())
    state = kernels.start(packed, silence, -lead)
    kernels.prime(packed, state, np.full(lead, silence))
    assert state.cursor.tolist() == [0, silence]
    return packed, state


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("channels", [(5, 7, 6, 9), (8, 8, 16, 12), (1, 1, 1, 1)])
def test_queues_give_the_levels_of_the_whole_past(rng, temperature, channels):
    weights = network(rng, holds=4, hold=6, channels=channels)
    uniforms = rng.random((40, 1))
    codes = kernels.sample(*started(weights), uniforms, temperature)
    expected = naive(weights, [SILENCE[0]], uniforms, temperature, -1)
    assert codes.tolist() == expected.tolist()


@pytest.mark.parametrize("temperature", [0.0, 0.6, 1.0])
def test_a_mixtures_amplitudes_are_the_readable_ones(rng, temperature):
    weights = network(rng, components=3)
    uniforms = rng.random((40, 2))
    prompt = np.r_[SILENCE[3], rng.integers(0, 65536, 5)]
    packed, state = started(weights)
    kernels.prime(packed, state, prompt[1:])
    codes = kernels.sample(packed, state, uniforms, temperature)
    # The levels are 16-bit ones: each is compared given the compiled ones before it.
    for n in range(40):
        past = np.concatenate([prompt, codes[:n]])
        expected = drawn(weights, outputs_of(weights, past, -1), past[-1], temperature, uniforms[n])
        assert abs(codes[n] - expected) <= 2


def test_a_prompt_is_continued(rng):
    weights = network(rng, holds=5, hold=7)
    prompt = rng.integers(0, 16, 30)
    packed, state = started(weights)
    kernels.prime(packed, state, prompt)
    assert state.cursor.tolist() == [30, prompt[-1]]
    uniforms = rng.random((25, 1))
    codes = kernels.sample(packed, state, uniforms, 1.0)
    expected = naive(weights, [SILENCE[0], *prompt], uniforms, 1.0, -1)
    assert codes.tolist() == expected.tolist()


def test_blocks_join_without_a_seam(rng):
    weights = network(rng, holds=3, hold=11)
    uniforms = rng.random((50, 1))
    whole = kernels.sample(*started(weights), uniforms, 1.0)
    packed, state = started(weights)
    blocks = [
        kernels.sample(packed, state, part, 1.0) for part in np.split(uniforms, [0, 1, 20, 49])
    ]
    assert np.concatenate(blocks).tolist() == whole.tolist()
    assert state.cursor.tolist() == [50, whole[-1]]


def test_weights_of_float16_give_the_same_levels(rng):
    weights = network(rng, channels=(24, 24, 40, 33))
    rounded = weights._replace(
        **{
            name: getattr(weights, name).astype(np.float16).astype(np.float32)
            for name in ("taps", "mix", "head1", "head2")
        }
    )
    uniforms = rng.random((50, 1))
    packed, state = started(rounded)
    assert packed.taps.dtype == (np.uint16 if layers.HALVES else np.float32)
    codes = kernels.sample(packed, state, uniforms, 1.0)
    assert codes.tolist() == naive(rounded, [SILENCE[0]], uniforms, 1.0, -1).tolist()


def test_each_hold_hears_its_condition(rng):
    """A change of one entry changes nothing before its time, and the last entry holds on."""
    weights = network(rng, holds=3, hold=10)
    uniforms = rng.random((60, 1))
    codes = kernels.sample(*started(weights), uniforms, 1.0)
    for entry in (1, 2):
        other = weights._replace(bias=weights.bias.copy())
        other.bias[entry] += 3.0
        changed = kernels.sample(*started(other), uniforms, 1.0)
        assert changed[: 10 * entry].tolist() == codes[: 10 * entry].tolist()
        assert changed.tolist() != codes.tolist()
    longer = weights._replace(bias=np.concatenate([weights.bias, weights.bias[-1:]]))
    assert kernels.sample(*started(longer), uniforms, 1.0).tolist() == codes.tolist()


def test_a_logistic_draw_stays_among_the_levels():
    parameters = np.array([0.0, 9.0, 0.5, 30.0, -2.0, -2.0], np.float32)
    edges = LinearQuantiser(16).edges()

    def drawn(numbers, last, uniforms):
        amplitude = last / 2**15 - 1
        return kernels.draw_logistic(numbers.copy(), amplitude, edges, 1.0, np.array(uniforms))

    assert drawn(parameters, 40000, [0.5, 0.5]) == 65535
    assert drawn(-parameters, 20000, [0.5, 0.0]) == 0
    narrow = np.array([0.0, 2.0, -99.0], np.float32)  # as narrow as is allowed: e^-13
    assert drawn(narrow, 700, [0.5, 0.5]) == 700
