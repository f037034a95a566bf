"""Phase retrieval: what the search guarantees, and that its fast version is faster."""

import numpy as np
import pytest

from course_lib.audio import pulse_train
from course_lib.features import griffin_lim, hann, inconsistency, istft, stft

SETTINGS = {"hop_length": 32}


@pytest.fixture
def magnitude():
    buzz = pulse_train(120, 0.25, 8000)
    return np.abs(stft(buzz, window_length=128, **SETTINGS))


def search(magnitude, iterations, seed=1, **settings):
    rng = np.random.default_rng(seed)
    return griffin_lim(magnitude, iterations=iterations, rng=rng, **SETTINGS, **settings)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_plain_search_never_gets_worse(magnitude, seed):
    errors = [
        inconsistency(magnitude, search(magnitude, n, seed, momentum=0), **SETTINGS)
        for n in range(15)
    ]
    assert (np.diff(errors) <= 1e-12).all()
    assert errors[-1] < 0.7 * errors[0]


def test_momentum_gets_further(magnitude):
    plain, fast = (
        inconsistency(magnitude, search(magnitude, 60, momentum=momentum), **SETTINGS)
        for momentum in (0, 0.99)
    )
    assert fast < 0.8 * plain


def test_one_step_is_the_papers(magnitude):
    """c_2 = t_2 + a (t_2 - t_1), written out."""

    def onto_magnitudes(c):
        return magnitude * c / np.abs(c)

    def onto_signals(c):
        x = istft(onto_magnitudes(c), **SETTINGS)
        return stft(x, window_length=128, **SETTINGS)

    start = np.exp(1j * np.random.default_rng(1).uniform(-np.pi, np.pi, magnitude.shape))
    first = onto_signals(start)
    second = onto_signals(first)
    last = second + 0.5 * (second - first)
    expected = istft(onto_magnitudes(last), **SETTINGS)
    np.testing.assert_allclose(search(magnitude, 2, momentum=0.5), expected, atol=1e-10)


def test_the_true_signal_is_consistent():
    x = pulse_train(120, 0.25, 8000)
    magnitude = np.abs(stft(x, window_length=128, **SETTINGS))
    assert inconsistency(magnitude, x, **SETTINGS) < 1e-12
    assert inconsistency(magnitude, 1.1 * x.samples, **SETTINGS) == pytest.approx(0.1, rel=1e-5)


def test_inconsistency_is_its_definition(rng):
    x, target = rng.standard_normal(20), rng.random((6, 5))
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, 4), 8)[::4] * hann(8)
    circle = np.concatenate([target, target[:, 3:0:-1]], axis=1)
    error = np.abs(np.fft.fft(frames)) - circle
    expected = np.sqrt(np.sum(error**2) / np.sum(circle**2))
    assert inconsistency(target, x, hop_length=4) == pytest.approx(expected)


def test_the_seed_decides(magnitude):
    np.testing.assert_array_equal(search(magnitude, 3), search(magnitude, 3))
    assert not np.allclose(search(magnitude, 3), search(magnitude, 3, seed=2))


def test_the_length_is_the_callers(magnitude):
    assert len(search(magnitude, 1)) == (len(magnitude) - 1) * 32
    assert len(search(magnitude, 1, length=(len(magnitude) - 1) * 32 + 5)) % 32 == 5


def test_silence_stays_silent():
    assert not search(np.zeros((5, 65)), 3).any()
    with pytest.raises(ValueError, match="all zero"):
        inconsistency(np.zeros((5, 65)), np.zeros(128), **SETTINGS)


@pytest.mark.parametrize(
    ("magnitude", "error", "says"),
    [
        (-np.ones((5, 65)), ValueError, "0 or more, got -1"),
        (np.ones((5, 65), complex), TypeError, "floating"),
        (np.ones((5, 65), int), TypeError, "floating"),
        (np.full((5, 65), np.nan), ValueError, "finite"),
        (np.ones(65), ValueError, "frames, bins"),
    ],
)
def test_magnitudes_that_will_not_do(magnitude, error, says):
    with pytest.raises(error, match=says):
        search(magnitude, 1)
    with pytest.raises(error, match=says):
        inconsistency(magnitude, np.ones(128), **SETTINGS)


def test_settings_that_will_not_do(magnitude):
    for settings, says in (
        ({"iterations": -1}, "iterations"),
        ({"iterations": 1, "momentum": -0.1}, "momentum"),
        ({"iterations": 1, "momentum": 2}, "momentum"),
        ({"iterations": 1, "length": 1}, "length"),
    ):
        with pytest.raises(ValueError, match=says):
            search(magnitude, **settings)
    with pytest.raises(ValueError, match="at most half"):
        griffin_lim(magnitude, hop_length=65, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="numpy Generator"):
        griffin_lim(magnitude, hop_length=32, rng=None)
    with pytest.raises(ValueError, match="shape"):
        inconsistency(magnitude, np.ones(99), **SETTINGS)
