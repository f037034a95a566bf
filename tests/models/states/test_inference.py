"""The recursions against every way through the states, written out."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.kernels import states as kernels
from course_lib.models.states import inference
from course_lib.models.states.inference import (
    backward_by_hand,
    forward_by_hand,
    log_posterior,
    posterior,
    viterbi_by_hand,
)


def chain(rng, states, *, zeros=False):
    """Return start and transitions, some of them zero where asked for."""
    start, transitions = rng.dirichlet(np.ones(states)), rng.dirichlet(np.ones(states), states)
    if zeros:
        transitions = np.triu(transitions)
        transitions /= transitions.sum(axis=1, keepdims=True)
        start = np.eye(states)[0]
    return start, transitions


def every_path(start, transitions, densities):
    """Return log p(x), the posteriors, the expected moves and the best path, path by path."""
    time, states = densities.shape
    total, gamma, moves = 0.0, np.zeros((time, states)), np.zeros((states, states))
    best, best_path = -1.0, ()
    for path in itertools.product(range(states), repeat=time):
        p = start[path[0]] * densities[0, path[0]]
        for t in range(1, time):
            p *= transitions[path[t - 1], path[t]] * densities[t, path[t]]
        total += p
        for t in range(time):
            gamma[t, path[t]] += p
        for i, j in itertools.pairwise(path):
            moves[i, j] += p
        if p > best:
            best, best_path = p, path
    return np.log(total), gamma / total, moves / total, np.array(best_path), np.log(best)


@given(st.integers(0, 10_000), st.integers(1, 3), st.integers(1, 6), st.booleans())
def test_every_path_agrees(seed, states, time, zeros):
    rng = np.random.default_rng(seed)
    start, transitions = chain(rng, states, zeros=zeros)
    logs = 5 * rng.standard_normal((time, states))
    nats, gamma, moves, path, best = every_path(start, transitions, np.exp(logs))
    for found in (posterior(start, transitions, logs), log_posterior(start, transitions, logs)):
        assert found.nats == pytest.approx(nats, abs=1e-9)
        np.testing.assert_allclose(found.states, gamma, atol=1e-10)
        np.testing.assert_allclose(found.moves, moves, atol=1e-10)
    assert inference.log_likelihood(start, transitions, logs) == pytest.approx(nats, abs=1e-9)
    with np.errstate(divide="ignore"):
        settings = np.log(start), np.log(transitions), logs
    for likeliest, score in (viterbi_by_hand(*settings), kernels.viterbi(*settings)):
        np.testing.assert_array_equal(likeliest, path)
        assert score == pytest.approx(best, abs=1e-9)


def test_kernels_agree_with_their_twins(rng):
    start, transitions = chain(rng, 5)
    logs = 3 * rng.standard_normal((200, 5))
    densities, tops = kernels.exponentials(logs)
    np.testing.assert_allclose(densities, np.exp(logs - logs.max(axis=1, keepdims=True)))
    np.testing.assert_array_equal(tops, logs.max(axis=1))
    ours = kernels.forward(start, transitions, densities)
    theirs = forward_by_hand(start, transitions, densities)
    for got, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-13)
    turned = np.ascontiguousarray(transitions.T)
    ours = kernels.backward(turned, densities, theirs[1])
    for got, expected in zip(
        ours, backward_by_hand(transitions, densities, theirs[1]), strict=True
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_long_sequences_do_not_underflow(rng):
    start, transitions = chain(rng, 3)
    logs = 2 * rng.standard_normal((3000, 3)) - 100
    scaled, logarithms = (f(start, transitions, logs) for f in (posterior, log_posterior))
    assert scaled.nats == pytest.approx(logarithms.nats, rel=1e-12)
    np.testing.assert_allclose(scaled.states, logarithms.states, atol=1e-9)
    np.testing.assert_allclose(scaled.moves, logarithms.moves, atol=1e-7)
    assert scaled.moves.sum() == pytest.approx(2999)


def test_where_scaling_is_thin_logarithms_take_over():
    """The only state that can be is e^-2000 times less likely than one that cannot."""
    start, transitions = np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]])
    logs = np.array([[-2000.0, 0.0], [-1.0, -3.0]])
    nats = -2000 + np.log(0.5 * np.exp(-1) + 0.5 * np.exp(-3))
    assert posterior(start, transitions, logs).nats == pytest.approx(nats)
    assert inference.log_likelihood(start, transitions, logs) == pytest.approx(nats)
    np.testing.assert_allclose(posterior(start, transitions, logs).states[0], [1, 0])
    _, scales = forward_by_hand(start, transitions, kernels.exponentials(logs)[0])
    assert scales[0] == 0


def test_what_cannot_be_is_an_error():
    start, transitions = np.array([1.0, 0.0]), np.eye(2)
    logs = np.array([[0.0, 0.0], [-np.inf, 0.0]])
    for function in (posterior, log_posterior, inference.log_likelihood):
        with pytest.raises(ValueError, match="data of probability zero"):
            function(start, transitions, logs)
