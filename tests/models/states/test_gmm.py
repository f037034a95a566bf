"""Mixtures of Gaussians: scikit-learn's numbers, EM that never falls, and data that say little."""

import tracemalloc
from itertools import islice, pairwise

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.mixture import GaussianMixture as Peer

from course_lib.core import Sampler
from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import (
    GaussianMixture,
    expectation_maximisation,
    last_step,
    mixture_start,
    spread_centres,
)

KINDS = ("full", "tied", "diagonal", "spherical")
CENTRES = np.array([[0.0, 0.0], [3.0, 1.0], [-4.0, 2.0]])


def clouds(rng, each=100):
    return np.concatenate([rng.standard_normal((each, 2)) * s + c for c, s in zip(
        CENTRES, (0.5, 1.0, 0.7), strict=True)])  # fmt: skip


def peer(model):
    """Return scikit-learn's mixture with the same parameters."""
    kind = {"diagonal": "diag"}.get(model.gaussians.covariance, model.gaussians.covariance)
    other = Peer(len(model.weights), covariance_type=kind, reg_covar=0)
    other.weights_, other.means_ = model.weights, model.gaussians.means
    other.covariances_ = model.gaussians.covariances
    if kind in ("full", "tied"):
        roots = [np.linalg.inv(np.linalg.cholesky(c)).T for c in model.gaussians.matrices()]
        other.precisions_cholesky_ = np.array(roots) if kind == "full" else roots[0]
    else:
        other.precisions_cholesky_ = 1 / np.sqrt(model.gaussians.covariances)
    return other


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_scikit_learns(kind, rng):
    x = clouds(rng)
    start = mixture_start(x, 3, covariance=kind, rng=rng)
    first, second = islice(expectation_maximisation(start, x), 2)
    other = peer(first.model)
    assert first.nats == pytest.approx(other.score_samples(x).sum(), abs=1e-8)
    np.testing.assert_allclose(first.model.log_densities(x), other.score_samples(x), atol=1e-8)
    np.testing.assert_allclose(first.model.responsibilities(x), other.predict_proba(x), atol=1e-10)
    assert first.model.bic(x) == pytest.approx(other.bic(x), abs=1e-7)
    _, shares = other._e_step(x)
    other._m_step(x, shares)
    np.testing.assert_allclose(second.model.weights, other.weights_, atol=1e-10)
    np.testing.assert_allclose(second.model.gaussians.means, other.means_, atol=1e-10)
    np.testing.assert_allclose(second.model.gaussians.covariances, other.covariances_, atol=1e-10)


@given(
    st.integers(0, 10_000),
    st.sampled_from(KINDS),
    st.integers(1, 5),
    st.sampled_from([1e-6, 0.1, 3.0]),
)
def test_em_never_falls(seed, kind, components, floor):
    """Also with a floor that binds, duplicates and components that nobody wants."""
    rng = np.random.default_rng(seed)
    x = np.round(rng.standard_normal((12, 2)) * rng.uniform(0.1, 5), 1)
    x[: rng.integers(0, 12)] = x[0]
    start = mixture_start(x, components, covariance=kind, floor=floor, rng=rng)
    path = list(islice(expectation_maximisation(start, x, floor=floor), 12))
    for before, after in pairwise(path):
        assert after.nats >= before.nats - 1e-9 * (1 + abs(before.nats))
        assert np.isfinite(after.model.gaussians.covariances).all()


def test_known_clouds_are_found(rng):
    model = GaussianMixture.fit(clouds(rng, 2000), 3, covariance="spherical", rng=rng)
    order = [np.argmin(((model.gaussians.means - c) ** 2).sum(axis=1)) for c in CENTRES]
    np.testing.assert_allclose(model.gaussians.means[order], CENTRES, atol=0.1)
    np.testing.assert_allclose(model.weights, 1 / 3, atol=0.02)
    np.testing.assert_allclose(model.gaussians.covariances[order], [0.25, 1, 0.49], atol=0.05)
    np.testing.assert_allclose(model.mean(), CENTRES.mean(axis=0), atol=0.1)


def test_bic_finds_the_number_of_clouds(rng):
    x = clouds(rng, 300)
    scores = [GaussianMixture.fit(x, k, covariance="full", rng=rng).bic(x) for k in (1, 2, 3, 4, 5)]
    assert int(np.argmin(scores)) == 2
    free = {kind: mixture_start(x, 3, covariance=kind, rng=rng).free_parameters for kind in KINDS}
    assert free == {"full": 17, "tied": 11, "diagonal": 14, "spherical": 11}


def test_the_density_sums_to_one():
    model = GaussianMixture([0.3, 0.7], Gaussians([[-1.0], [2.0]], [0.2, 1.5], "spherical"))
    total, _ = scipy.integrate.quad(lambda v: np.exp(model.log_densities([[v]])[0]), -9, 12)
    assert total == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_conditional_is_joint_over_marginal(kind, rng):
    model = GaussianMixture.fit(clouds(rng), 3, covariance=kind, rng=rng)
    given_a = model.conditional([1.3])
    b = np.linspace(-4, 4, 9)
    joint = model.log_densities(np.column_stack([np.full(9, 1.3), b]))
    marginal, _ = scipy.integrate.quad(
        lambda v: np.exp(model.log_densities([[1.3, v]])[0]), -20, 20, points=(0, 1, 2)
    )
    np.testing.assert_allclose(
        given_a.log_densities(b[:, None]), joint - np.log(marginal), atol=1e-6
    )


def test_samples_are_draws_of_the_density(rng):
    model = GaussianMixture.fit(clouds(rng), 3, covariance="full", rng=rng)
    x = model.sample(4000, rng=rng)[0]
    grid = np.linspace(-6, 6, 2000)
    first = GaussianMixture(
        model.weights,
        Gaussians(model.gaussians.means[:, :1], model.gaussians.matrices()[:, :1, 0]),
    )
    density = np.exp(first.log_densities(grid[:, None]))
    cumulative = np.cumsum(density) * (grid[1] - grid[0])
    found = scipy.stats.kstest(x[:, 0], lambda v: np.interp(v, grid, cumulative))
    assert found.pvalue > 0.001
    assert isinstance(model, Sampler)


def test_samples_do_not_depend_on_the_count(rng):
    model = GaussianMixture.fit(clouds(rng), 2, rng=rng)
    one = model.sample(5, rng=np.random.default_rng(1))
    three = model.sample(5, count=3, rng=np.random.default_rng(1))
    assert three.shape == (3, 5, 2)
    np.testing.assert_array_equal(one[0], three[0])


def test_a_component_of_weight_zero_stays_so(rng):
    x = clouds(rng)
    start = GaussianMixture([0.0, 1.0], Gaussians([[0.0, 0.0], [1.0, 1.0]], np.ones((2, 2))))
    *_, last = islice(expectation_maximisation(start, x), 4)
    assert last.model.weights[0] == 0
    np.testing.assert_array_equal(last.model.gaussians.means[0], [0, 0])
    assert np.isfinite(last.nats)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_and_duplicates_give_a_finite_model(kind, rng):
    silent = np.zeros((30, 4))
    model = GaussianMixture.fit(silent, 4, covariance=kind, rng=rng)
    assert np.isfinite(model.log_likelihood(silent).nats)
    two = np.repeat([[0.0, 0.0], [1.0, 1.0]], 10, axis=0)
    model = GaussianMixture.fit(two, 5, covariance=kind, rng=rng)
    assert np.isfinite(model.gaussians.covariances).all()
    np.testing.assert_allclose(model.responsibilities(two).sum(axis=1), 1)


def test_centres_lie_apart(rng):
    x = np.repeat(CENTRES, [1000, 1, 1], axis=0)
    found = {tuple(centre) for centre in spread_centres(x, 3, rng=rng)}
    assert found == {tuple(centre) for centre in CENTRES}


def test_it_stops_where_little_is_won(rng):
    x = clouds(rng)
    start = mixture_start(x, 3, rng=rng)
    path = list(islice(expectation_maximisation(start, x), 20))
    model = last_step(expectation_maximisation(start, x), tolerance=0, steps=4)
    np.testing.assert_array_equal(model.weights, path[4].model.weights)
    large = path[1].nats - path[0].nats + 1
    model = last_step(expectation_maximisation(start, x), tolerance=large, steps=4)
    np.testing.assert_array_equal(model.weights, path[1].model.weights)


def test_bad_settings_are_named(rng):
    x = clouds(rng)
    with pytest.raises(ValueError, match="at least as many frames as components, 5, got 3"):
        GaussianMixture.fit(x[:3], 5, rng=rng)
    with pytest.raises(ValueError, match="need a covariance out of"):
        GaussianMixture.fit(x, 2, covariance="oval", rng=rng)
    with pytest.raises(ValueError, match="need floor strictly"):
        GaussianMixture.fit(x, 2, floor=0, rng=rng)
    with pytest.raises(ValueError, match="need frames of shape"):
        GaussianMixture.fit(np.zeros((0, 2)), 1, rng=rng)
    with pytest.raises(TypeError, match="Generator"):
        GaussianMixture.fit(x, 2, rng=3)
    model = GaussianMixture.fit(x, 2, rng=rng)
    with pytest.raises(ValueError, match="need frames of 2 values"):
        model.log_likelihood(np.zeros((3, 3)))
    with pytest.raises(ValueError, match="its logarithm is minus infinity"):
        GaussianMixture([1.0], Gaussians([[0.0]], [[1e-20]])).log_likelihood([[1e149]])
    with pytest.raises(ValueError, match="need fewer than 2 known values"):
        model.conditional([1.0, 2.0])
    with pytest.raises(ValueError, match=r"sum to one, got a least of 0\.5 and a sum of 1\.5"):
        GaussianMixture([0.5, 1.0], model.gaussians)
    with pytest.raises(ValueError, match=r"need weights of shape \(2,\)"):
        GaussianMixture([1.0], model.gaussians)


def test_a_diagonal_mixture_of_many_values_makes_no_matrices():
    x = np.random.default_rng(1).standard_normal((8, 2000))
    tracemalloc.start()
    mixture_start(x, 4, rng=np.random.default_rng(1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * x.shape[1] ** 2  # bytes of one matrix
