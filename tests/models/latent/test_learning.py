"""Learning: steps against the statistics they estimate, and scikit-learn's with the same draws."""

import dataclasses

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM

from course_lib.core import seeded
from course_lib.models.latent import learning
from course_lib.models.latent.energies import (
    Parameters,
    every_configuration,
    free_energy,
    hidden_probabilities,
    statistics,
)
from course_lib.models.latent.learning import Fantasy, Learner, Learning


def machine(visible=5, hidden=3, *, gaussian=False, seed=0):
    rng = seeded(seed)
    return Parameters(
        rng.standard_normal((visible, hidden)),
        rng.standard_normal(visible),
        rng.standard_normal(hidden),
        np.log(0.5 + rng.random(visible)) if gaussian else None,
    )


def rows(count, visible=5, seed=1):
    return (seeded(seed).random((count, visible)) < 0.4).astype(float)


def test_persistent_steps_are_scikit_learns():
    """Its RandomState reads the same bits as our Generator, so that all draws are the same."""
    start, v = machine(12, 7), rows(60, 12)
    theirs = BernoulliRBM(7, learning_rate=0.1, batch_size=20)
    theirs.components_, theirs.h_samples_ = start.weights.T.copy(), np.zeros((20, 7))
    theirs.intercept_visible_ = start.visible_bias.copy()
    theirs.intercept_hidden_ = start.hidden_bias.copy()
    draws = np.random.RandomState(np.random.PCG64(3))
    ours = Learner(
        start, Learning("pcd", batch=20, rate=0.1), np.random.Generator(np.random.PCG64(3))
    )
    for first in (0, 20, 40):
        theirs._fit(v[first : first + 20], draws)
        ours.step(v[first : first + 20])
    np.testing.assert_allclose(ours.parameters.weights.T, theirs.components_, atol=1e-12)
    np.testing.assert_allclose(ours.parameters.hidden_bias, theirs.intercept_hidden_, atol=1e-12)
    np.testing.assert_allclose(ours.parameters.visible_bias, theirs.intercept_visible_, atol=1e-12)
    np.testing.assert_allclose(free_energy(ours.parameters, v), theirs._free_energy(v), atol=1e-10)


@pytest.mark.parametrize("gaussian", [False, True])
def test_a_step_is_the_difference_of_statistics(gaussian):
    p = machine(gaussian=gaussian)
    settings = Learning("cd", batch=4, rate=0.1, momentum=0.5, decay=0.01)
    learner = Learner(p, settings, seeded(0))
    rng = seeded(5)
    expected = p.changed(np.zeros_like)
    for _ in range(2):
        now = learner.parameters.changed(np.copy)
        data, model = (Fantasy(rng.random((4, 5)), rng.random((4, 3)), None) for _ in range(2))
        learner.climb(now, data, model)
        pull, push = (statistics(now, each.v, each.expected) for each in (data, model))
        slope = Parameters(*(a if a is None else a - b for a, b in zip(pull, push, strict=True)))
        if gaussian:
            s2 = np.exp(now.log_variance)
            slope = slope._replace(
                weights=slope.weights * s2[:, None], visible_bias=slope.visible_bias * s2
            )
        expected = Parameters(
            *(a if a is None else 0.5 * a + b for a, b in zip(expected, slope, strict=True))
        )
        after = [a if a is None else a + 0.1 * b for a, b in zip(now, expected, strict=True)]
        after[0] = after[0] * (1 - 0.1 * 0.01)
        for got, want in zip(learner.parameters, after, strict=True):
            if want is not None:
                np.testing.assert_allclose(got, want, atol=1e-12)


def test_columns_first_or_rows_first_learn_alike():
    p = machine()
    found = []
    for weights in (p.weights, np.asfortranarray(p.weights)):
        learner = Learner(p._replace(weights=weights), Learning(batch=10), seeded(0))
        learner.step(rows(10))
        found.append(learner.parameters.weights)
    np.testing.assert_array_equal(*found)
    assert np.abs(found[0] - p.weights).max() > 1e-4


def test_a_learner_leaves_what_it_was_given():
    p = machine()
    before = [None if x is None else x.copy() for x in p]
    Learner(p, Learning(batch=10), seeded(0)).step(rows(10))
    for now, then in zip(p, before, strict=True):
        assert (now is None and then is None) or (now == then).all()


def exact(p):
    """P(v) of every v."""
    v = every_configuration(p.weights.shape[0]).astype(float)
    weight = np.exp(-free_energy(p, v))
    return v, weight / weight.sum()


@pytest.mark.parametrize("method", ["plain", "tempered"])
def test_chains_keep_the_distribution(method):
    """Hidden units that are drawn right stay so, at every strength of the weights."""
    p, rng, count = machine(4, 3, seed=2), seeded(1), 40_000
    rungs = 3
    levels = [learning.tempered(p, (r + 1) / rungs) for r in range(rungs)]
    start = []
    for level in levels:
        v, probability = exact(level)
        v = v[rng.choice(len(v), count, p=probability)]
        start.append((rng.random((count, 3)) < hidden_probabilities(level, v)).astype(float))
    if method == "plain":
        drawn = learning.chain(p, start[-1], 2, rng).v[None]
        levels = levels[-1:]
    else:
        drawn = learning.tempered_chain(p, np.stack(start), 2, rng).v
    for level, found in zip(levels, drawn, strict=True):
        number = (found @ 2 ** np.arange(4)[::-1]).astype(int)
        frequency = np.bincount(number, minlength=16) / count
        _, probability = exact(level)
        deviation = np.sqrt(probability * (1 - probability) / count)
        assert (np.abs(frequency - probability) < 5 * deviation).all()


def two_worlds(strength=5.0):
    """A machine whose draws are all zeros or all ones, with a wall of improbable rows between."""
    return Parameters(
        np.full((8, 1), strength), np.full(8, -strength / 2), np.full(1, -4 * strength)
    )


def test_tempering_crosses_where_plain_chains_stay():
    p, rng = two_worlds(), seeded(0)
    plain = learning.chain(p, np.zeros((200, 1)), 60, rng).v.mean()
    tempered = learning.tempered_chain(p, np.zeros((8, 200, 1)), 120, rng).v[-1].mean()
    assert plain < 0.15
    assert 0.3 < tempered < 0.7


@pytest.mark.parametrize("method", ["cd", "pcd", "tempering"])
def test_every_method_climbs_the_likelihood(method):
    rng = seeded(1)
    v = np.repeat(rng.random((200, 1)) < 0.4, 6, axis=1) ^ (rng.random((200, 6)) < 0.05)
    v = v.astype(float)
    start = learning.beginning(v, 2, binary=True, rng=rng)
    settings = Learning(method, batch=20, rate=0.3, rungs=3)
    *_, last = learning.epochs(start, v, 40, settings, rng)
    nats = [float(np.log(exact(p)[1])[_number(v)].mean()) for p in (start, last)]
    assert nats[1] > nats[0] + 0.6


def _number(v):
    return (v @ 2 ** np.arange(v.shape[1])[::-1]).astype(int)


def test_the_same_seed_gives_the_same_machine():
    v = rows(60)
    found = [
        list(learning.epochs(machine(), v, 2, Learning(batch=20), seeded(7)))[-1].weights
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*found)


def test_a_rate_too_high_is_named():
    v = 1e6 * seeded(0).standard_normal((50, 3))
    start = learning.beginning(v, 2, binary=False, rng=seeded(0))
    start = start._replace(log_variance=np.zeros(3))
    with pytest.raises(ArithmeticError, match="lower the rate"), np.errstate(all="ignore"):
        list(learning.epochs(start, v, 20, Learning("cd", rate=1e3), seeded(0)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "cd-1"}, "method out of cd, pcd, tempering, got 'cd-1'"),
        ({"sweeps": 0}, "sweeps of at least 1"),
        ({"batch": 0}, "batch of at least 1"),
        ({"rate": 0.0}, "rate strictly between 0 and"),
        ({"momentum": 1.0}, "momentum of 0 or more and below 1"),
        ({"decay": -1.0}, "decay of 0 or more"),
        ({"rungs": 1}, "rungs of at least 2"),
    ],
)
def test_bad_settings_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(Learning(), **change)
