"""Hidden Markov models: hmmlearn's numbers, Baum-Welch that never falls, and thin data."""

from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.models.states.emissions import (
    CategoricalEmissions,
    GaussianEmissions,
    MixtureEmissions,
)
from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import GaussianMixture
from course_lib.models.states.hmm import (
    HMM,
    baum_welch,
    left_right_transitions,
    start_model,
    stays,
)


def weather(rng, states=3, kind="diagonal", dims=2):
    """Return a Gaussian model with random parameters."""
    root = rng.standard_normal((states, dims, dims))
    full = root @ np.swapaxes(root, 1, 2) + 0.2 * np.eye(dims)
    covariances = {
        "full": full,
        "tied": full[0],
        "diagonal": rng.uniform(0.3, 2, (states, dims)),
        "spherical": rng.uniform(0.3, 2, states),
    }[kind]
    emissions = Gaussians(3 * rng.standard_normal((states, dims)), covariances, kind)
    return HMM(
        rng.dirichlet(np.ones(states)),
        rng.dirichlet(np.ones(states), states),
        GaussianEmissions(emissions),
    )


def peers():
    return pytest.importorskip("hmmlearn.hmm", reason="hmmlearn is not installed")


@pytest.mark.parametrize("kind", ["full", "tied", "diagonal", "spherical"])
@pytest.mark.parametrize("implementation", ["log", "scaling"])
@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # theirs, numpy 2.5
def test_numbers_are_hmmlearns(kind, implementation, rng):
    model = weather(rng, kind=kind)
    sequences = [model.sample(n, rng=rng)[0] for n in (40, 7, 90)]
    x, lengths = np.concatenate(sequences), [40, 7, 90]
    peer = peers().GaussianHMM(
        3, covariance_type={"diagonal": "diag"}.get(kind, kind), implementation=implementation,
        init_params="", n_iter=1, min_covar=0, covars_prior=0, covars_weight=0,
    )  # fmt: skip
    gaussians = model.emissions.gaussians
    peer.startprob_, peer.transmat_, peer.means_ = model.start, model.transitions, gaussians.means
    peer.n_features = 2
    peer.covars_ = gaussians.covariances
    nats, gamma = peer.score_samples(x, lengths)
    first, second = islice(baum_welch(model, sequences), 2)
    assert first.nats == pytest.approx(nats, abs=1e-8)
    ours = np.concatenate([model.posterior(s).states for s in sequences])
    np.testing.assert_allclose(ours, gamma, atol=1e-8)
    score, path = peer.decode(sequences[0])
    found = model.viterbi(sequences[0])
    np.testing.assert_array_equal(found.states, path)
    assert found.nats == pytest.approx(score, abs=1e-8)
    peer.fit(x, lengths)  # one step
    np.testing.assert_allclose(second.model.start, peer.startprob_, atol=1e-8)
    np.testing.assert_allclose(second.model.transitions, peer.transmat_, atol=1e-8)
    np.testing.assert_allclose(second.model.emissions.gaussians.means, peer.means_, atol=1e-8)
    if kind != "full":  # hmmlearn counts a prior into full covariances
        theirs = peer._covars_
        theirs = theirs[:, 0] if kind == "spherical" and theirs.ndim == 2 else theirs
        np.testing.assert_allclose(second.model.emissions.gaussians.covariances, theirs, atol=1e-8)


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")  # theirs, numpy 2.5
def test_symbols_are_hmmlearns(rng):
    emissions = rng.dirichlet(np.ones(4), 3)
    model = HMM(rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 3),
                CategoricalEmissions(emissions))  # fmt: skip
    x = model.sample(60, rng=rng)[0]
    peer = peers().CategoricalHMM(3, init_params="", n_iter=1)
    peer.startprob_, peer.transmat_ = model.start, model.transitions
    peer.emissionprob_, peer.n_features = emissions, 4
    assert model.log_likelihood(x).nats == pytest.approx(peer.score(x[:, None]), abs=1e-8)
    _, second = islice(baum_welch(model, [x]), 2)
    peer.fit(x[:, None])
    np.testing.assert_allclose(second.model.emissions.probabilities, peer.emissionprob_, atol=1e-8)
    np.testing.assert_allclose(second.model.transitions, peer.transmat_, atol=1e-8)


def test_mixtures_are_hmmlearns(rng):
    gaussians = Gaussians(rng.standard_normal((6, 2)), rng.uniform(0.3, 2, (6, 2)))
    weights = rng.dirichlet(np.ones(2), 3)
    model = HMM(rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3), 3),
                MixtureEmissions(weights, gaussians))  # fmt: skip
    x = model.sample(50, rng=rng)[0]
    peer = peers().GMMHMM(3, 2, covariance_type="diag", init_params="")
    peer.startprob_, peer.transmat_, peer.weights_ = model.start, model.transitions, weights
    peer.means_ = gaussians.means.reshape(3, 2, 2)
    peer.covars_ = gaussians.covariances.reshape(3, 2, 2)
    peer.n_features = 2
    assert model.log_likelihood(x).nats == pytest.approx(peer.score(x), abs=1e-8)


@given(
    st.integers(0, 10_000),
    st.sampled_from(["full", "tied", "diagonal", "spherical"]),
    st.integers(1, 4),
    st.integers(1, 2),
    st.booleans(),
)
def test_baum_welch_never_falls(seed, kind, states, components, left_right):
    rng = np.random.default_rng(seed)
    sequences = [np.round(rng.standard_normal((n, 2)), 1) for n in (4, 9, 6)]
    sequences[1][: rng.integers(0, 9)] = sequences[1][0]
    start = start_model(
        sequences, states, left_right=left_right, components=components, covariance=kind,
        floor=0.01, rng=rng,
    )  # fmt: skip
    path = list(islice(baum_welch(start, sequences, floor=0.01), 8))
    for before, after in pairwise(path):
        assert after.nats >= before.nats - 1e-9 * (1 + abs(before.nats))
    if left_right:
        last = path[-1].model
        np.testing.assert_array_equal(last.start, np.eye(states)[0])
        assert not np.tril(last.transitions, -1).any()
        assert not np.triu(last.transitions, 2).any()


@given(st.integers(0, 10_000))
def test_baum_welch_of_symbols_never_falls(seed):
    rng = np.random.default_rng(seed)
    model = HMM(rng.dirichlet(np.ones(2)), rng.dirichlet(np.ones(2), 2),
                CategoricalEmissions(rng.dirichlet(np.ones(3), 2)))  # fmt: skip
    path = list(islice(baum_welch(model, [rng.integers(0, 3, 20), [1]]), 10))
    assert all(b.nats >= a.nats - 1e-9 for a, b in pairwise(path))


def test_known_parameters_are_found(rng):
    truth = HMM(
        [1.0, 0.0],
        [[0.95, 0.05], [0.1, 0.9]],
        GaussianEmissions(Gaussians([[-1.0], [2.0]], [[0.5], [1.0]])),
    )
    x = list(truth.sample(2000, count=3, rng=rng))
    model = HMM.fit(x, 2, rng=rng, tolerance=1e-6, steps=100)
    order = np.argsort(model.emissions.gaussians.means[:, 0])
    np.testing.assert_allclose(
        model.transitions[np.ix_(order, order)], truth.transitions, atol=0.02
    )
    np.testing.assert_allclose(
        model.emissions.gaussians.means[order], truth.emissions.gaussians.means, atol=0.1
    )


def test_with_one_state_it_is_a_gaussian(rng):
    x = rng.standard_normal((50, 3))
    model = HMM.fit([x], 1, rng=rng)
    mixture = GaussianMixture.fit(x, 1, rng=rng)
    assert model.log_likelihood(x).nats == pytest.approx(mixture.log_likelihood(x).nats)
    assert model.expected_stays == [np.inf]


def test_equal_rows_make_it_a_mixture(rng):
    """Where the next state does not depend on this one, frames are independent."""
    weights = np.array([0.2, 0.5, 0.3])
    gaussians = Gaussians(rng.standard_normal((3, 2)), np.ones((3, 2)))
    x = rng.standard_normal((30, 2))
    model = HMM(weights, np.tile(weights, (3, 1)), GaussianEmissions(gaussians))
    mixture = GaussianMixture(weights, gaussians)
    assert model.log_likelihood(x).nats == pytest.approx(mixture.log_likelihood(x).nats)
    np.testing.assert_allclose(model.posterior(x).states, mixture.responsibilities(x))


def test_stays_are_geometric(rng):
    model = HMM([1.0, 0.0], [[0.9, 0.1], [0.5, 0.5]], CategoricalEmissions(np.eye(2)))
    np.testing.assert_allclose(model.expected_stays, [10, 2])
    runs = stays(model.sample_states(60_000, rng=rng)[0])
    lengths = np.array([run.frames for run in runs if run.state == 0])
    assert lengths.mean() == pytest.approx(10, rel=0.05)
    assert (lengths == 1).mean() == pytest.approx(0.1, abs=0.01)
    assert stays([3, 3, 1]) == [(3, 2), (1, 1)]
    assert sum(run.frames for run in runs) == 60_000


def test_samples_do_not_depend_on_the_count(rng):
    model = weather(rng)
    one = model.sample(5, rng=np.random.default_rng(1))
    three = model.sample(5, count=3, rng=np.random.default_rng(1))
    assert three.shape == (3, 5, 2)
    np.testing.assert_array_equal(one[0], three[0])
    paths = model.sample_states(200, count=50, rng=rng)
    first = np.bincount(paths[:, 0], minlength=3) / 50
    np.testing.assert_allclose(first, model.start, atol=0.25)


def test_a_left_right_model_ends_in_its_last_state(rng):
    start, transitions = left_right_transitions(4, 0.5)
    model = HMM(start, transitions, GaussianEmissions(Gaussians(np.eye(4), np.ones((4, 4)))))
    path = model.sample_states(200, rng=rng)[0]
    assert path[0] == 0
    assert path[-1] == 3
    assert set(np.diff(path)) <= {0, 1}


def test_a_state_never_visited_stays(rng):
    gaussians = Gaussians([[0.0], [1.0], [50.0]], np.ones((3, 1)))
    transitions = [[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.3, 0.3, 0.4]]
    model = HMM([0.5, 0.5, 0.0], transitions, GaussianEmissions(gaussians))
    *_, last = islice(baum_welch(model, [rng.standard_normal((40, 1))]), 5)
    assert last.model.emissions.gaussians.means[2, 0] == 50
    np.testing.assert_allclose(last.model.transitions[2], [0.3, 0.3, 0.4])
    assert np.isfinite(last.nats)


@pytest.mark.parametrize("left_right", [False, True])
@pytest.mark.parametrize("components", [1, 2])
def test_silence_gives_a_finite_model(left_right, components, rng):
    silent = [np.zeros((12, 3)), np.zeros((9, 3))]
    model = HMM.fit(silent, 3, left_right=left_right, components=components, rng=rng)
    assert np.isfinite(model.log_likelihood(silent[0]).nats)
    assert np.isfinite(model.transitions).all()


def test_one_frame_has_no_moves(rng):
    model = weather(rng)
    x = rng.standard_normal((1, 2))
    *_, last = islice(baum_welch(model, [x]), 3)
    np.testing.assert_allclose(last.model.transitions, model.transitions)
    np.testing.assert_array_equal(model.posterior(x).moves, np.zeros((3, 3)))


def test_bad_input_is_named(rng):
    x = rng.standard_normal((5, 2))
    with pytest.raises(TypeError, match=r"got one array; pass \[x\]"):
        HMM.fit(x, 2, rng=rng)
    with pytest.raises(ValueError, match="at least one sequence"):
        HMM.fit([], 2, rng=rng)
    with pytest.raises(ValueError, match=r"need frames of shape .*, got shape \(0, 2\)"):
        HMM.fit([x, np.zeros((0, 2))], 2, rng=rng)
    with pytest.raises(ValueError, match="need at least 6 frames, one a state"):
        HMM.fit([x], 6, left_right=True, rng=rng)
    with pytest.raises(ValueError, match="and 6, one a Gaussian, in all, got 5 and 5"):
        HMM.fit([x], 3, components=2, rng=rng)
    with pytest.raises(ValueError, match="need transitions of 0 or more that sum to one"):
        HMM([1.0], [[0.5]], CategoricalEmissions([[1.0]]))
    with pytest.raises(ValueError, match=r"need start probabilities of shape \(1,\)"):
        HMM([0.5, 0.5], [[1.0]], CategoricalEmissions([[1.0]]))
    stuck = HMM([1.0, 0.0], np.eye(2), CategoricalEmissions(np.eye(2)))
    for question in (stuck.log_likelihood, stuck.posterior, stuck.viterbi):
        with pytest.raises(ValueError, match="data of probability zero"):
            question([0, 1])
    with pytest.raises(ValueError, match="need stay of 0 or more"):
        left_right_transitions(3, 1.0)
    with pytest.raises(ValueError, match="one or more states"):
        stays([])
