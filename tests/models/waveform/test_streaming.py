"""What all networks of single samples with a state have in common: carries, streams, requests."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.audio import Clip
from course_lib.core import Batch, Trainable
from course_lib.features.quantise import MuLaw
from course_lib.models.waveform.linear_recurrence import (
    LinearRecurrenceConfig,
    LinearRecurrentNetwork,
)
from course_lib.models.waveform.lpcnet import LPCNet, LPCNetConfig
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork

GRID = MuLaw(16)
KINDS = {
    **{
        cell: (RecurrentNetwork, RecurrentConfig(cell, levels=16, embedding=5, units=6, head=7))
        for cell in ("rnn", "lstm", "gru")
    },
    "lpcnet": (LPCNet, LPCNetConfig(levels=16, embedding=5, units=6, head=7, components=3)),
    "linear recurrence": (
        LinearRecurrentNetwork,
        LinearRecurrenceConfig(levels=16, width=6, states=5, layers=2),
    ),
}
WIDER = {"linear recurrence": {"width": 32, "states": 32}}


def made(kind, **changes):
    """A small network with weights far from their beginning, so that everything matters."""
    network, config = KINDS[kind]
    net = network(replace(config, **changes))
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p += 0.4 * torch.randn(p.shape, generator=generator)
    return net


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def net(kind):
    return made(kind)


def some_codes(*shape, seed=1):
    return np.random.default_rng(seed).integers(16, size=shape)


def parts_of(carry):
    """The tensors of a carry."""
    return carry if isinstance(carry, tuple) else (carry,)


# ------------------------------------------------------------------ scores


def test_it_hears_the_past_and_nothing_else(net):
    codes = some_codes(60)
    changed = codes.copy()
    changed[30] = (changed[30] + 5) % 16
    before, after = (net.double().level_log_probabilities(c, GRID) for c in (codes, changed))
    np.testing.assert_array_equal(before[:30], after[:30])
    assert (before[30:35] != after[30:35]).all()


def test_the_loss_is_the_mean_of_the_scores(net):
    codes = some_codes(40)
    heard = torch.from_numpy(np.r_[net.config.silence, codes])[:, None]
    expected = -net.level_log_likelihood(codes, GRID).nats / 40
    assert net.loss(Batch(heard))[0].item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("codes", [np.array([3, 16]), np.array([-1]), np.zeros((2, 2), int)])
def test_bad_codes_are_named(net, codes):
    with pytest.raises(ValueError, match="need"):
        net.level_log_likelihood(codes, GRID)


def test_a_foreign_encoding_is_named(net):
    with pytest.raises(ValueError, match="need codes of this network's encoding"):
        net.level_log_likelihood(some_codes(5), MuLaw())


def test_the_seed_decides_the_weights_and_leaves_torchs_generator_alone(kind):
    network, config = KINDS[kind]
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first, again, other = (network(config, seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"levels": 1}, ValueError, "levels of at least 2"),
        ({"sample_rate": 0}, ValueError, "sample_rate of at least 1"),
        ({"levels": 2.5}, TypeError, "levels"),
    ],
)
def test_bad_configurations_are_named(kind, changes, error, words):
    with pytest.raises(error, match=words):
        replace(KINDS[kind][1], **changes)


# ------------------------------------------------------------------ carries


def test_it_is_trainable(net):
    assert isinstance(net, Trainable)


def test_carried_chunks_cost_what_the_whole_costs(net):
    net = net.double()
    codes = torch.from_numpy(some_codes(31, 4))
    whole, last = net.loss(Batch(codes))
    carry, costs = None, []
    for first in range(0, 30, 10):
        loss, carry = net.loss(Batch(codes[first : first + 11], fresh=first == 0), carry)
        costs.append(loss)
    assert torch.stack(costs).mean().item() == pytest.approx(whole.item(), abs=1e-12)
    torch.testing.assert_close(carry, last, rtol=0, atol=1e-12)


def test_a_fresh_batch_forgets_the_carry(net):
    batch = Batch(torch.from_numpy(some_codes(11, 4)))
    _, carry = net.loss(Batch(torch.from_numpy(some_codes(11, 4, seed=2))))
    alone = net.loss(batch)[0]
    assert net.loss(batch, carry)[0] == alone
    assert net.loss(replace(batch, fresh=False), carry)[0] != alone


def test_a_carry_holds_no_gradient_and_is_left_as_it_was(net):
    batch = Batch(torch.from_numpy(some_codes(11, 4)))
    _, carry = net.loss(batch)
    kept = [part.clone() for part in parts_of(carry)]
    net.loss(replace(batch, fresh=False), carry)
    for part, before in zip(parts_of(carry), kept, strict=True):
        assert torch.equal(part, before)
        assert not part.requires_grad


def test_bfloat16_barely_changes_the_loss(kind):
    net = made(kind, **WIDER.get(kind, {"units": 32}))
    batch = Batch(torch.from_numpy(some_codes(41, 8)))
    exact, wide = net.loss(batch)
    with torch.autocast("cpu", torch.bfloat16):
        loss, carry = net.loss(batch)
        again, _ = net.loss(replace(batch, fresh=False), carry)
    assert loss.dtype == torch.float32
    for part, before in zip(parts_of(carry), parts_of(wide), strict=True):
        assert part.is_complex() == before.is_complex()  # which autocast would lose
    assert loss.item() == pytest.approx(exact.item(), rel=0.02)
    assert math.isfinite(again.item())


# ------------------------------------------------------------------ streams


def test_a_stream_does_not_depend_on_its_blocks_and_is_what_sample_gives(net):
    blocks = [*net.blocks(50, rng=np.random.default_rng(3), block=7)]
    assert [len(block) for block in blocks] == [7] * 7 + [1]
    np.testing.assert_array_equal(
        np.concatenate(blocks), net.sample(50, rng=np.random.default_rng(3))[0]
    )


def test_an_interrupted_stream_leaves_what_was_drawn(net):
    stream = net.stream(10**9, rng=np.random.default_rng(3), block=10)
    drawn = [next(stream) for _ in range(3)]
    whole = [*net.stream(30, rng=np.random.default_rng(3))]
    np.testing.assert_array_equal(np.concatenate(drawn), np.concatenate(whole))


def test_temperature_zero_needs_no_luck(net):
    first, second = (
        net.sample(60, rng=np.random.default_rng(seed), temperature=0.0) for seed in (1, 2)
    )
    np.testing.assert_array_equal(first, second)


def test_what_follows_a_prompt_is_drawn_as_it_is_scored(net):
    """Many first samples after one past: nearer to its probabilities than to those without it."""
    past, count = some_codes(25), 1000
    prompt, rng = GRID.decode(past), np.random.default_rng(1)
    first = GRID.encode(net.sample(1, count=count, rng=rng, prompt=prompt)[:, 0])
    counted = np.bincount(first, minlength=16) / count
    told, alone = (
        np.exp([net.level_log_probabilities(np.append(heard, c), GRID)[-1] for c in range(16)])
        for heard in (past, past[:0])
    )
    np.testing.assert_allclose(counted, told, atol=0.05)
    assert np.abs(counted - told).sum() < 0.7 * np.abs(counted - alone).sum()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": -1.0}, "temperature of 0 or more, got -1"),
        ({"temperature": math.nan}, "temperature"),
        ({"prompt": np.zeros(0)}, "at least 1 sample"),
        ({"prompt": Clip(np.zeros(9), 16_000)}, "prompt at 8000 Hz, got 16000"),
        ({"prompt": np.full(3, 2.0)}, r"within \[-1, 1\]"),
        ({"prompt": np.zeros((3, 2))}, "mono"),
        ({"prompt": np.full(3, np.nan)}, "nan"),
    ],
)
def test_bad_requests_are_named(net, settings, words):
    with pytest.raises(ValueError, match=words):
        net.sample(5, rng=np.random.default_rng(0), **settings)
    with pytest.raises(ValueError, match="block of at least 1"):
        net.stream(5, rng=np.random.default_rng(0), block=0)
