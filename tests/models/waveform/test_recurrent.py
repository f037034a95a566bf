"""Recurrent networks: cells equal torch's, steps equal passes, and chunks equal wholes."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
import torch
from torch import nn

from course_lib.core import Batch
from course_lib.features.quantise import MuLaw
from course_lib.models.linear.state_space import kalman_filter
from course_lib.models.waveform.cells import (
    filter_weights,
    gru_cell,
    linear_cell,
    lstm_cell,
    rnn_cell,
)
from course_lib.models.waveform.recurrent import (
    RecurrentConfig,
    RecurrentNetwork,
    gradient_by_lag,
    sample_step_by_step,
)

CELLS = ["rnn", "lstm", "gru"]
SMALL = RecurrentConfig(levels=16, embedding=5, units=6, head=7)


def network(cell="gru", **changes):
    """A small network with weights far from their beginning, so that everything matters."""
    net = RecurrentNetwork(replace(SMALL, cell=cell, **changes))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.5 * torch.randn(p.shape, generator=generator)
    return net


def some_codes(*shape, seed=1, levels=16):
    return np.random.default_rng(seed).integers(levels, size=shape)


# ------------------------------------------------------------------ cells


@pytest.mark.parametrize(
    ("cell", "torchs"),
    [(rnn_cell, nn.RNNCell), (lstm_cell, nn.LSTMCell), (gru_cell, nn.GRUCell)],
)
def test_cells_equal_torchs(cell, torchs):
    torch.manual_seed(0)
    module = torchs(3, 5).double()
    x, h, c = (torch.randn(4, n, dtype=torch.float64) for n in (3, 5, 5))
    state = (h, c) if cell is lstm_cell else h
    ours, theirs = cell(x, state, *module.parameters()), module(x, state)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_steps_of_the_written_cells_equal_torchs_loop(cell):
    net = network(cell).double()
    codes = torch.from_numpy(some_codes(30, 3))
    whole, last = net(codes)
    state, steps = None, []
    for now in codes:
        logits, state = net.step(now, state)
        steps.append(logits)
    torch.testing.assert_close(torch.stack(steps), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(state, last, rtol=0, atol=1e-12)


# ------------------------------------------------------------------ beginning


def test_neighbouring_levels_begin_alike():
    table = RecurrentNetwork(RecurrentConfig()).embedding.weight
    near = (table[1:] - table[:-1]).norm(dim=1)
    far = (table[64:] - table[:-64]).norm(dim=1)
    assert near.max() < 0.5 * far.min()
    assert torch.linalg.matrix_rank(table) == table.shape[1]


@pytest.mark.parametrize(("cell", "gate"), [("lstm", 1), ("gru", 1)])
def test_gates_begin_by_keeping_the_state(cell, gate):
    net = RecurrentNetwork(replace(SMALL, cell=cell))
    bias = net.core.bias_ih_l0 + net.core.bias_hh_l0
    expected = torch.zeros_like(bias)
    expected[6 * gate : 6 * (gate + 1)] = 1
    torch.testing.assert_close(bias, expected)


@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_blocks_begin_orthogonal(cell):
    for block in RecurrentNetwork(replace(SMALL, cell=cell)).core.weight_hh_l0.split(6):
        torch.testing.assert_close(block @ block.T, torch.eye(6), rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", [RecurrentConfig("gru"), RecurrentConfig("lstm")])
def test_an_untrained_network_knows_nothing(config):
    codes = some_codes(50, levels=256)
    nats = RecurrentNetwork(config).level_log_likelihood(codes, MuLaw()).nats
    assert -nats / 50 == pytest.approx(math.log(256), abs=0.1)


# ------------------------------------------------------------------ loss


@pytest.mark.parametrize("cell", CELLS)
def test_it_learns_a_rhythm_that_needs_memory(cell):
    """A click every fifth sample: to know when the next one comes, four silences are counted."""
    codes = torch.full((101, 4), 8)
    codes[::5] = 15
    net = RecurrentNetwork(replace(SMALL, cell=cell, units=16))
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(250):
        loss, _ = net.loss(Batch(codes))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    without_memory = 0.2 * math.log(5) + 0.8 * math.log(1.25)
    assert loss.item() < 0.2 * without_memory


# ------------------------------------------------------------------ sampling


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0, 2.0])
def test_sampling_is_drawing_from_the_scored_probabilities(cell, temperature):
    """Every uniform number lies where the softmax of `forward` says that its level is."""
    net = network(cell).double()
    uniforms = np.random.default_rng(2).random((200, 3))
    codes = sample_step_by_step(net, uniforms, temperature=temperature)
    heard = torch.from_numpy(np.concatenate([np.full((1, 3), SMALL.silence), codes[:-1]]))
    with torch.no_grad():
        logits = net(heard)[0].numpy()
    if temperature == 0:
        np.testing.assert_array_equal(codes, logits.argmax(-1))
        return
    p = np.exp(logits / temperature)
    edges = np.cumsum(p / p.sum(-1, keepdims=True), -1)
    upper = np.take_along_axis(edges, codes[..., None], -1)[..., 0]
    lower = upper - np.take_along_axis(p / p.sum(-1, keepdims=True), codes[..., None], -1)[..., 0]
    assert (uniforms < upper + 1e-9).all()
    assert (uniforms >= lower - 1e-9).all()


def test_a_prompt_is_gone_on_from():
    net = network()
    prompt = MuLaw(16).decode(some_codes(25))
    after = net.sample(20, rng=np.random.default_rng(1), prompt=prompt)[0]
    uniforms = np.random.default_rng(1).spawn(1)[0].random(20)
    _, state = net(torch.from_numpy(np.r_[8, some_codes(25)[:-1]])[:, None])
    codes, drawn = torch.from_numpy(some_codes(25)[-1:]), []
    for u in uniforms:
        logits, state = net.step(codes, state)
        codes = (torch.softmax(logits, -1).cumsum(-1) <= u).sum(-1)
        drawn.append(int(codes))
    np.testing.assert_array_equal(after, MuLaw(16).decode(np.array(drawn)))
    assert (after != net.sample(20, rng=np.random.default_rng(1))[0]).any()


def test_a_high_temperature_flattens():
    hot = network().sample(20_000, rng=np.random.default_rng(1), temperature=1e6)[0]
    counts = np.bincount(MuLaw(16).encode(hot), minlength=16)
    np.testing.assert_allclose(counts / 20_000, 1 / 16, atol=0.01)


def test_samples_are_as_likely_as_the_model_says():
    """The mean of -ln P over the model's own samples is its entropy: scored = expected."""
    net = network()
    x = net.sample(20_000, rng=np.random.default_rng(4))[0]
    codes = MuLaw(16).encode(x)
    logits, _ = net(torch.from_numpy(np.r_[8, codes[:-1]])[:, None])
    p = torch.softmax(logits, -1)
    entropy = -(p * p.log()).sum(-1).mean().item()
    nats = -net.level_log_likelihood(codes, MuLaw(16)).nats / len(codes)
    assert nats == pytest.approx(entropy, abs=0.02)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"cell": "elman"}, ValueError, "'elman'"),
        ({"units": 0}, ValueError, "units of at least 1"),
        ({"embedding": 2.5}, TypeError, "embedding"),
    ],
)
def test_bad_configurations_are_named(changes, error, words):
    with pytest.raises(error, match=words):
        replace(SMALL, **changes)


# ------------------------------------------------------------------ the linear bridge


def test_a_linear_network_is_the_filter_of_an_arma_process(rng):
    phi, theta = np.array([1.3, -0.7, 0.2]), np.array([0.5, -0.3, 0.0])
    x = scipy.signal.lfilter(np.r_[1, theta], np.r_[1, -phi], rng.standard_normal(200))
    w_ih, w_hh = filter_weights(phi, theta)
    h, predictions = torch.zeros(1, 3, dtype=torch.float64), []
    for value in x:
        predictions.append(h[0, 0].item())
        h = linear_cell(torch.tensor([[value]]), h, w_ih, w_hh)
    expected = kalman_filter(x, phi, theta, np.zeros((3, 3))).predictions
    np.testing.assert_allclose(predictions, expected, atol=1e-10)


@pytest.mark.parametrize(("phi", "theta"), [([1.0], [1.0, 2.0]), ([], []), ([[1.0]], [[1.0]])])
def test_filter_weights_name_bad_coefficients(phi, theta):
    with pytest.raises(ValueError, match="one length"):
        filter_weights(np.array(phi), np.array(theta))


# ------------------------------------------------------------------ memory


def test_a_linear_network_forgets_like_its_eigenvalue(rng):
    """With tiny weights tanh is straight: the gradient falls by the same factor at every step."""
    net = network("rnn").double()
    with torch.no_grad():
        for p in net.core.parameters():
            p.zero_()
        net.core.weight_hh_l0.copy_(0.9 * torch.eye(6))
    gradient = gradient_by_lag(net, some_codes(20, 3), rng=rng)
    np.testing.assert_allclose(gradient, 0.9 ** np.arange(20), rtol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_by_lag_is_the_norm_of_the_jacobian(cell, rng):
    """Over many directions it tends to the Frobenius norm of products of one-step Jacobians."""
    net = network(cell).double()
    codes = some_codes(6, 1)
    many = gradient_by_lag(net, np.repeat(codes, 4000, axis=1), rng=rng)

    def final_h(flat, known):
        """h after the last code, from all that is remembered after codes[known]."""
        parts = flat.reshape(-1, 1, 1, 6)
        state = (parts[0], parts[1]) if cell == "lstm" else parts[0]
        for code in codes[known + 1 :]:
            _, state = net.step(torch.from_numpy(code), state)
        return (state[0] if cell == "lstm" else state).flatten()

    expected = []
    for known in range(5, -1, -1):
        _, state = net(torch.from_numpy(codes[: known + 1]))
        flat = torch.cat([part.flatten() for part in (state if cell == "lstm" else (state,))])
        jacobian = torch.autograd.functional.jacobian(
            lambda flat, known=known: final_h(flat, known), flat.detach()
        )
        expected.append(jacobian.norm().item())
    if cell == "lstm":  # at lag 0 the cell still acts on h through tanh(c)
        np.testing.assert_allclose(
            many[2:] / many[1], np.array(expected[2:]) / expected[1], rtol=0.1
        )
    else:
        np.testing.assert_allclose(many, np.array(expected) / expected[0], rtol=0.1)


def test_measuring_memory_leaves_no_gradients_behind(rng):
    net = network()
    gradient_by_lag(net, some_codes(5, 2), rng=rng)
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize("codes", [np.zeros(5, int), np.full((5, 2), 16), np.zeros((0, 2), int)])
def test_bad_codes_for_memory_are_named(codes, rng):
    with pytest.raises(ValueError, match="need"):
        gradient_by_lag(network(), codes, rng=rng)
