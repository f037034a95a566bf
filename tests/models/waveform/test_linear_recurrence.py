"""Linear recurrences: a stretch at once equals its steps, and a layer its equations."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
import torch
from torch import nn

from course_lib.core import Batch
from course_lib.features.quantise import MuLaw
from course_lib.models.waveform.linear_recurrence import (
    OLDEST,
    PIECE,
    GatedStateSpace,
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
    recur,
    recur_step_by_step,
)

SMALL = LinearRecurrenceConfig(levels=16, width=6, states=5, layers=2)


def network(**changes):
    """A small network with weights far from their beginning, so that everything matters."""
    net = LinearRecurrentNetwork(replace(SMALL, **changes))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.3 * torch.randn(p.shape, generator=generator)
    return net


def some_codes(*shape, seed=1, levels=16):
    return np.random.default_rng(seed).integers(levels, size=shape)


def heard(codes):
    """What the network hears before each code, for a batch of one."""
    return torch.from_numpy(np.r_[SMALL.silence, codes[:-1]])[:, None]


def a_recurrence(length=40, batch=3, states=5, kind=torch.complex128):
    """Inputs, poles inside the unit circle and a start, drawn at random."""
    generator = torch.Generator().manual_seed(2)

    def normal(*shape):
        return torch.randn(shape, dtype=torch.complex128, generator=generator).to(kind)

    radius, angle = torch.rand(2, states, dtype=torch.float64, generator=generator)
    poles = torch.polar(0.8 + 0.199 * radius, math.pi * angle).to(kind)
    return normal(length, batch, states), poles, normal(batch, states)


# ------------------------------------------------------------------ the recurrence


def test_a_stretch_at_once_equals_its_steps():
    inputs, poles, start = a_recurrence(length=3000, kind=torch.complex64)
    got, expected = recur(inputs, poles, start), recur_step_by_step(inputs, poles, start)
    assert expected.abs().max() > 3
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def test_one_pole_is_scipys_filter():
    inputs, poles, start = a_recurrence(batch=1)
    states = recur(inputs, poles, start)[:, 0].numpy()
    for n, pole in enumerate(poles.numpy()):
        expected, _ = scipy.signal.lfilter(
            [1.0], [1.0, -pole], inputs[:, 0, n].numpy(), zi=[pole * start[0, n].item()]
        )
        np.testing.assert_allclose(states[:, n], expected, atol=1e-12)


def test_the_gradient_is_that_of_the_steps():
    chosen = torch.randn(
        40, 3, 5, dtype=torch.complex128, generator=torch.Generator().manual_seed(1)
    )
    gradients = []
    for way in (recur, recur_step_by_step):
        leaves = [each.requires_grad_() for each in a_recurrence()]
        (way(*leaves) * chosen).real.sum().backward()
        gradients.append([leaf.grad for leaf in leaves])
    for ours, theirs in zip(*gradients, strict=True):
        assert theirs.abs().max() > 0.1
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


def test_the_gradient_is_the_limit_of_differences():
    leaves = [each.requires_grad_() for each in a_recurrence(length=6, batch=2, states=3)]
    assert torch.autograd.gradcheck(recur, leaves)


def test_strided_inputs_give_the_same():
    inputs, poles, start = a_recurrence()
    turned = inputs.transpose(0, 2).contiguous().transpose(0, 2)
    assert not turned.is_contiguous()
    torch.testing.assert_close(recur(turned, poles, start), recur(inputs, poles, start))


# ------------------------------------------------------------------ a layer


def test_a_layer_is_its_equations():
    torch.manual_seed(0)
    layer = GatedStateSpace(4, 3).double()
    with torch.no_grad():
        for p in layer.parameters():
            p += 0.2 * torch.randn_like(p)
    x = torch.randn(20, 1, 4, dtype=torch.float64)
    start = torch.randn(1, 3, dtype=torch.complex128)
    got, last = layer(x, start)
    w = {name: p.detach().numpy() for name, p in layer.named_parameters()}
    poles = np.exp(-np.exp(w["log_decay"]) + 1j * w["angle"])
    gamma = np.sqrt(1 - np.abs(poles) ** 2)
    b = w["inward.weight"][::2] + 1j * w["inward.weight"][1::2]
    c = w["outward.weight"][:, ::2] - 1j * w["outward.weight"][:, 1::2]
    s, expected = start[0].numpy(), []
    for now in x[:, 0].numpy():
        u = (now - now.mean()) / np.sqrt(now.var() + 1e-5) * w["norm.weight"] + w["norm.bias"]
        s = poles * s + gamma * (b @ u)
        y = (c @ s).real + w["outward.bias"] + w["direct"] * u
        y = y / (1 + np.exp(-y))
        content, gate = np.split(w["gate.weight"] @ y + w["gate.bias"], 2)
        expected.append(now + content / (1 + np.exp(-gate)))
    np.testing.assert_allclose(got[:, 0].detach().numpy(), expected, atol=1e-12)
    np.testing.assert_allclose(last[0].detach().numpy(), s, atol=1e-12)


def test_fresh_poles_lie_inside_the_circle_and_remember_from_short_to_long():
    torch.manual_seed(0)
    poles = GatedStateSpace(2, 4000).poles.detach()
    memory = -1 / poles.abs().double().log().numpy()
    assert memory.min() >= 0.99
    assert memory.max() <= 1.01 * OLDEST
    # uniform in the logarithm, and in the angle
    np.testing.assert_allclose(
        np.quantile(memory, [0.25, 0.5, 0.75]), OLDEST ** np.array([0.25, 0.5, 0.75]), rtol=0.15
    )
    np.testing.assert_allclose(
        np.quantile(poles.angle(), [0.25, 0.5, 0.75]),
        np.pi * np.array([0.25, 0.5, 0.75]),
        rtol=0.05,
    )


@pytest.mark.parametrize("log_decay", [-30.0, -5.0, 0.0, 3.0, 50.0])
def test_no_weight_makes_a_state_explode(log_decay):
    layer = GatedStateSpace(2, 3)
    nn.init.constant_(layer.log_decay, log_decay)
    assert (layer.poles.abs() <= 1).all()
    assert torch.isfinite(layer.gammas).all()
    expected = math.sqrt(-math.expm1(-2 * math.exp(log_decay)))
    np.testing.assert_allclose(layer.gammas.detach(), expected, rtol=1e-5)


def test_states_are_as_loud_as_a_white_input_whatever_their_memory():
    torch.manual_seed(0)
    layer = GatedStateSpace(2, 40)
    noise = torch.randn(40_000, 1, 40, dtype=torch.complex64)
    with torch.no_grad():
        states = recur(layer.gammas * noise, layer.poles, torch.zeros(1, 40, dtype=torch.complex64))
    power = states[5000:].abs().square().mean(0)[0]
    long_memory = -layer.log_decay.detach() > math.log(100)
    assert long_memory.any()
    assert not long_memory.all()
    np.testing.assert_allclose(power, 1, atol=0.5)
    np.testing.assert_allclose(power.mean(), 1, atol=0.1)


# ------------------------------------------------------------------ the network


def test_steps_are_the_whole():
    net = network()
    codes = torch.from_numpy(some_codes(300, 3))
    whole, last = net(codes)
    state, steps = None, []
    for now in codes:
        logits, state = net.step(now, state)
        steps.append(logits)
    torch.testing.assert_close(torch.stack(steps), whole, rtol=0, atol=1e-5)
    torch.testing.assert_close(state, last, rtol=0, atol=1e-5)


def test_scores_do_not_depend_on_the_pieces(monkeypatch):
    net, codes = network(), some_codes(1000)
    whole = net.level_log_probabilities(codes, MuLaw(16))
    assert len(codes) < PIECE
    monkeypatch.setattr("course_lib.models.waveform.linear_recurrence.PIECE", 64)
    np.testing.assert_allclose(net.level_log_probabilities(codes, MuLaw(16)), whole, atol=1e-5)


def test_an_untrained_network_knows_nothing():
    codes = some_codes(50, levels=256)
    net = LinearRecurrentNetwork(LinearRecurrenceConfig())
    assert -net.level_log_likelihood(codes, MuLaw()).nats / 50 == pytest.approx(
        math.log(256), abs=0.1
    )


def test_float16_keeps_the_scores():
    net, codes = network(width=32, states=32), some_codes(2000)
    fine = net.level_log_likelihood(codes, MuLaw(16)).nats
    coarse = net.half().float().level_log_likelihood(codes, MuLaw(16)).nats
    assert coarse == pytest.approx(fine, rel=0.01)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"width": 0}, ValueError, "width of at least 1"),
        ({"states": 0}, ValueError, "states of at least 1"),
        ({"layers": -1}, ValueError, "layers of at least 1"),
        ({"width": 2.5}, TypeError, "width"),
    ],
)
def test_bad_configurations_are_named(changes, error, words):
    with pytest.raises(error, match=words):
        replace(SMALL, **changes)


# ------------------------------------------------------------------ loss


def test_it_learns_a_rhythm_that_needs_memory():
    """A click every fifth sample: to know when the next one comes, four silences are counted."""
    codes = torch.full((101, 4), 8)
    codes[::5] = 15
    net = LinearRecurrentNetwork(SMALL)
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(150):
        loss, _ = net.loss(Batch(codes))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    without_memory = 0.2 * math.log(5) + 0.8 * math.log(1.25)
    assert loss.item() < 0.2 * without_memory


def test_a_pole_is_learned_from_what_it_should_ring_like():
    """Pushed once, one pole learns to ring at another's frequency, and to fade as fast."""
    push = torch.zeros(60, 1, 1, dtype=torch.complex64)
    push[0] = 1
    start, wanted = torch.zeros(1, 1, dtype=torch.complex64), torch.polar(*torch.tensor([0.9, 0.6]))
    ringing = recur(push, wanted[None], start).real
    log_decay = torch.tensor([-3.0], requires_grad=True)
    angle = torch.tensor([0.75], requires_grad=True)
    optimizer = torch.optim.Adam([log_decay, angle], 0.02)
    for _ in range(150):
        pole = torch.polar(torch.exp(-torch.exp(log_decay)), angle)
        loss = (recur(push, pole, start).real - ringing).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(pole.detach(), wanted[None], rtol=0, atol=0.01)


# ------------------------------------------------------------------ sampling


def test_a_prompt_is_gone_on_from():
    net, past = network(), some_codes(25)
    after = net.sample(20, rng=np.random.default_rng(1), prompt=MuLaw(16).decode(past))[0]
    uniforms = np.random.default_rng(1).spawn(1)[0].random(20)
    _, state = net(heard(past))
    codes, drawn = torch.from_numpy(past[-1:]), []
    for u in uniforms:
        logits, state = net.step(codes, state)
        codes = (torch.softmax(logits, -1).cumsum(-1) <= u).sum(-1)
        drawn.append(int(codes))
    np.testing.assert_array_equal(after, MuLaw(16).decode(np.array(drawn)))
    assert (after != net.sample(20, rng=np.random.default_rng(1))[0]).any()


def test_samples_are_as_likely_as_the_model_says():
    """The mean of -ln P over the model's own samples is its entropy: scored = expected."""
    net = network()
    codes = MuLaw(16).encode(net.sample(20_000, rng=np.random.default_rng(4))[0])
    with torch.no_grad():
        p = torch.softmax(net(heard(codes))[0], -1)
    entropy = -(p * p.log()).sum(-1).mean().item()
    nats = -net.level_log_likelihood(codes, MuLaw(16)).nats / len(codes)
    assert nats == pytest.approx(entropy, abs=0.02)
