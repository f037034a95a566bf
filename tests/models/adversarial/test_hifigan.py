"""The vocoder: what it begins with, its inverse transform, its losses, and bad input."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from course_lib.audio import Clip
from course_lib.core import Adversarial, Batch
from course_lib.features import log_mel, mel_filter_bank, stft
from course_lib.models.adversarial.hifigan import (
    RESOLUTIONS,
    MelVocoder,
    MelVocoderConfig,
    SpectralDistance,
    VocoderGame,
)

TINY = MelVocoderConfig(width=8, blocks=1, judges=(2, 3))


def sweep(count: int = 4000) -> np.ndarray:
    time = np.arange(count) / 16_000
    return (0.3 * np.sin(2 * np.pi * (300 + 800 * time) * time)).astype(np.float32)


def frames_of(x: np.ndarray) -> np.ndarray:
    clip = Clip(x, 16_000)
    return log_mel(clip, window_length=800, hop_length=200, bands=80).astype(np.float32)


def batch(count: int = 2) -> Batch:
    sounds = np.stack([sweep(1600) * (i + 1) / 2 for i in range(count)])
    mel = np.stack([frames_of(sound) for sound in sounds], axis=1)
    return Batch(torch.from_numpy(sounds.T.copy()), mel=torch.from_numpy(mel))


def test_frames_become_a_hop_of_samples_each():
    network = MelVocoder(TINY)
    sound = network.vocode(frames_of(sweep()))
    assert sound.shape == (4000,)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() <= 1


def test_it_begins_with_the_flattest_magnitude_that_has_these_mel_values():
    """With the weights of the magnitude at zero, and any phase."""
    network, config = MelVocoder(TINY, seed=3), TINY
    frames = frames_of(sweep())
    asked = {}

    def istft(transform, *args, **kwargs):
        asked["transform"] = transform
        return torch.zeros(1, 4000)

    original, torch.istft = torch.istft, istft
    try:
        network.vocode(frames)
    finally:
        torch.istft = original
    bank = mel_filter_bank(16_000, config.window_length, bands=config.bands)
    inside = bank > 0
    flat = (np.exp(frames) / bank.sum(axis=1)) @ (inside / np.maximum(inside.sum(axis=0), 1))
    found = asked["transform"][0].abs().numpy().T
    np.testing.assert_allclose(found, np.maximum(flat, 1e-5), rtol=1e-3)
    back = np.log(np.maximum(1e-5, found @ bank.T))
    assert np.abs(back - frames)[frames > -8].mean() < 0.6


def test_level_in_the_frames_is_level_in_the_sound():
    network = MelVocoder(TINY)
    soft, loud = (np.abs(network.vocode(frames_of(g * sweep()))).mean() for g in (0.01, 1.0))
    assert soft < 0.1 * loud


def test_a_frame_reaches_only_so_far():
    """One block of 7 frames after one of 7, and half a window: 6 hops and 400 samples."""
    network = MelVocoder(TINY)
    frames = frames_of(sweep())
    other = frames.copy()
    other[12] += 0.5
    changed = np.flatnonzero(network.vocode(frames) != network.vocode(other))
    assert changed.min() >= (12 - 6) * 200 - 400
    assert changed.max() < (12 + 6) * 200 + 400


def test_the_distance_is_that_of_log_mel_frames():
    x, y = sweep(), (0.5 * sweep() + 0.01).astype(np.float32)
    found = SpectralDistance(16_000)(torch.from_numpy(x)[None], torch.from_numpy(y)[None])
    expected = []
    for window, hop, bands in RESOLUTIONS:
        bank = mel_filter_bank(16_000, window, bands=bands)
        pair = []
        for sound in (x, y):
            padded = np.pad(sound, window // 2, mode="reflect")  # as torch.stft does
            whole = np.pad(padded, window // 2)
            spectra = np.abs(
                stft(whole[window // 2 : -window // 2], window_length=window, hop_length=hop)
            )
            inner = spectra[window // 2 // hop : window // 2 // hop + 1 + len(sound) // hop]
            pair.append(np.log(np.maximum(1e-5, inner @ bank.T)))
        expected.append(np.abs(pair[0] - pair[1]).mean())
    assert float(found) == pytest.approx(np.mean(expected), rel=1e-3)
    half = SpectralDistance(16_000)(*(torch.from_numpy(g * x)[None] for g in (1.0, 0.5)))
    assert float(half) <= np.log(2) + 1e-6  # a factor of 2 is ln 2 nepers, where above the floor


def test_a_game_has_slopes_for_each_player():
    game = VocoderGame(TINY, seed=1)
    assert isinstance(game, Adversarial)
    judges, makers = (list(each.parameters()) for each in (game.discriminator, game.generator))
    assert all(
        (s != 0).any() for s in torch.autograd.grad(game.discriminator_loss(batch()), judges)[:2]
    )
    for loss in (game.generator_loss, game.alone_loss):
        slopes = torch.autograd.grad(loss(batch()), makers)
        assert all(torch.isfinite(slope).all() for slope in slopes)
        assert sum(bool((slope != 0).any()) for slope in slopes) > len(slopes) / 2


def test_the_generators_loss_is_the_sum_that_is_written():
    game = VocoderGame(TINY, seed=1)
    whole, alone = (
        float(game.generator_loss(batch()).detach()),
        float(game.alone_loss(batch()).detach()),
    )
    with torch.no_grad():
        real, made = game._pair(batch())
        votes = sum(-float(seen[-1].mean()) for seen in game.discriminator(made))
        pairs = zip(game.discriminator(real), game.discriminator(made), strict=True)
        matching = sum(
            float((a - b).abs().mean())
            for one, other in pairs
            for a, b in zip(one[:-1], other[:-1], strict=True)
        )
    assert whole == pytest.approx(votes + 2 * matching + alone, rel=1e-5)


def test_silence_stays_silent_and_finite():
    game = VocoderGame(TINY, seed=1)
    silent = Batch(torch.zeros(1600, 2), mel=torch.full((9, 2, 80), np.log(1e-5)))
    slopes = torch.autograd.grad(game.alone_loss(silent), list(game.generator.parameters()))
    assert all(torch.isfinite(slope).all() for slope in slopes)
    assert np.abs(game.generator.vocode(np.full((9, 80), np.log(1e-5), np.float32))).max() < 1e-3


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"width": 0}, "width of at least 1"),
        ({"judges": (3,)}, "two convolutions or more"),
        ({"hop_length": 500}, "hop_length of at most half"),
        ({"bands": 500}, "bands"),
    ],
)
def test_bad_settings_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        replace(TINY, **settings)


@pytest.mark.parametrize("shape", [(1, 80), (5, 79), (0, 80), (80,)])
def test_frames_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="need"):
        MelVocoder(TINY).vocode(np.zeros(shape, np.float32))


def test_frames_that_are_not_finite_and_sounds_without_frames_are_refused():
    with pytest.raises(ValueError, match="finite"):
        MelVocoder(TINY).vocode(np.full((3, 80), np.nan, np.float32))
    with pytest.raises(ValueError, match="sounds with their mel frames"):
        VocoderGame(TINY).alone_loss(Batch(torch.zeros(1600, 1)))
