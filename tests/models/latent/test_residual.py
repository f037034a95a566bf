"""Residual quantisation against exhaustive search, and the codec of speech made of it."""

import itertools

import numpy as np
import pytest
import torch

from course_lib.audio import Clip
from course_lib.core import Batch
from course_lib.models.latent.residual import CodecConfig, ResidualQuantiser, SpeechCodec

CONFIG = CodecConfig(stages=3, codes=8, channels=8, width=4, bands=20)


def small() -> ResidualQuantiser:
    torch.manual_seed(1)
    return ResidualQuantiser(3, 4, 2).eval()


def test_each_stage_takes_the_nearest_of_what_is_left_and_no_sum_beats_the_best_of_all():
    quantiser = small()
    h = torch.randn(50, 2, generator=torch.Generator().manual_seed(2))
    found = quantiser(h)
    books = [stage.codebook.numpy() for stage in quantiser.stages]
    sums = np.array([sum(choice) for choice in itertools.product(*books)])  # all 64
    best = ((h.numpy()[:, None] - sums) ** 2).sum(-1).min(1)
    ours = ((h - found.values) ** 2).sum(-1).numpy()
    assert (ours >= best - 1e-6).all()
    for vector, codes in zip(h.numpy(), found.codes.numpy(), strict=True):
        rest = vector.copy()
        for book, code in zip(books, codes, strict=True):
            assert code == ((rest - book) ** 2).sum(1).argmin()
            rest -= book[code]


def test_greedy_search_finds_the_best_sum_where_the_stages_are_digits():
    quantiser = ResidualQuantiser(3, 4, 1).eval()
    for stage, size in zip(quantiser.stages, (16.0, 4.0, 1.0), strict=True):
        stage.codebook.copy_(size * (torch.arange(4.0)[:, None] - 1.5))
    h = torch.linspace(-31, 31, 97)[:, None]
    found = quantiser(h)
    every = torch.arange(64.0) - 31.5
    best = (h - every).abs().min(1).values
    assert torch.allclose((h - found.values).abs()[:, 0], best)


def test_codes_go_back_to_the_sums():
    quantiser = small()
    h = torch.randn(5, 7, 2)
    for stages in (1, 2, 3):
        found = quantiser(h, stages=stages)
        assert found.codes.shape == (5, 7, stages)
        assert torch.allclose(quantiser.vectors(found.codes), found.values, atol=1e-6)


def test_more_stages_come_nearer_after_learning():
    torch.manual_seed(1)
    quantiser, dice = ResidualQuantiser(3, 8, 2, decay=0.8), torch.Generator().manual_seed(1)
    for _ in range(40):
        quantiser(torch.randn(200, 2, generator=dice), dice)
    quantiser.eval()
    h = torch.randn(500, 2, generator=dice)
    errors = [float(quantiser(h, stages=s).commitment) for s in (1, 2, 3)]
    assert errors[1] < errors[0] / 2
    assert errors[2] < errors[1] / 2


def test_the_gradient_passes_through_all_stages():
    h = torch.randn(4, 2, requires_grad=True)
    small()(h).values.sum().backward()
    assert torch.equal(h.grad, torch.ones(4, 2))


# ---------------------------------------------------------------- of speech


def clip(samples: int = 4000) -> Clip:
    time = np.arange(samples) / 16_000
    return Clip((0.3 * np.sin(2 * np.pi * 300 * time)).astype(np.float32), 16_000)


def test_rates_are_those_of_the_codes():
    codec = SpeechCodec(CONFIG, seed=1).eval()
    codes = codec.encode(clip())
    assert codes.shape == (11, 3)  # 21 frames, filled up to 22
    assert CONFIG.code_rate == 40
    assert CONFIG.bits_per_second() == 40 * 3 * 3
    assert CONFIG.bits_per_second(1) == 120
    assert np.array_equal(codec.encode(clip(), stages=2), codes[:, :2])


def test_codes_go_back_to_sound():
    codec = SpeechCodec(CONFIG, seed=1).eval()
    codes = codec.encode(clip())
    frames = codec.frames(codes)
    assert frames.shape == (22, 20)
    sound = codec.decode(codes, rng=np.random.default_rng(1))
    assert sound.shape == (21 * 200,)
    assert sound.dtype == np.float32
    assert np.array_equal(sound, codec.decode(codes, rng=np.random.default_rng(1)))


def test_it_learns():
    codec = SpeechCodec(CONFIG, seed=1)
    frames = torch.from_numpy(codec.seen(clip(40 * 200)).astype(np.float32))
    frames = frames[:, None] + torch.linspace(-2, 2, 4)[None, :, None]
    batch = Batch(torch.zeros(8000, 4), mel=frames)
    optimiser = torch.optim.Adam(codec.parameters(), 1e-2)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        loss, _ = codec.loss(batch)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-5:]) < 0.5 * losses[0]
    assert float(codec.steps) == 60


def test_bad_input_is_refused():
    codec = SpeechCodec(CONFIG, seed=1).eval()
    with pytest.raises(ValueError, match="16000 Hz, got 8000 Hz"):
        codec.encode(Clip(np.zeros(4000, np.float32), 8000))
    with pytest.raises(TypeError):
        codec.encode(np.zeros(4000))
    with pytest.raises(ValueError, match="at most 3 stages, got 4"):
        codec.encode(clip(), stages=4)
    with pytest.raises(ValueError, match="at most 3 stages, got 5"):
        codec.frames(np.zeros((2, 5), int))
    with pytest.raises(ValueError, match="codes from 0 to 7"):
        codec.frames(np.full((2, 3), 8))
    with pytest.raises(TypeError, match="whole numbers"):
        codec.frames(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="2 mel frames or more, got 0"):
        codec.loss(Batch(torch.zeros(400, 1)))
    with pytest.raises(ValueError, match="even stride"):
        CodecConfig(stride=3)
    with pytest.raises(ValueError, match="stages"):
        ResidualQuantiser(0, 2, 2)
