"""The compiled loops of linear recurrences against their readable twins."""

import numpy as np
import pytest
import torch

from course_lib.features.quantise import MuLaw
from course_lib.kernels import linear_recurrence as kernels
from course_lib.models.waveform.linear_recurrence import (
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
)
from course_lib.models.waveform.recurrent import sample_step_by_step

SIZES = [(1, 1, 1, 2), (7, 5, 2, 16), (32, 40, 3, 64), (33, 17, 2, 33)]


def network(sizes):
    width, states, layers, levels = sizes
    net = LinearRecurrentNetwork(LinearRecurrenceConfig(levels, width, states, layers))
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.3 * torch.randn(p.shape, generator=generator)
    return net


def before(net, codes):
    return torch.from_numpy(np.r_[net.config.silence, codes[:-1]])[:, None]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_a_stretch_of_complex_numbers(rng, kind):
    """Filled in for real and imaginary parts, states are complex arithmetic's."""
    inputs, poles, start = (
        rng.standard_normal((*shape, 2)).astype(kind) for shape in ((9, 2, 3), (3,), (2, 3))
    )
    poles *= 0.5
    states = np.full_like(inputs, np.nan)
    kernels.recur(inputs, poles, start, states)
    state, turn = start @ [1, 1j], poles @ [1, 1j]
    for now, got in zip(inputs @ [1, 1j], states @ [1, 1j], strict=True):
        state = turn * state + now
        np.testing.assert_allclose(got, state, atol=2e-6)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("temperature", [0.7, 1.0])
@pytest.mark.parametrize("half", [False, True])
def test_compiled_levels_are_the_readable_ones(sizes, temperature, half):
    """Rounding may only ever choose another level where a uniform number falls on its edge."""
    net = network(sizes)
    net = net.half().float() if half else net
    uniforms = np.random.default_rng(1).random(400)
    weights = net._arrays()
    codes = kernels.sample(
        weights, kernels.start(weights, net.config.silence), uniforms, temperature
    )
    assert len(np.unique(codes)) > 1
    with torch.no_grad():
        logits = net.double()(before(net, codes))[0][:, 0]
        p = torch.softmax(logits / temperature, -1).numpy()
    rows = np.arange(len(codes))
    upper = np.cumsum(p, axis=-1)[rows, codes]
    assert (uniforms < upper + 1e-4).all()
    assert (uniforms >= upper - p[rows, codes] - 1e-4).all()


def test_compiled_and_readable_draw_the_same_sequence():
    net = network((32, 40, 3, 64))
    uniforms = np.random.default_rng(3).random((300, 1))
    weights = net._arrays()
    compiled = kernels.sample(weights, kernels.start(weights, 32), uniforms[:, 0], 1.0)
    readable = sample_step_by_step(net.double(), uniforms)[:, 0]
    if (compiled != readable).any():  # a uniform number so near an edge may fall on either side
        first = int(np.argmax(compiled != readable))
        heard = torch.from_numpy(np.r_[32, readable[:first]])[:, None]
        edges = torch.softmax(net(heard)[0][-1, 0], -1).cumsum(-1).detach().numpy()
        assert np.abs(edges - uniforms[first]).min() < 1e-4
    else:
        assert len(np.unique(compiled)) > 10


@pytest.mark.parametrize("sizes", SIZES)
def test_hearing_leaves_the_states_of_a_pass(sizes):
    net = network(sizes)
    codes = np.random.default_rng(2).integers(net.config.levels, size=500)
    weights = net._arrays()
    state = kernels.start(weights, net.config.silence)
    kernels.hear(weights, state, codes)
    with torch.no_grad():
        _, expected = net.double()(before(net, codes))
    got = state.states[:, : 2 * net.config.states].reshape(net.config.layers, -1, 2) @ [1, 1j]
    np.testing.assert_allclose(got, expected[:, 0].numpy(), atol=1e-4)
    assert state.last[0] == codes[-1]


def test_temperature_zero_is_the_likeliest_level():
    net = network((7, 5, 2, 16))
    weights = net._arrays()
    codes = kernels.sample(weights, kernels.start(weights, 8), np.zeros(50), 0.0)
    likeliest = net(before(net, codes))[0][:, 0].argmax(-1)
    np.testing.assert_array_equal(codes, likeliest.numpy())


def test_the_state_goes_on():
    net = network((7, 5, 2, 16))
    weights = net._arrays()
    uniforms = np.random.default_rng(1).random(90)
    whole = kernels.sample(weights, kernels.start(weights, 8), uniforms, 1.0)
    state = kernels.start(weights, 8)
    parts = [kernels.sample(weights, state, uniforms[i : i + 30], 1.0) for i in (0, 30, 60)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    hearing = kernels.start(weights, 8)
    kernels.hear(weights, hearing, whole[:60])
    np.testing.assert_array_equal(kernels.sample(weights, hearing, uniforms[60:], 1.0), whole[60:])


def test_a_silent_layer_and_a_loud_one_stay_finite():
    net = network((7, 5, 2, 16))
    with torch.no_grad():
        net.embedding.weight[:8] = 0.0  # a vector without variance
        net.embedding.weight[8:] *= 1e4
    codes = np.random.default_rng(2).integers(16, size=200)
    scores = net.level_log_probabilities(codes, MuLaw(16))
    assert np.isfinite(scores).all()
    weights = net._arrays()
    state = kernels.start(weights, 8)
    kernels.hear(weights, state, codes)
    assert np.isfinite(state.states).all()
    assert np.isfinite(state.logits).all()
