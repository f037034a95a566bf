"""The conditional machine: given its past, it is a machine; without hidden units, a regression."""

import math

import numpy as np
import pytest

from course_lib.core import seeded
from course_lib.models.latent import RBM, ConditionalRBM, Learning, conditional_rbm


def machine(bands=2, hidden=3, order=2, *, before=-1.0, strength=0.5):
    rng = seeded(0)
    return ConditionalRBM(
        rng.standard_normal((bands, hidden)),
        rng.standard_normal(bands),
        rng.standard_normal(hidden),
        0.5 + rng.random(bands),
        0.2 * rng.standard_normal((order * bands, bands)),
        strength * rng.standard_normal((order * bands, hidden)),
        before,
    )


def test_likelihood_is_that_of_one_machine_for_each_past():
    model, x = machine(), seeded(1).standard_normal((70, 2))
    padded = np.concatenate([np.full((2, 2), -1.0), x])
    total = 0.0
    for t in range(70):
        past = np.concatenate([padded[t + 1], padded[t]])
        one = RBM(
            model.weights,
            model.visible_bias + past @ model.past_to_visible,
            model.hidden_bias + past @ model.past_to_hidden,
            model.deviation,
        )
        total += one.log_likelihood(x[t : t + 1]).nats
    found = model.log_likelihood(x)
    assert found.kind == "exact"
    assert found.nats == pytest.approx(total)


def sequences(count=40, seed=3):
    """A wave that goes up or down with a coin: x[t] = 0.8 x[t-1] +- 1 + noise."""
    rng = seeded(seed)
    made = []
    for _ in range(count):
        x = np.zeros((30, 1))
        for t in range(1, 30):
            x[t] = 0.8 * x[t - 1] + rng.choice([-1, 1]) + 0.1 * rng.standard_normal()
        made.append(x)
    return made


def test_before_the_first_epoch_it_is_the_vector_autoregression():
    data = sequences()
    first = next(ConditionalRBM.epochs(data, 2, order=1, rng=seeded(0)))
    past = np.concatenate([np.r_[0, x[:-1, 0]] for x in data])
    now = np.concatenate([x[:, 0] for x in data])
    slope, intercept = np.polyfit(past, now, 1)
    assert first.past_to_visible[0, 0] == pytest.approx(slope, abs=0.01)
    normal = -0.5 * math.log(2 * math.pi * np.var(now - slope * past - intercept)) - 0.5
    nats = sum(first.log_likelihood(x).nats for x in data) / len(now)
    assert nats == pytest.approx(normal, abs=0.02)


def test_hidden_units_learn_what_a_regression_cannot_say(monkeypatch):
    monkeypatch.setattr(conditional_rbm, "SHARE", 0.5)  # a start nearer to jumps this regular
    data, fresh = sequences(), sequences(seed=4)
    settings = Learning("cd", sweeps=3, rate=0.1)
    steps = list(
        ConditionalRBM.epochs(data, 3, order=1, epochs=40, settings=settings, rng=seeded(1))
    )
    nats = [sum(m.log_likelihood(x).nats for x in fresh) / (30 * len(fresh)) for m in steps[::40]]
    assert nats[1] > nats[0] + 0.3
    drawn = steps[-1].sample(30, count=40, sweeps=20, rng=seeded(2))[..., 0]
    jumps = np.abs(drawn[:, 1:] - 0.8 * drawn[:, :-1])
    assert np.median(jumps) == pytest.approx(1, abs=0.2)
    assert drawn.std() == pytest.approx(np.std(data), rel=0.6)


def test_draws_follow_the_density_given_the_past():
    """The first frame's mean, over many sequences, is the mixture's."""
    model = machine(strength=0.2)
    drawn = model.sample(1, count=2000, sweeps=20, rng=seeded(5))[:, 0]
    p = model.given(np.full((1, 4), -1.0))
    one = RBM(p.weights, p.visible_bias[0], p.hidden_bias[0], model.deviation)
    expected = one.sample(2000, sweeps=20, rng=seeded(6))
    error = np.sqrt((drawn.var(axis=0) + expected.var(axis=0)) / 2000)
    assert (np.abs(drawn.mean(axis=0) - expected.mean(axis=0)) < 4.5 * error).all()


def test_sequences_do_not_depend_on_count_and_longer_ones_start_alike():
    model = machine(strength=0.1)
    few = model.sample(4, count=2, sweeps=3, rng=seeded(1))
    many = model.sample(6, count=3, sweeps=3, rng=seeded(1))
    assert many.shape == (3, 6, 2)
    np.testing.assert_array_equal(many[:2, :4], few)


def test_a_sequence_goes_on_from_a_past():
    """What follows one's own beginning is what would have followed it."""
    model = machine(strength=0.1)
    whole = model.sample(6, count=2, rng=seeded(1))
    with_past = model.sample(500, count=2, past=whole[:, :2] + 50, sweeps=2, rng=seeded(2))
    without = model.sample(500, count=2, sweeps=2, rng=seeded(2))
    assert np.abs(with_past[:, 0] - without[:, 0]).min() > 1
    np.testing.assert_allclose(with_past[:, -1], without[:, -1], atol=1e-3)
    start = np.full((2, 2, 2), model.before)
    again = model.sample(500, count=2, past=start, sweeps=2, rng=seeded(2))
    np.testing.assert_array_equal(again, without)


def test_the_newest_frame_of_a_past_comes_last():
    zero = np.zeros((1, 1))
    echo = np.array([[1.0], [0.0]])  # x[t] = x[t-1]
    model = ConditionalRBM(zero, [0.0], [0.0], [1e-9], echo, np.zeros((2, 1)))
    drawn = model.sample(3, past=np.array([[[3.0], [7.0]]]), sweeps=1, rng=seeded(0))
    np.testing.assert_allclose(drawn[0, :, 0], 7.0, atol=1e-6)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"past of shape \(1, 2, 2\), got \(1, 1, 2\)"):
        machine().sample(2, past=np.zeros((1, 1, 2)), rng=seeded(0))
    x = sequences(2)
    with pytest.raises(ValueError, match="method \"cd\" for a conditional machine, got 'pcd'"):
        ConditionalRBM.fit(x, 2, settings=Learning("pcd"), rng=seeded(0))
    with pytest.raises(ValueError, match="at least one sequence, got none"):
        ConditionalRBM.fit([], 2, rng=seeded(0))
    with pytest.raises(ValueError, match=r"as many bands everywhere, got \[1, 2\]"):
        ConditionalRBM.fit([x[0], np.zeros((5, 2))], 2, rng=seeded(0))
    with pytest.raises(ValueError, match="a batch of 50 frames, got 30"):
        ConditionalRBM.fit(x[:1], 2, rng=seeded(0))
    with pytest.raises(ValueError, match="nan"):
        ConditionalRBM.fit([np.full((60, 1), np.nan)], 2, rng=seeded(0))
    with pytest.raises(ValueError, match="order of at least 1, got 0"):
        ConditionalRBM.fit(x, 2, order=0, rng=seeded(0))
    with pytest.raises(ValueError, match="need 2 bands, got 3"):
        machine().log_likelihood(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="at most 16 hidden units to score, got 17"):
        machine(hidden=17).log_likelihood(np.zeros((4, 2)))
    with pytest.raises(ValueError, match="length of at least 1, got 0"):
        machine().sample(0, rng=seeded(0))
    with pytest.raises(TypeError, match="numpy Generator"):
        machine().sample(2, rng=1)


def test_bad_parameters_are_named():
    good = machine()
    parts = [good.weights, good.visible_bias, good.hidden_bias, good.deviation]
    with pytest.raises(ValueError, match="whole frames of 2 bands in the past, got 3 numbers"):
        ConditionalRBM(*parts, np.zeros((3, 2)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"past_to_hidden of shape \(2, 3\), got \(2, 2\)"):
        ConditionalRBM(*parts, np.zeros((2, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="every deviation above 0"):
        ConditionalRBM(*parts[:3], np.zeros(2), np.zeros((2, 2)), np.zeros((2, 3)))


def test_silence_is_learned_and_stays_finite():
    model = ConditionalRBM.fit([np.zeros((60, 2))], 2, epochs=3, rng=seeded(0))
    assert np.isfinite(model.sample(5, rng=seeded(1))).all()
    assert math.isfinite(model.log_likelihood(np.zeros((5, 2))).nats)
