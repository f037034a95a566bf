import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip
from course_lib.features.mdct import imdct, mdct


def written_out(x, bands):
    """The sum of the definition, term by term."""
    frames = len(x) // bands
    found = np.zeros((frames, bands))
    for m in range(frames):
        for n in range(2 * bands):
            at = n + m * bands - bands // 2
            if not 0 <= at < len(x):
                continue
            edge = (m == 0 and n < bands) or (m == frames - 1 and n >= bands)
            window = 1.0 if edge else np.sin(np.pi * (n + 0.5) / (2 * bands))
            for k in range(bands):
                angle = np.pi / bands * (n + 0.5 + bands / 2) * (k + 0.5)
                found[m, k] += np.sqrt(2 / bands) * window * x[at] * np.cos(angle)
    return found


@pytest.mark.parametrize(("bands", "frames"), [(2, 1), (2, 3), (4, 1), (6, 2), (8, 5)])
def test_it_is_the_sum_of_its_definition(bands, frames):
    x = np.random.default_rng(0).standard_normal(bands * frames)
    assert mdct(x, bands=bands) == pytest.approx(written_out(x, bands), abs=1e-12)


@given(st.integers(1, 8), st.integers(1, 9), st.integers(0, 10**6))
def test_nothing_is_lost_and_energy_is_kept(half, frames, seed):
    x = np.random.default_rng(seed).standard_normal(2 * half * frames)
    coefficients = mdct(x, bands=2 * half)
    assert coefficients.shape == (frames, 2 * half)
    assert np.sum(coefficients**2) == pytest.approx(np.sum(x**2))
    assert imdct(coefficients) == pytest.approx(x, abs=1e-12)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10**6))
def test_every_table_of_numbers_is_the_transform_of_a_sound(half, frames, seed):
    coefficients = np.random.default_rng(seed).standard_normal((frames, 2 * half))
    assert mdct(imdct(coefficients), bands=2 * half) == pytest.approx(coefficients, abs=1e-12)


def test_a_tone_lies_in_its_band():
    rate, bands, k = 16_000, 128, 20
    frequency = (k + 0.5) * rate / (2 * bands)
    tone = np.sin(2 * np.pi * frequency * np.arange(16_384) / rate)
    energy = np.sum(mdct(Clip(tone.astype(np.float32), rate), bands=bands) ** 2, axis=0)
    assert np.argmax(energy) == k
    assert energy[k - 2 : k + 3].sum() > 0.97 * energy.sum()


@pytest.mark.parametrize(
    ("x", "bands", "error", "said"),
    [
        (np.ones(10), 4, ValueError, "a multiple of 4 samples, got 10; pad the sound with 2 zeros"),
        (np.ones(9), 3, ValueError, "an even number of bands, got 3"),
        (np.ones(8), 0, ValueError, "bands of at least 2, got 0"),
        (np.ones(8), 2.0, TypeError, "a whole number for bands"),
        (np.ones(8, int), 4, TypeError, "floating-point"),
        (np.ones((8, 2)), 4, ValueError, "mono"),
        (np.array([1.0, np.nan]), 2, ValueError, "finite"),
        (np.zeros(0), 2, ValueError, "at least 1 sample"),
    ],
)
def test_bad_sounds(x, bands, error, said):
    with pytest.raises(error, match=said):
        mdct(x, bands=bands)


@pytest.mark.parametrize(
    ("coefficients", "said"),
    [
        (np.ones(8), r"shape \(frames, bands\), got shape \(8,\)"),
        (np.ones((0, 4)), r"got shape \(0, 4\)"),
        (np.ones((2, 3)), "an even number of bands, got 3"),
        (np.array([[1.0, np.inf]]), "finite coefficients"),
    ],
)
def test_bad_coefficients(coefficients, said):
    with pytest.raises(ValueError, match=said):
        imdct(coefficients)


def test_bands_that_came_as_numpys_integers(rng):
    x = rng.standard_normal(400)
    np.testing.assert_array_equal(mdct(x, bands=np.uint8(200)), mdct(x, bands=200))


def test_imaginary_parts_and_masks_are_not_dropped():
    for wrong in (np.ones((2, 4), complex), np.ma.array(np.ones((2, 4)), mask=True)):
        with pytest.raises(TypeError, match="coefficients"):
            imdct(wrong)
