"""The compiled loops of LPCNet against their readable twins."""

import numpy as np
import pytest
import torch

from course_lib.kernels import adaptive
from course_lib.kernels import lpcnet as kernels
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.waveform.lpcnet import LPCNet, LPCNetConfig, sample_step_by_step

SIZES = [(1, 1, 1, 1, 4), (5, 7, 3, 2, 16), (8, 33, 40, 8, 256)]


def network(sizes):
    embedding, units, head, components, levels = sizes
    net = LPCNet(LPCNetConfig(levels, embedding, units, head, components))
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.3 * torch.randn(p.shape, generator=generator)
        # Rounding must die away; what the head adds must not blow the sound up.
        net.core.weight_hh_l0 *= 0.9 / torch.linalg.matrix_norm(net.core.weight_hh_l0, 2)
        net.output.weight *= 0.2
    return net


def some_codes(length, levels, seed=1):
    steps = np.random.default_rng(seed).normal(scale=levels / 32, size=length)
    return (np.cumsum(steps).astype(int) // 2 + levels // 2).clip(0, levels - 1)


@pytest.mark.parametrize("sizes", SIZES)
def test_compiled_scores_are_the_readable_ones(sizes):
    net, levels = network(sizes), sizes[-1]
    codes = some_codes(500, levels)
    compiled = kernels.log_probabilities(*net._begin(), codes, net.config.silence)
    with torch.no_grad():
        inputs = torch.from_numpy(np.r_[net.config.silence, codes])[:, None]
        outputs, expected, _ = net.double()(inputs[:-1])
        readable = net.log_probability(outputs, expected, inputs[1:])[:, 0].numpy()
    np.testing.assert_allclose(compiled, readable, atol=5e-4)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_compiled_and_readable_draw_the_same_sequence(sizes, temperature):
    """Until rounding sets a number on the other side of an edge: that may happen, and late."""
    net = network(sizes)
    uniforms = np.random.default_rng(3).random((300, 1, 2))
    compiled = kernels.sample(*net._begin(), uniforms[:, 0], temperature, net.config.silence)
    readable = sample_step_by_step(net.double(), uniforms, temperature=temperature)[:, 0]
    differs = np.flatnonzero(compiled != readable)
    assert not len(differs) or differs[0] > 100


def test_a_state_goes_on_where_it_was():
    net, codes = network(SIZES[1]), some_codes(60, 16)
    whole = kernels.log_probabilities(*net._begin(), codes, 8)
    weights, state = net._begin()
    parts = [
        kernels.log_probabilities(weights, state, codes[:25], 8),
        kernels.log_probabilities(weights, state, codes[25:], codes[24]),
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("chunks", [[50], [1, 49], [7, 20, 23]])
def test_a_predictor_goes_on_where_it_was(chunks):
    """Chunk by chunk, and two sounds at once, as in one go."""
    predictor = AdaptiveAR(order=4, window_length=30, hop_length=7)
    codes = np.stack([some_codes(50, 256, seed) for seed in (1, 2)], axis=1)
    whole = [predictor.hear(predictor.start(), codes[:, n : n + 1]) for n in range(2)]
    memory, parts, first = predictor.start(2), [], 0
    for chunk in chunks:
        parts.append(predictor.hear(memory, codes[first : first + chunk]))
        np.testing.assert_array_equal(predictor.expected(memory), [p[-1] for p in parts[-1]])
        first += chunk
    for which in range(2):
        together = np.concatenate([part[which] for part in parts])
        for n in range(2):
            np.testing.assert_array_equal(together[:, n], whole[n][which][:, 0])


def test_a_predictor_has_heard_nothing_at_first():
    memory = AdaptiveAR().start(3)
    prediction, scale = AdaptiveAR().expected(memory)
    np.testing.assert_array_equal(prediction, np.zeros(3))
    np.testing.assert_array_equal(scale, np.full(3, 0.01))
    assert memory.shape == (3, adaptive.HEAD + 16 + 160)
