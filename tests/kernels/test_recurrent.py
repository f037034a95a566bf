"""The compiled loops of recurrent networks against their readable twins."""

import numpy as np
import pytest
import torch

from course_lib.features.quantise import MuLaw
from course_lib.kernels import recurrent as kernels
from course_lib.models.waveform.recurrent import (
    RecurrentConfig,
    RecurrentNetwork,
    sample_step_by_step,
)

CELLS = ["rnn", "lstm", "gru"]
SIZES = [(1, 1, 1, 2), (5, 7, 3, 16), (8, 32, 40, 64), (16, 33, 33, 33)]


def network(cell, sizes):
    embedding, units, head, levels = sizes
    config = RecurrentConfig(cell, embedding=embedding, units=units, head=head, levels=levels)
    net = RecurrentNetwork(config)
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.4 * torch.randn(p.shape, generator=generator)
        # Rounding must die away: an RNN with a larger norm is chaotic, and no two loops agree.
        net.core.weight_hh_l0 *= 0.9 / torch.linalg.matrix_norm(net.core.weight_hh_l0, 2)
    return net


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_compiled_levels_are_the_readable_ones(cell, sizes, temperature):
    """Rounding may only ever choose another level where a uniform number falls on its edge."""
    net = network(cell, sizes)
    uniforms = np.random.default_rng(1).random(400)
    weights = net._arrays()
    state = kernels.start(weights, net.config.silence)
    codes = kernels.sample(weights, state, uniforms, temperature)
    with torch.no_grad():
        heard = torch.from_numpy(np.r_[net.config.silence, codes[:-1]])[:, None]
        logits = net.double()(heard)[0][:, 0]
        p = torch.softmax(logits / temperature, -1).numpy()
    rows = np.arange(len(codes))
    upper = np.cumsum(p, axis=-1)[rows, codes]
    assert (uniforms < upper + 1e-5).all()
    assert (uniforms >= upper - p[rows, codes] - 1e-5).all()


@pytest.mark.parametrize("cell", CELLS)
def test_compiled_and_readable_draw_the_same_sequence(cell):
    net = network(cell, (8, 32, 40, 64))
    uniforms = np.random.default_rng(3).random((300, 1))
    weights = net._arrays()
    compiled = kernels.sample(weights, kernels.start(weights, 32), uniforms[:, 0], 1.0)
    edges_near = 1e-5  # a uniform number so near an edge may fall on either side of it
    readable = sample_step_by_step(net.double(), uniforms)[:, 0]
    if (compiled != readable).any():
        first = int(np.argmax(compiled != readable))
        heard = torch.from_numpy(np.r_[32, readable[:first]])[:, None]
        edges = torch.softmax(net(heard)[0][-1, 0], -1).cumsum(-1).detach().numpy()
        assert np.abs(edges - uniforms[first]).min() < edges_near
    else:
        assert len(np.unique(compiled)) > 10


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("sizes", SIZES)
def test_compiled_scores_are_the_readable_ones(cell, sizes):
    net = network(cell, sizes)
    levels = net.config.levels
    codes = np.random.default_rng(2).integers(levels, size=500)
    got = net.level_log_probabilities(codes, MuLaw(levels))
    with torch.no_grad():
        heard = torch.from_numpy(np.r_[net.config.silence, codes[:-1]])[:, None]
        logits = net.double()(heard)[0]
    expected = torch.log_softmax(logits, -1)[np.arange(500), 0, codes].numpy()
    np.testing.assert_allclose(got, expected, atol=2e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_temperature_zero_is_the_likeliest_level(cell):
    net = network(cell, (5, 7, 3, 16))
    weights = net._arrays()
    codes = kernels.sample(weights, kernels.start(weights, 8), np.zeros(50), 0.0)
    heard = torch.from_numpy(np.r_[8, codes[:-1]])[:, None]
    np.testing.assert_array_equal(codes, net(heard)[0][:, 0].argmax(-1).numpy())


@pytest.mark.parametrize("cell", CELLS)
def test_the_state_goes_on(cell):
    net = network(cell, (5, 7, 3, 16))
    weights = net._arrays()
    uniforms = np.random.default_rng(1).random(90)
    whole = kernels.sample(weights, kernels.start(weights, 8), uniforms, 1.0)
    state = kernels.start(weights, 8)
    parts = [kernels.sample(weights, state, uniforms[i : i + 30], 1.0) for i in (0, 30, 60)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    hearing = kernels.start(weights, 8)
    kernels.log_probabilities(weights, hearing, whole[:60])
    np.testing.assert_array_equal(kernels.sample(weights, hearing, uniforms[60:], 1.0), whole[60:])


@pytest.mark.parametrize("cell", CELLS)
def test_saturated_gates_stay_finite(cell):
    net = network(cell, (5, 7, 3, 16))
    with torch.no_grad():
        net.core.weight_hh_l0 *= 1e4
        net.embedding.weight *= 1e4
    codes = np.random.default_rng(2).integers(16, size=200)
    with torch.no_grad():
        logits = net(torch.from_numpy(np.r_[8, codes[:-1]])[:, None])[0].double()
    expected = torch.log_softmax(logits, -1)[np.arange(200), 0, codes].numpy()
    got = net.level_log_probabilities(codes, MuLaw(16))
    assert np.isfinite(got).all()
    np.testing.assert_allclose(np.median(np.abs(got - expected)), 0, atol=1e-3)
