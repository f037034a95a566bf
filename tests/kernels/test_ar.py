"""The compiled loops alone; tests/models/linear/test_ar.py compares them with their twins."""

import librosa
import numpy as np
import pytest
import scipy.linalg
import scipy.signal

from course_lib.kernels import ar as kernels

LENGTHS = [2, 3, 17, 18, 19, 24, 400, 1023, 1024, 1025, 1047, 5000]


def speechlike(rng, *shape):
    return scipy.signal.lfilter([1.0], [1.0, -1.6, 0.9], rng.standard_normal(shape))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("order", [0, 1, 3, 4, 16])
def test_autocorrelation_is_the_definition(rng, length, order):
    x = speechlike(rng, length)
    full = np.correlate(x, x, mode="full")[length - 1 :] / length
    expected = np.concatenate([full, np.zeros(order + 1)])[: order + 1]
    np.testing.assert_allclose(kernels.autocorrelation(x, order), expected, atol=1e-12 * full[0])


@pytest.mark.parametrize("length", [18, 400, 1024, 1040, 1041, 1042, 5000])
def test_burg_is_librosas(rng, length):
    x = speechlike(rng, length)
    phi, _, _ = kernels.burg(x, 16)
    np.testing.assert_allclose(phi, -librosa.lpc(x, order=16)[1:], atol=1e-9)


def test_levinson_solves_the_toeplitz_system(rng):
    r = kernels.autocorrelation(speechlike(rng, 500), 12)
    phi, reflection, variances = kernels.levinson(r)
    np.testing.assert_allclose(phi, scipy.linalg.solve_toeplitz(r[:-1], r[1:]), atol=1e-11)
    np.testing.assert_allclose(variances[-1], r[0] - phi @ r[1:], rtol=1e-10)
    assert reflection[-1] == phi[-1]


@pytest.mark.parametrize("count", [0, 1, 5, 300])
def test_frames_are_signals_of_their_own(rng, count):
    frames = speechlike(rng, count, 100)
    frames[3:4] = 0.0  # silence, and a tone that reaches the floor, among the others
    frames[4:5] = np.sin(0.3 * np.arange(100))
    r = kernels.autocorrelation_frames(frames, 10)
    solved, burg = kernels.levinson_frames(r), kernels.burg_frames(frames, 10)
    assert solved[0].shape == solved[1].shape == burg[0].shape == (count, 10)
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(r[index], kernels.autocorrelation(frame, 10))
        for batched, single in zip(solved, kernels.levinson(r[index]), strict=True):
            np.testing.assert_allclose(batched[index], single, rtol=1e-9, atol=1e-12)
        for batched, single in zip(burg, kernels.burg(frame, 10), strict=True):
            np.testing.assert_array_equal(batched[index], single)


def test_burg_leaves_its_input_alone(rng):
    x = speechlike(rng, 100)
    before = x.copy()
    kernels.burg(x, 4)
    kernels.burg_frames(x[None], 4)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("length", [1, 2, 5, 300])
@pytest.mark.parametrize("order", [0, 1, 8])
def test_filters_are_scipys(rng, length, order):
    x = rng.standard_normal(length)
    phi = 0.5 * rng.standard_normal(order) / max(order, 1)
    polynomial = np.concatenate([[1.0], -phi])
    residual = kernels.prediction_residual(x, phi)
    np.testing.assert_allclose(residual, scipy.signal.lfilter(polynomial, [1.0], x), atol=1e-12)
    back = kernels.all_pole_filter(residual, phi)
    np.testing.assert_allclose(back, x, atol=1e-12)


def test_silence_has_nothing_to_predict():
    for phi, reflection, variances in (
        kernels.burg(np.zeros(50), 4),
        kernels.levinson(np.zeros(5)),
    ):
        assert not phi.any()
        assert not reflection.any()
        assert not variances.any()
