"""Variations: what a smaller drum, another microphone and a damping hand do, and seeded batches."""

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip
from course_lib.training.augmentation import (
    Variation,
    change_speed,
    damp,
    equalise,
    variations,
)

RATE = 16_000
STILL = Variation(semitones=0, decibels=0, damping=0, level=0, shift=0)


def ring(frequency=500.0, length=4000, peak=0.8):
    time = np.arange(length) / RATE
    return Clip(peak * np.exp(-30 * time) * np.sin(2 * np.pi * frequency * time), RATE)


def pitch(x):
    return np.abs(np.fft.rfft(x, RATE)).argmax()  # in Hz: bins are 1 Hz apart


# ------------------------------------------------------------- speed


@pytest.mark.parametrize("semitones", [-12, -5.3, -1, 2, 7, 12])
def test_speed_multiplies_frequencies_and_divides_the_duration(semitones) -> None:
    x, factor = ring(), 2 ** (semitones / 12)
    y = change_speed(x, semitones)
    assert pitch(y) == pytest.approx(500 * factor, rel=2e-3)
    assert len(y) == pytest.approx(len(x) / factor, rel=2e-3)
    assert np.abs(y).max() == pytest.approx(0.8, rel=0.05)


def test_no_change_of_speed_is_the_sound_itself_and_back_again_nearly() -> None:
    x = ring().samples
    assert np.array_equal(change_speed(x, 0), x)
    again = change_speed(change_speed(x, -7), 7)[: len(x)]
    assert again == pytest.approx(x[: len(again)], abs=0.02)


def test_what_would_lie_beyond_half_the_sample_rate_is_filtered_out() -> None:
    y = change_speed(ring(6000), 12)  # it would be at 12 kHz, folded to 4
    assert np.abs(y[20:]).max() < 0.01  # but for the click with which it begins


# ------------------------------------------------------------- equaliser


def response(gains, length=4096):
    return np.fft.rfft(equalise(np.eye(1, length)[0], gains))


def test_gains_are_as_asked_at_octaves_and_straight_between() -> None:
    gains = [3.0, -6.0, 2.0]
    found = 20 * np.log10(np.abs(response(gains)))
    half = len(found) - 1
    assert found[half // 4] == pytest.approx(3, abs=0.05)
    assert found[half // 2] == pytest.approx(-6, abs=0.05)
    assert found[half] == pytest.approx(2, abs=0.05)
    assert found[half // 16] == pytest.approx(3, abs=0.05)  # the first holds below
    assert found[round(half / 2**0.5)] == pytest.approx(-2, abs=0.05)


def test_the_filter_is_causal_and_has_minimum_phase() -> None:
    gains = [6.0, -10.0, 4.0, 0.0]
    delayed = np.zeros(4096)
    delayed[100] = 1
    y = equalise(delayed, gains)
    assert np.abs(y[:100]).max() < 1e-6  # nothing before the cause
    h = equalise(np.eye(1, 4096)[0], gains)
    _, expected = scipy.signal.freqz(h)
    again = scipy.signal.minimum_phase(np.convolve(h, h[::-1])[3584:4607], method="homomorphic")
    assert np.abs(scipy.signal.freqz(again)[1]) == pytest.approx(np.abs(expected), rel=0.02)
    energy = np.cumsum(h**2) / np.sum(h**2)
    theirs = np.cumsum(again**2) / np.sum(again**2)
    assert energy[:20] == pytest.approx(theirs[:20], abs=0.01)  # as early as can be


def test_one_gain_is_a_volume_and_none_leaves_the_sound_alone() -> None:
    x = ring()
    assert equalise(x, [6.0]) == pytest.approx(x.samples * 10 ** (6 / 20), rel=1e-5)
    assert equalise(x, np.zeros(8)) == pytest.approx(x.samples, abs=1e-9)
    assert equalise(np.ones(1), [0.0, 6.0]).shape == (1,)


# ------------------------------------------------------------- damping


def test_damping_is_so_many_decibels_a_second() -> None:
    y = damp(np.ones(RATE + 1), 30.0, RATE)
    assert y[0] == 1
    assert 20 * np.log10(y[RATE]) == pytest.approx(-30)
    assert damp(damp(np.ones(100), 50, RATE), -50, RATE) == pytest.approx(np.ones(100))


# ------------------------------------------------------------- variations


@given(st.integers(0, 2**32 - 1), st.integers(1, 6000), st.integers(1, 6000))
def test_a_variation_has_the_length_asked_for_and_stays_in_range(seed, length, of_clip) -> None:
    rng = np.random.default_rng(seed)
    clip = Clip(rng.uniform(-0.9, 0.9, of_clip), RATE)
    x = Variation().varied(clip, length, rng)
    assert x.shape == (length,)
    assert np.isfinite(x).all()
    assert np.abs(x).max() <= min(1, clip.peak * 10 ** (4 / 20)) + 1e-9


def test_without_strength_a_hit_keeps_all_but_its_sign() -> None:
    clip = ring()
    x = STILL.varied(clip, 5000, np.random.default_rng(1))
    assert np.abs(x[:4000]) == pytest.approx(np.abs(clip.samples), abs=1e-6)
    assert not x[4000:].any()
    signs = [STILL.varied(clip, 100, np.random.default_rng(i))[5] > 0 for i in range(20)]
    assert 2 < sum(signs) < 18


def test_each_strength_changes_what_it_says(rng) -> None:
    clip = ring()

    def many(**settings):
        variation = Variation(**{**vars(STILL), **settings})
        return [variation.varied(clip, 6000, rng) for _ in range(60)]

    pitches = [pitch(x) for x in many(semitones=4)]
    assert 500 / 2 ** (4 / 12) - 3 < min(pitches) < 430
    assert 580 < max(pitches) < 500 * 2 ** (4 / 12) + 3
    peaks = 20 * np.log10([np.abs(x).max() / clip.peak for x in many(level=1.5)])
    assert -1.51 < min(peaks) < -1 < 1 < max(peaks) < 1.51
    starts = [np.flatnonzero(x)[0] for x in many(shift=0.01)]
    assert 0 < min(starts) < 30
    assert 120 < max(starts) <= 160
    tails = [20 * np.log10(np.abs(x[2000:2032]).max()) for x in many(damping=80)]
    assert max(tails) - min(tails) == pytest.approx(2 * 80 * 2000 / RATE, rel=0.25)
    floors = [20 * np.log10(np.std(x[-1000:]) / clip.peak) for x in many(noise=40)]
    assert -82 < min(floors) < -72
    assert -48 < max(floors) < -39


def test_a_colour_is_a_random_walk_over_octaves(rng) -> None:
    click = Clip(0.8 * np.eye(1, 4000)[0], RATE)
    variation = Variation(**{**vars(STILL), "colour": 3})
    spectra = [np.abs(np.fft.rfft(variation.varied(click, 4000, rng))) for _ in range(300)]
    steps = np.diff(20 * np.log10(spectra)[:, [125, 250, 500, 1000, 2000]])
    assert steps.std(axis=0) == pytest.approx(np.full(4, 3), rel=0.15)
    assert np.corrcoef(steps.T) == pytest.approx(np.eye(4), abs=0.2)


def test_what_does_not_fit_is_faded_out(rng) -> None:
    clip = Clip(np.full(4000, 0.5), RATE)
    x = np.abs(STILL.varied(clip, 2000, rng))
    assert x[:1200] == pytest.approx(np.full(1200, 0.5), abs=1e-6)
    assert x[1200:] == pytest.approx(0.5 * np.linspace(1, 0, 800), abs=1e-3)


def test_silence_stays_silent(rng) -> None:
    assert not Variation(noise=20).varied(Clip(np.zeros(100), RATE), 200, rng).any()


# ------------------------------------------------------------- batches


def some():
    return [ring(200 * (i + 1), 1000) for i in range(6)], [0, 0, 0, 0, 1, 2]


def test_a_batch_depends_on_the_seed_and_the_index_alone() -> None:
    def batches(seed):
        return variations(*some(), Variation(), length=1200, size=5, seed=seed)

    first, again = batches(1), batches(1)
    again(0)
    assert torch.equal(first(5).sounds, again(5).sounds)
    assert torch.equal(first(5).labels, again(5).labels)
    assert first(5).seed == again(5).seed != first(6).seed
    assert not torch.equal(first(5).sounds, first(6).sounds)
    assert not torch.equal(first(5).sounds, batches(2)(5).sounds)


def test_labels_go_with_their_sounds() -> None:
    clips, labels = some()
    batches = variations(clips, labels, STILL, length=1000, size=20, seed=1)
    batch = batches(0)
    assert batch.sounds.shape == (20, 1000)
    assert (batch.sounds.dtype, batch.labels.dtype) == (torch.float32, torch.int64)
    for sound, label in zip(batch.sounds.numpy(), batch.labels.tolist(), strict=True):
        matches = [np.allclose(np.abs(sound), np.abs(clip.samples), atol=1e-6) for clip in clips]
        assert labels[matches.index(True)] == label


def test_rare_classes_are_drawn_more_often_than_they_come() -> None:
    batches = variations(*some(), STILL, length=10, size=500, seed=1)
    drawn = np.bincount(np.concatenate([batches(i).labels.numpy() for i in range(4)]))
    expected = np.sqrt([4, 1, 1]) / np.sqrt([4, 1, 1]).sum()
    assert drawn / 2000 == pytest.approx(expected, abs=0.035)


# ------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (np.zeros(0), ValueError),
        (np.array([np.nan]), ValueError),
        (np.array([np.inf]), ValueError),
        (np.zeros((5, 2)), ValueError),
        (np.zeros(5, int), TypeError),
    ],
)
@pytest.mark.parametrize(
    "change",
    [lambda x: change_speed(x, 1), lambda x: equalise(x, [0.0]), lambda x: damp(x, 1, RATE)],
)
def test_bad_sounds_are_named(change, x, error) -> None:
    with pytest.raises(error, match="need"):
        change(x)


def test_bad_settings_are_named(rng) -> None:
    x, clip = np.ones(10), ring()
    with pytest.raises(ValueError, match=r"semitones from .*24"):
        change_speed(x, 25)
    with pytest.raises(TypeError, match="semitones"):
        change_speed(x, "up")
    with pytest.raises(ValueError, match="decibels"):
        equalise(x, [])
    with pytest.raises(ValueError, match="decibels"):
        equalise(x, [np.nan])
    with pytest.raises(ValueError, match="rate"):
        damp(x, np.nan, RATE)
    with pytest.raises(ValueError, match="sample_rate"):
        damp(x, 1.0, 0)
    for name in ("semitones", "decibels", "damping", "level", "shift", "colour", "noise"):
        with pytest.raises(ValueError, match=name):
            Variation(**{name: -1})
    with pytest.raises(ValueError, match=r"semitones from .*24"):
        Variation(semitones=30)
    with pytest.raises(ValueError, match="noise from 0 to 80"):
        Variation(noise=90)
    with pytest.raises(TypeError, match="Generator"):
        Variation().varied(clip, 100, 1)
    with pytest.raises(TypeError, match="Clip"):
        Variation().varied(x, 100, rng)
    with pytest.raises(ValueError, match="length"):
        Variation().varied(clip, 0, rng)

    def batches(clips=(clip,), labels=(0,), **settings):
        settings = {"length": 10, "size": 2, "seed": 1, **settings}
        return variations(clips, labels, Variation(), **settings)

    with pytest.raises(ValueError, match="one clip or more"):
        batches(clips=(), labels=())
    with pytest.raises(ValueError, match="label for each"):
        batches(labels=(0, 1))
    with pytest.raises(ValueError, match="labels"):
        batches(labels=(-1,))
    with pytest.raises(TypeError, match="labels"):
        batches(labels=("kick",))
    for name in ("length", "size"):
        with pytest.raises(ValueError, match=name):
            batches(**{name: 0})
    with pytest.raises(ValueError, match="seed"):
        batches(seed=-1)
