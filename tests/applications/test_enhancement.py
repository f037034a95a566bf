"""Enhancement: the smoother against dense matrices and a filter, gains, and real voices."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from course_lib import corpora
from course_lib.applications.enhancement import (
    FLOOR,
    frame_models,
    kalman,
    quietest,
    smooth,
    wiener,
    wiener_gains,
)
from course_lib.audio import Clip
from course_lib.evaluation import si_sdr
from course_lib.models.linear import AR

RATE = 16_000


def noisy(clip, decibels, seed=0):
    """A clip in white noise so many dB below it, and the noise's variance."""
    deviation = clip.rms * 10 ** (-decibels / 20)
    noise = np.random.default_rng(seed).standard_normal(len(clip)) * deviation
    return clip.with_samples(np.float32(clip.samples + noise)), deviation**2


def moving_process(rng, length=60, order=3, frames=4):
    """Coefficients and variances that change from frame to frame, and noisy samples."""
    phi = 0.3 * rng.standard_normal((frames, order))
    return phi, rng.uniform(0.5, 2, frames), rng.standard_normal(length)


# ---------------------------------------------------------------- the smoother


def dense_mean(y, phi, innovations, noise, hop):
    """E[x | y] = C (C + r I)^-1 y, with the covariance C = B Q B' of x, x = B e."""
    length, order = len(y), phi.shape[1]
    frame = np.minimum((np.arange(length) + hop // 2) // hop, len(phi) - 1)
    response = np.zeros((length, length))
    for t in range(length):
        response[t, t] = 1
        for k in range(min(order, t)):
            response[t] += phi[frame[t], k] * response[t - 1 - k]
    covariance = response * innovations[frame] @ response.T
    return covariance @ np.linalg.solve(covariance + noise * np.eye(length), y)


@pytest.mark.parametrize("length", [1, 2, 3, 60])
def test_the_smoother_is_the_mean_of_the_joint_gaussian(rng, length):
    phi, innovations, y = moving_process(rng, length)
    expected = dense_mean(y, phi, innovations, 0.7, 15)
    assert_allclose(smooth(y, phi, innovations, 0.7, hop_length=15), expected, atol=1e-10)


def filtered_last(y, phi, variance, noise):
    """The last sample's estimate by a Kalman filter with Harvey's state (x_t, ..., x_t-p+1)."""
    order = len(phi)
    move = np.eye(order, k=-1)
    move[0] = phi
    state, spread = np.zeros(order), np.zeros((order, order))
    for value in y:
        state, spread = move @ state, move @ spread @ move.T
        spread[0, 0] += variance
        gain = spread[:, 0] / (spread[0, 0] + noise)
        state = state + gain * (value - state[0])
        spread = spread - np.outer(gain, spread[0])
    return state[0]


def test_at_the_last_sample_the_smoother_knows_what_a_kalman_filter_knows(rng):
    phi, _, y = moving_process(rng, frames=1)
    found = smooth(y, phi, np.array([1.3]), 0.4, hop_length=1000)
    assert found[-1] == pytest.approx(filtered_last(y, phi[0], 1.3, 0.4), abs=1e-10)


def test_without_noise_the_smoother_believes_what_it_hears_and_with_nothing_but_noise_it_does_not(
    rng,
):
    phi, innovations, y = moving_process(rng)
    assert_allclose(smooth(y, phi, innovations, 1e-9, hop_length=15), y, atol=1e-6)
    assert np.abs(smooth(y, phi, innovations, 1e9, hop_length=15)).max() < 1e-6


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"noisy": np.array([1.0, np.nan])}, ValueError, "finite"),
        ({"noise": 0.0}, ValueError, "noise"),
        ({"noise": "loud"}, TypeError, "number"),
        ({"hop_length": 0}, ValueError, "hop_length"),
        ({"phi": np.zeros(3)}, ValueError, r"phi of shape \(frames, order\)"),
        ({"phi": np.zeros((0, 3)), "innovations": np.ones(0)}, ValueError, "phi of shape"),
        ({"phi": np.full((4, 3), np.nan)}, ValueError, "finite phi"),
        ({"innovations": np.ones(3)}, ValueError, "a variance for each frame"),
        ({"innovations": np.array([1.0, 0.0, 1.0, 1.0])}, ValueError, "above 0"),
    ],
)
def test_what_cannot_be_smoothed(rng, change, error, said):
    phi, innovations, y = moving_process(rng)
    good = {"noisy": y, "phi": phi, "innovations": innovations, "noise": 1.0, "hop_length": 15}
    with pytest.raises(error, match=said):
        smooth(**(good | change))


def test_the_model_of_a_frame_is_found_again(rng):
    true = AR(phi=np.array([1.2, -0.7]), variance=0.25)
    x = true.sample(40_000, rng=rng)[0]
    phi, innovations = frame_models(x, 2, window_length=4000, hop_length=2000)
    assert_allclose(phi[1:-1].mean(axis=0), true.phi, atol=0.02)
    assert innovations[1:-1].mean() == pytest.approx(0.25, rel=0.05)


# ---------------------------------------------------------------- the gains


def test_the_quietest_frames_are_the_noise():
    power = np.ones((20, 3))
    power[2:] = 50
    power[0] = 3
    assert_allclose(quietest(power), 2)


@pytest.mark.parametrize(
    "bad", [np.ones(3), np.ones((0, 3)), -np.ones((2, 3)), np.full((2, 3), np.nan)]
)
def test_what_is_no_power(bad):
    with pytest.raises(ValueError, match="finite powers"):
        quietest(bad)


def test_gains_at_their_ends():
    power = np.array([[1e6, 1.0, 0.0]] * 30)
    gains = wiener_gains(power, np.ones(3))
    assert_allclose(gains[-1], [1, FLOOR, FLOOR], atol=1e-3)
    with pytest.raises(ValueError, match="noise above 0 for each of 3"):
        wiener_gains(power, np.array([1.0, 0.0, 1.0]))
    with pytest.raises(ValueError, match="each of 3"):
        wiener_gains(power, np.ones(2))


def test_a_steady_ratio_settles_where_the_equation_says():
    """Of y with |Y|^2 / N = 9 at all times, xi solves xi = a (xi / (1 + xi))^2 9 + (1 - a) 8."""
    gain = wiener_gains(np.full((4000, 1), 9.0), np.ones(1))[-1, 0]
    xi = gain / (1 - gain)
    assert xi == pytest.approx(0.98 * gain**2 * 9 + 0.02 * 8, rel=1e-6)


# ---------------------------------------------------------------- voices


@pytest.mark.parametrize("way", [wiener, kalman])
@pytest.mark.parametrize(("decibels", "least"), [(0, 8), (10, 5), (20, 2)])
def test_real_voices_come_out_of_the_noise(way, decibels, least):
    clip = corpora.load("speech/en/tt-weasels", sample_rate=RATE)
    worse, _ = noisy(clip, decibels)
    better = way(worse)
    assert len(better) == len(clip)
    assert better.samples.dtype == np.float32
    assert si_sdr(clip, better) > si_sdr(clip, worse) + least


@pytest.mark.parametrize("way", [wiener, kalman])
def test_digital_silence_is_no_noise(way):
    """Where a tenth of the recording is zeros there is nothing to take away."""
    clip = corpora.load("speech/en/tt-weasels", sample_rate=RATE)
    padded = clip.with_samples(np.pad(clip.samples, RATE))
    assert si_sdr(padded, way(padded)) > 40


@pytest.mark.parametrize("way", [wiener, kalman])
def test_what_cannot_be_cleaned(way):
    with pytest.raises(ValueError, match="not silent"):
        way(Clip(np.zeros(1000, np.float32), RATE))
    with pytest.raises(TypeError, match="Clip"):
        way(np.ones(1000))
    short = way(Clip(np.float32([0.1, -0.1, 0.2]), RATE))
    assert len(short) == 3
    assert np.isfinite(short.samples).all()


@pytest.mark.parametrize("settings", [{"order": 0}, {"order": 512}, {"rounds": 0}])
def test_settings_of_the_kalman_filter(settings):
    clip = Clip(np.float32(np.random.default_rng(0).standard_normal(2000) * 0.1), RATE)
    with pytest.raises(ValueError, match="need"):
        kalman(clip, **settings)
