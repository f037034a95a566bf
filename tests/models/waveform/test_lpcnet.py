"""LPCNet: it begins as the line, hears only the past, and its levels share out one."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch

from course_lib.audio import Clip
from course_lib.core import Batch, Trainable
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


def test_it_hears_the_past_and_nothing_else():
    net, codes = network(), resonance(400)
    changed = codes.copy()
    changed[200] = (changed[200] + 5) % 16
    before, after = (net.level_log_probabilities(c, MuLaw(16)) for c in (codes, changed))
    np.testing.assert_array_equal(before[:200], after[:200])
    assert (before[200:205] != after[200:205]).all()


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


def test_the_loss_is_the_mean_of_the_scores():
    net, codes = network(), resonance(300)
    expected = -net.level_log_likelihood(codes, MuLaw(16)).nats / 300
    assert net.loss(Batch(heard(codes)))[0].item() == pytest.approx(expected, abs=1e-5)


def test_other_precisions_keep_the_edges():
    net, codes = network(FINE), resonance(300, 256)
    fine = net.level_log_likelihood(codes, MuLaw()).nats
    assert net.half().float().level_log_likelihood(codes, MuLaw()).nats == pytest.approx(
        fine, rel=0.01
    )
    assert net.edges.dtype == torch.float64


# ------------------------------------------------------------------ training


def test_it_is_trainable():
    assert isinstance(network(), Trainable)


def test_carried_chunks_cost_what_the_whole_costs():
    net = network().double()
    codes = torch.from_numpy(np.stack([resonance(301, seed=s) for s in range(3)], axis=1))
    whole, last = net.loss(Batch(codes))
    carry, parts = None, []
    for first in range(0, 300, 100):
        batch = Batch(codes[first : first + 101], fresh=first == 0)
        loss, carry = net.loss(batch, carry)
        parts.append(loss)
    assert torch.stack(parts).mean().item() == pytest.approx(whole.item(), abs=1e-12)
    for ours, theirs in zip(carry, last, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
        assert not ours.requires_grad
    assert net.loss(Batch(codes), carry)[0] == whole  # a fresh batch forgets the carry
    assert net.loss(replace(Batch(codes), fresh=False), carry)[0] != whole


def test_a_carry_is_left_as_it_was():
    net, batch = network(), Batch(torch.from_numpy(resonance(101)[:, None]))
    _, carry = net.loss(batch)
    kept = [part.clone() for part in carry]
    net.loss(replace(batch, fresh=False), carry)
    assert all(torch.equal(a, b) for a, b in zip(carry, kept, strict=True))


def test_bfloat16_barely_changes_the_loss():
    net, batch = network(replace(SMALL, units=32)), Batch(heard(resonance(200)))
    exact = net.loss(batch)[0].item()
    with torch.autocast("cpu", torch.bfloat16):
        loss, _ = net.loss(batch)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(exact, rel=0.02)


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


def test_the_seed_decides_the_weights_and_leaves_torchs_generator_alone():
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again, other = LPCNet(SMALL, seed=1), LPCNet(SMALL, seed=1), LPCNet(SMALL, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first.core.weight_hh_l0, again.core.weight_hh_l0)
    assert not torch.equal(first.core.weight_hh_l0, other.core.weight_hh_l0)


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


def test_a_stream_does_not_depend_on_its_blocks_and_is_what_sample_gives():
    net = network()
    blocks = [*net.blocks(50, rng=np.random.default_rng(3), block=7)]
    assert [len(block) for block in blocks] == [7] * 7 + [1]
    np.testing.assert_array_equal(
        np.concatenate(blocks), net.sample(50, rng=np.random.default_rng(3))[0]
    )


def test_a_prompt_is_gone_on_from():
    """What comes after a prompt is scored as the rest of the same sound: entropy = mean -ln P."""
    net, past = network(), resonance(200)
    prompt = MuLaw(16).decode(past)
    after = net.sample(4000, rng=np.random.default_rng(1), prompt=prompt)[0]
    assert (after[:20] != net.sample(20, rng=np.random.default_rng(1))[0]).any()
    first = net.sample(1, count=3000, rng=np.random.default_rng(1), prompt=prompt)[:, 0]
    frequencies = np.bincount(MuLaw(16).encode(first), minlength=16) / 3000
    p = np.exp([
        net.level_log_probabilities(np.append(past, c), MuLaw(16))[-1] for c in range(16)
    ])  # fmt: skip
    np.testing.assert_allclose(frequencies, p, atol=0.03)


def test_temperature_zero_needs_no_luck():
    first, second = (
        network().sample(60, rng=np.random.default_rng(seed), temperature=0.0) for seed in (1, 2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"temperature": -1.0}, ValueError, "temperature of 0 or more, got -1"),
        ({"temperature": math.nan}, ValueError, "temperature"),
        ({"prompt": np.zeros(0)}, ValueError, "at least 1 sample"),
        ({"prompt": Clip(np.zeros(9), 16_000)}, ValueError, "prompt at 8000 Hz, got 16000"),
        ({"prompt": np.full(3, 2.0)}, ValueError, r"within \[-1, 1\]"),
        ({"prompt": np.full(3, np.nan)}, ValueError, "nan"),
    ],
)
def test_bad_requests_are_named(settings, error, words):
    with pytest.raises(error, match=words):
        network().sample(5, rng=np.random.default_rng(0), **settings)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"levels": 1}, ValueError, "levels of at least 2"),
        ({"components": 0}, ValueError, "components of at least 1"),
        ({"units": 2.5}, TypeError, "units"),
    ],
)
def test_bad_configurations_are_named(changes, error, words):
    with pytest.raises(error, match=words):
        replace(SMALL, **changes)


def test_a_foreign_encoding_is_named():
    with pytest.raises(ValueError, match="need codes of this network's encoding"):
        network().level_log_likelihood(np.zeros(5, int), MuLaw())


def test_forward_and_the_compiled_loop_give_one_answer():
    net, codes = network(FINE), resonance(600, 256)
    np.testing.assert_allclose(
        net.level_log_probabilities(codes, MuLaw()),
        log_probabilities(net.double(), codes),
        atol=2e-4,
    )
