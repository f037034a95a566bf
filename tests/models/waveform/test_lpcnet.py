"""LPCNet: it begins as the line, hears only the past, and its levels share out one."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch

from course_lib.core import Batch
from course_lib.features.quantise import MuLaw
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.waveform.lpcnet import (
    LPCNet,
    LPCNetConfig,
    laplace_as_logistics,
    sample_step_by_step,
)

SMALL = LPCNetConfig(levels=16, embedding=5, units=6, head=7, components=3)
FINE = replace(SMALL, levels=256, components=8)


def network(config=SMALL):
    """A small network with weights far from their beginning, so that everything matters."""
    net = LPCNet(config)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.4 * torch.randn(p.shape, generator=generator)
    return net


def resonance(length=900, levels=16, seed=1):
    """A resonance at 1 kHz that swells and fades, as levels."""
    rng, x = np.random.default_rng(seed), np.zeros(length)
    for t, e in enumerate(0.02 * rng.laplace(size=length)):
        x[t] = 1.35 * x[t - 1] - 0.9 * x[t - 2] + e
    return MuLaw(levels).encode(np.clip(x * np.sin(np.arange(length) / 150) ** 2, -1, 1))


def heard(codes, config=SMALL):
    """What is heard when codes are scored, (time, 1): silence first."""
    return torch.from_numpy(np.r_[config.silence, codes])[:, None]


def log_probabilities(net, codes):
    """ln P of every code by `forward`."""
    inputs = heard(codes, net.config)
    with torch.no_grad():
        outputs, expected, _ = net(inputs[:-1])
        return net.log_probability(outputs, expected, inputs[1:])[:, 0].numpy()


# ------------------------------------------------------------------ the line inside


def test_an_untrained_network_is_the_line():
    """Up to the shape of its law: eight logistics make a Laplace law within 1e-3 bits."""
    codes = resonance(3000, 256)
    line = AdaptiveAR().level_log_probabilities(np.r_[128, codes], MuLaw())[1:]
    ours = LPCNet(FINE).level_log_probabilities(codes, MuLaw())
    assert abs(line.mean() - ours.mean()) / math.log(2) < 1e-3
    assert np.abs(line - ours).max() < 0.2
    assert -line.mean() < 0.8 * math.log(256)


def test_what_it_expects_is_what_the_line_expects():
    """x_hat and b by hand: they give the line's own probabilities of the next levels."""
    codes = resonance(500, 256)
    expected, _ = LPCNet(FINE).expect(torch.from_numpy(codes[:, None]), None)
    edges = MuLaw().edges()
    edges[0], edges[-1] = -np.inf, np.inf
    x_hat, b = (values[:-1, 0].numpy() for values in expected[:2])
    laplace = scipy.stats.laplace(x_hat, b)
    mass = laplace.cdf(edges[codes[1:] + 1]) - laplace.cdf(edges[codes[1:]])
    line = AdaptiveAR().level_log_probabilities(codes, MuLaw())[1:]
    np.testing.assert_allclose(np.log(0.999 * mass + 0.001 / 256), line, atol=1e-8)
    surprise = (MuLaw().decode(codes)[1:] - x_hat) / b
    np.testing.assert_allclose(expected.surprise[1:, 0], surprise, rtol=1e-12)


@pytest.mark.parametrize(("components", "bits"), [(8, 1e-4), (16, 1e-4), (4, 0.05), (1, 0.1)])
def test_logistics_make_up_a_laplace_law(components, bits):
    shares, log_scales = laplace_as_logistics(components)
    assert shares.sum() == pytest.approx(1)
    assert (shares > 0).all()
    z = np.linspace(-40, 40, 400_001)
    p = scipy.stats.laplace.pdf(z)
    q = scipy.stats.logistic.pdf(z[:, None], scale=np.exp(log_scales)) @ shares
    assert np.trapezoid(p * np.log2(p / q), z) < bits


# ------------------------------------------------------------------ probabilities


@pytest.mark.parametrize("length", [0, 1, 17, 300])
@pytest.mark.parametrize("config", [SMALL, FINE, replace(SMALL, components=1)], ids=str)
def test_the_levels_sum_to_one_after_any_past(config, length):
    """In float64, by `forward`."""
    net, past = network(config).double(), resonance(300, config.levels)[:length]
    everything = torch.arange(config.levels)
    with torch.no_grad():
        outputs, expected, _ = net(heard(past, config))
        last = type(expected)(*(part[-1].expand(config.levels) for part in expected))
        log_p = net.log_probability(outputs[-1].expand(config.levels, -1), last, everything)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_the_compiled_levels_sum_to_one_too():
    past = resonance(200)
    scores = [
        network().level_log_probabilities(np.append(past, c), MuLaw(16))[-1] for c in range(16)
    ]
    assert np.exp(scores).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("config", [SMALL, FINE], ids=str)
def test_sounds_beyond_all_expectation_stay_finite(config):
    """Silence, then blows between the outermost levels: no -inf, and gradients are numbers."""
    codes = np.r_[np.full(300, config.levels // 2), np.tile([0, config.levels - 1], 60)]
    net = network(config)
    assert np.isfinite(net.level_log_probabilities(codes, config.encoding)).all()
    loss, _ = net.loss(Batch(heard(codes, config)))
    loss.backward()
    assert math.isfinite(loss.item())
    assert all(torch.isfinite(p.grad).all() for p in net.parameters())


def test_other_precisions_keep_the_edges():
    net, codes = network(FINE), resonance(300, 256)
    fine = net.level_log_likelihood(codes, MuLaw()).nats
    assert net.half().float().level_log_likelihood(codes, MuLaw()).nats == pytest.approx(
        fine, rel=0.01
    )
    assert net.edges.dtype == torch.float64


# ------------------------------------------------------------------ training


def test_it_learns_what_the_line_cannot():
    """A click every 40th sample: the line is surprised every time, a network that counts is not."""
    config = replace(SMALL, units=16)
    codes = np.full(401, config.silence)
    codes[::40] = 15
    net, batch = LPCNet(config), Batch(torch.from_numpy(codes)[:, None])
    line = net.loss(batch)[0].item()
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(60):
        loss, _ = net.loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.5 * line


# ------------------------------------------------------------------ sampling


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_samples_are_distributed_as_they_are_scored(temperature):
    """Many sounds after one past: counts of the next level against its probability."""
    net, count = network(replace(SMALL, levels=8)).double(), 20_000
    uniforms = np.random.default_rng(2).random((1, count, 2))
    drawn = sample_step_by_step(net, uniforms, temperature=temperature)[0]
    with torch.no_grad():
        outputs, expected, _ = net(torch.tensor([[4]]))
        logits, steps, log_scales = net.split(outputs[0])
        told = torch.cat([logits / temperature, steps, log_scales + math.log(temperature)], -1)
        p = [
            net.log_probability(told, type(expected)(*(e[0] for e in expected)), torch.tensor([c]))
            for c in range(8)
        ]
    frequencies = np.bincount(drawn, minlength=8) / count
    np.testing.assert_allclose(frequencies, torch.cat(p).exp(), atol=0.012)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"components": 0}, ValueError, "components of at least 1"),
        ({"units": 2.5}, TypeError, "units"),
    ],
)
def test_bad_configurations_are_named(changes, error, words):
    with pytest.raises(error, match=words):
        replace(SMALL, **changes)


def test_forward_and_the_compiled_loop_give_one_answer():
    net, codes = network(FINE), resonance(600, 256)
    np.testing.assert_allclose(
        net.level_log_probabilities(codes, MuLaw()),
        log_probabilities(net.double(), codes),
        atol=2e-4,
    )
