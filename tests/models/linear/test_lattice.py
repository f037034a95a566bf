import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from oracles import stable_phi

from course_lib.models.linear.lattice import (
    from_line_spectral_frequencies,
    is_stable,
    lattice_errors,
    lattice_synthesis,
    line_spectral_frequencies,
    step_down,
    step_up,
)
from course_lib.models.linear.linear_prediction import burg

orders = st.integers(0, 16)
reflections = st.lists(st.floats(-0.95, 0.95), max_size=12).map(np.array).map(np.float64)


@given(k=reflections)
def test_reflection_to_predictor_and_back(k):
    phi = step_up(k)
    assert phi.shape == k.shape
    assert is_stable(phi)
    scale = 1 / np.prod(1 - k**2)
    np.testing.assert_allclose(step_down(phi), k, atol=1e-13 * scale)


@given(order=orders, seed=st.integers(0, 100))
def test_predictor_to_reflection_and_back(order, seed):
    phi = stable_phi(np.random.default_rng(seed), order)
    np.testing.assert_allclose(step_up(step_down(phi)), phi, atol=1e-9)


@given(order=st.integers(1, 12), seed=st.integers(0, 100))
def test_stable_is_every_pole_inside_the_circle(order, seed):
    rng = np.random.default_rng(seed)
    phi = stable_phi(rng, order, largest=1.3)
    largest = np.abs(np.roots(np.append(1.0, -phi))).max()
    assert is_stable(phi) == (largest < 1)


def test_on_the_circle_is_not_stable():
    assert not is_stable([1.0])
    assert not is_stable([2 * np.cos(0.3), -1.0])
    assert is_stable(np.zeros(0))
    with pytest.raises(ValueError, match="unit circle"):
        step_down([1.0])


def test_outside_the_circle_reflection_is_still_defined():
    phi = np.array([2.5, -1.4])
    np.testing.assert_allclose(step_up(step_down(phi)), phi)


def test_every_stage_is_the_filter_of_its_order(rng):
    x, k = rng.standard_normal(50), rng.uniform(-0.9, 0.9, 6)
    forward, backward = lattice_errors(x, k)
    for m in range(7):
        a = np.append(1.0, -step_up(k[:m]))
        np.testing.assert_allclose(forward[m], scipy.signal.lfilter(a, [1.0], x), atol=1e-12)
        np.testing.assert_allclose(backward[m], scipy.signal.lfilter(a[::-1], [1.0], x), atol=1e-12)


def test_backward_errors_of_a_fit_are_nearly_orthogonal(rng):
    x = scipy.signal.lfilter([1.0], [1.0, -1.6, 0.9], rng.standard_normal(20_000))
    _, backward = lattice_errors(x, burg(x, 5).reflection)
    correlation = np.corrcoef(backward)
    assert np.abs(correlation - np.eye(6)).max() < 0.02


@given(k=reflections, seed=st.integers(0, 10), length=st.integers(1, 60))
def test_synthesis_undoes_analysis(k, seed, length):
    x = np.random.default_rng(seed).standard_normal(length)
    residual = lattice_errors(x, k)[0][-1]
    scale = 1 / np.prod(1 - k**2)
    np.testing.assert_allclose(lattice_synthesis(residual, k), x, atol=1e-12 * scale)


@given(order=orders, seed=st.integers(0, 100))
def test_line_spectra_ascend_take_turns_and_lead_back(order, seed):
    phi = stable_phi(np.random.default_rng(seed), order)
    omega = line_spectral_frequencies(phi)
    assert omega.shape == (order,)
    assert (np.diff(omega, prepend=0.0, append=np.pi) > 0).all()
    np.testing.assert_allclose(from_line_spectral_frequencies(omega), phi, atol=1e-7)
    a = np.concatenate([[1.0], -phi, [0.0]])
    for polynomial, angles in ((a + a[::-1], omega[0::2]), (a - a[::-1], omega[1::2])):
        values = np.polyval(polynomial, np.exp(1j * angles))
        assert np.abs(values).max(initial=0.0) < 1e-6 * np.abs(polynomial).sum()


@given(gaps=st.lists(st.floats(0.05, 1), min_size=2, max_size=13))
def test_ascending_angles_are_a_stable_filter(gaps):
    omega = (np.cumsum(gaps) / np.sum(gaps) * np.pi)[:-1]
    phi = from_line_spectral_frequencies(omega)
    assert is_stable(phi)
    np.testing.assert_allclose(line_spectral_frequencies(phi), omega, atol=1e-6)


def test_known_line_spectra():
    np.testing.assert_allclose(line_spectral_frequencies([0.5]), [np.pi / 3])
    np.testing.assert_allclose(
        line_spectral_frequencies(np.zeros(4)), np.pi * np.arange(1, 5) / 5, atol=1e-12
    )


def test_rounding_line_spectra_keeps_the_filter_stable_where_rounding_phi_does_not(rng):
    broken = 0
    for _ in range(200):
        phi = stable_phi(rng, 10, largest=0.999)
        omega = line_spectral_frequencies(phi)
        step = np.pi / 1024
        rounded = np.round(omega / step) * step
        if (np.diff(rounded, prepend=0.0, append=np.pi) > 1e-9).all():
            assert is_stable(from_line_spectral_frequencies(rounded))
        broken += not is_stable(np.round(phi * 16) / 16)
    assert broken > 20


@pytest.mark.parametrize("function", [step_up, step_down, is_stable, line_spectral_frequencies])
def test_bad_coefficients_are_named(function):
    with pytest.raises(ValueError, match="shape"):
        function(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="floating-point"):
        function(np.array([1, 2]))
    with pytest.raises(ValueError, match="finite"):
        function(np.array([0.1, np.nan]))


def test_bad_lattices_are_named(rng):
    x = rng.standard_normal(10)
    with pytest.raises(ValueError, match=r"every \|k\| < 1"):
        lattice_synthesis(x, [0.5, 1.0])
    with pytest.raises(ValueError, match="at least 1 sample in excitation"):
        lattice_synthesis(np.zeros(0), [0.5])
    with pytest.raises(ValueError, match="mono"):
        lattice_errors(np.zeros((2, 5)), [0.5])


def test_bad_line_spectra_are_named():
    with pytest.raises(ValueError, match="stable predictor"):
        line_spectral_frequencies([1.2])
    for frequencies in ([0.5, 0.5], [0.0, 1.0], [1.0, np.pi], [2.0, 1.0]):
        with pytest.raises(ValueError, match="ascend strictly"):
            from_line_spectral_frequencies(frequencies)
