"""Counting models: probabilities that sum to one, counted by hand, and drawn as they are scored."""

import itertools
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip
from course_lib.features.quantise import LinearQuantiser, MuLaw
from course_lib.models.states.markov import Histogram, MarkovChain

FOUR = LinearQuantiser(bits=2)
CODES = [[0, 1, 2, 1, 0, 1, 2, 2, 1], [1, 1, 0, 1, 2, 3], [2]]


def clips(codes=CODES, encoding=FOUR):
    return [Clip(encoding.decode(np.array(c)), 8000) for c in codes]


def recursive(context, code, sequences, levels, s):
    """The oracle: the recursive formula over dictionaries of counts."""
    if context is None:
        return 1 / levels
    k = len(context)
    followers = Counter(
        x[t] for x in sequences for t in range(k, len(x)) if tuple(x[t - k : t]) == context
    )
    n, types = sum(followers.values()), len(followers)
    shorter = recursive(context[1:] if context else None, code, sequences, levels, s)
    return (followers[code] + s * types * shorter) / (n + s * types) if n else shorter


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("s", [0.1, 1.0, 4.0])
def test_every_conditional_probability_matches_the_recursive_formula(order, s):
    chain = MarkovChain.fit(clips(), order, FOUR, smoothing=s)
    for length in range(order + 1):
        for context in itertools.product(range(4), repeat=length):
            expected = [recursive(context, c, CODES, 4, s) for c in range(4)]
            np.testing.assert_allclose(chain.next_probabilities(context), expected, rtol=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("length", [1, 2, 4])
def test_the_probabilities_of_all_sequences_sum_to_one(order, length):
    chain = MarkovChain.fit(clips(), order, FOUR)
    everything = itertools.product(range(4), repeat=length)
    total = sum(math.exp(chain.level_log_likelihood(np.array(s), FOUR).nats) for s in everything)
    assert total == pytest.approx(1, abs=1e-12)


def test_the_probabilities_sum_to_one_on_a_full_grid(rng):
    chain = MarkovChain.fit([Clip(0.1 * rng.standard_normal(4000), 8000)], 2, MuLaw(256))
    seen = MuLaw(256).encode(0.1 * rng.standard_normal(50))
    for context in ([], [3], [0, 255], seen[:2], seen):
        assert chain.next_probabilities(context).sum() == pytest.approx(1, abs=1e-12)


@given(st.integers(0, 3), st.lists(st.integers(0, 15), min_size=1, max_size=40), st.integers(0, 9))
def test_the_chain_rule_gives_the_likelihood(order, codes, seed):
    grid = LinearQuantiser(bits=4)
    rng = np.random.default_rng(seed)
    training = clips([rng.integers(0, 16, 60).tolist()], grid)
    chain = MarkovChain.fit(training, order, grid, smoothing=rng.uniform(0.1, 5))
    nats = sum(math.log(chain.next_probabilities(codes[:t])[c]) for t, c in enumerate(codes))
    assert chain.level_log_likelihood(np.array(codes), grid).nats == pytest.approx(nats)


def test_the_likelihood_looks_back_exactly_as_far_as_the_order(rng):
    chain = MarkovChain.fit(clips([rng.integers(0, 4, 500).tolist()]), 2, FOUR)
    codes = rng.integers(0, 4, 12)
    for t in range(12):
        changed = codes.copy()
        changed[t] = (changed[t] + 1) % 4
        differs = [
            not np.array_equal(
                chain.next_probabilities(codes[:s]), chain.next_probabilities(changed[:s])
            )
            for s in range(13)
        ]
        assert not any(differs[: t + 1])
        assert not any(differs[t + 3 :])


@pytest.mark.parametrize(("order", "s"), [(0, 1.0), (1, 1.0), (2, 1.0), (2, 0.3)])
def test_samples_follow_the_probabilities_they_are_scored_with(order, s, rng):
    """Chi-squared over all sequences of three levels, most of them reached through back-off."""
    chain = MarkovChain.fit(clips(), order, FOUR, smoothing=s)
    drawn = FOUR.encode(chain.sample(3, count=20_000, rng=rng).ravel()).reshape(-1, 3)
    observed = Counter(map(tuple, drawn.tolist()))
    everything = list(itertools.product(range(4), repeat=3))
    expected = [
        20_000 * math.exp(chain.level_log_likelihood(np.array(s), FOUR).nats) for s in everything
    ]
    assert scipy.stats.chisquare([observed[s] for s in everything], expected).pvalue > 1e-3


def test_a_known_chain_is_recovered(rng):
    transition = np.array(
        [[0.7, 0.1, 0.1, 0.1], [0.2, 0.5, 0.2, 0.1], [0, 0.3, 0.4, 0.3], [0.25] * 4]
    )
    codes = [0]
    for u in rng.random(40_000):
        codes.append(int(np.searchsorted(transition[codes[-1]].cumsum(), u, side="right")))
    chain = MarkovChain.fit(clips([codes]), 1, FOUR)
    fitted = [chain.next_probabilities([c]) for c in range(4)]
    np.testing.assert_allclose(fitted, transition, atol=0.015)


def test_a_chain_holds_the_chains_of_lower_order(rng):
    training = clips([rng.integers(0, 4, 300).tolist()])
    deep, codes = MarkovChain.fit(training, 3, FOUR), rng.integers(0, 4, 50)
    for order in range(3):
        cut = replace(deep, tables=deep.tables[: order + 1]).level_log_likelihood(codes, FOUR)
        assert cut == MarkovChain.fit(training, order, FOUR).level_log_likelihood(codes, FOUR)


def test_no_context_spans_two_clips():
    chain = MarkovChain.fit(clips([[0, 0, 0], [3, 3, 3]]), 1, FOUR)
    assert chain.next_probabilities([0])[3] < chain.next_probabilities([0])[0] / 3
    joined = MarkovChain.fit(clips([[0, 0, 0, 3, 3, 3]]), 1, FOUR)
    assert joined.next_probabilities([0])[3] > chain.next_probabilities([0])[3]


def test_a_histogram_adds_one_to_each_count():
    histogram = Histogram.fit(clips(), FOUR)
    np.testing.assert_allclose(histogram.probabilities, np.array([4, 8, 6, 2]) / 20)
    score = histogram.level_log_likelihood(np.array([0, 3, 3]), FOUR)
    assert score.nats == pytest.approx(np.log(0.2 * 0.1 * 0.1))
    assert score.kind == "exact"


def test_a_histogram_needs_its_own_entropy(rng):
    """Golden: on what it was fitted to, the cost per sample is scipy's entropy of the counts."""
    codes = rng.integers(0, 200, 100_000)
    histogram = Histogram.fit(clips([codes], MuLaw(256)), MuLaw(256))
    bits = -histogram.level_log_likelihood(codes, MuLaw(256)).bits / len(codes)
    entropy = scipy.stats.entropy(np.bincount(codes, minlength=256), base=2)
    assert bits == pytest.approx(entropy, abs=1e-3)


def test_histogram_samples_have_the_histograms_frequencies(rng):
    histogram = Histogram.fit(clips(), FOUR)
    drawn = FOUR.encode(histogram.sample(20_000, rng=rng)[0])
    counts = np.bincount(drawn, minlength=4)
    assert scipy.stats.chisquare(counts, 20_000 * histogram.probabilities).pvalue > 1e-3


@pytest.mark.parametrize("fit", [Histogram.fit, lambda c, e: MarkovChain.fit(c, 1, e)])
def test_the_first_sample_does_not_depend_on_how_many_are_drawn(fit):
    model = fit(clips(), FOUR)
    one = model.sample(20, rng=np.random.default_rng(3))
    three = model.sample(20, count=3, rng=np.random.default_rng(3))
    assert one.shape == (1, 20)
    assert three.shape == (3, 20)
    np.testing.assert_array_equal(one[0], three[0])
    assert not np.array_equal(three[0], three[1])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_silence_is_soon_certain(order):
    chain = MarkovChain.fit(Clip(np.zeros(8000), 8000), order, MuLaw(256))
    codes = MuLaw(256).encode(np.zeros(800))
    assert -chain.level_log_likelihood(codes, MuLaw(256)).bits / 800 < 0.02


@pytest.mark.parametrize("fit", [Histogram.fit, lambda c, e: MarkovChain.fit(c, 2, e)])
@pytest.mark.parametrize(
    ("sound", "error", "message"),
    [
        ([], ValueError, "at least one clip"),
        ([np.array([])], ValueError, "at least 1 sample"),
        (np.array([0.1, np.nan, 0.2]), ValueError, "finite"),
        (np.zeros((9, 2)), ValueError, "mono"),
        (np.zeros(9, np.int16), TypeError, "floating-point"),
        (np.array([0.0, 1.5, 0.0]), ValueError, r"within \[-1, 1\]"),
    ],
)
def test_sounds_that_cannot_be_counted_are_explained(fit, sound, error, message):
    with pytest.raises(error, match=message):
        fit(sound, MuLaw(256))


def test_settings_that_cannot_be_are_explained():
    with pytest.raises(ValueError, match="order of at least 0"):
        MarkovChain.fit(clips(), -1, FOUR)
    with pytest.raises(ValueError, match=r"at most 2\^63"):
        MarkovChain.fit(clips(), 7, MuLaw(256))
    with pytest.raises(ValueError, match=r"order \+ 1 = 10 samples, got at most 9"):
        MarkovChain.fit(clips(), 9, FOUR)
    with pytest.raises(ValueError, match="smoothing strictly between 0"):
        MarkovChain.fit(clips(), 1, FOUR, smoothing=0.0)
    with pytest.raises(ValueError, match="empty context"):
        MarkovChain((), FOUR)
    with pytest.raises(ValueError, match="4 positive probabilities"):
        Histogram(np.array([0.5, 0.5, 0, 0]), FOUR)
    for model in (Histogram.fit(clips(), FOUR), MarkovChain.fit(clips(), 1, FOUR)):
        with pytest.raises(ValueError, match="length of at least 1"):
            model.sample(0, rng=np.random.default_rng(0))
        with pytest.raises(TypeError, match="numpy Generator"):
            model.sample(5, rng=7)


@pytest.mark.parametrize(
    ("codes", "encoding", "error", "message"),
    [
        (np.array([], int), FOUR, ValueError, "one or more codes"),
        (np.array([[0, 1]]), FOUR, ValueError, "shape"),
        (np.array([0.0, 1.0]), FOUR, TypeError, "whole-number"),
        (np.array([0, 4]), FOUR, ValueError, "from 0 to 3, got 0 to 4"),
        (np.array([-1, 0]), FOUR, ValueError, "from 0 to 3, got -1 to 0"),
        (np.array([0, 1]), MuLaw(4), ValueError, "encoding that was fitted"),
    ],
)
def test_codes_that_cannot_be_scored_are_explained(codes, encoding, error, message):
    for model in (Histogram.fit(clips(), FOUR), MarkovChain.fit(clips(), 1, FOUR)):
        with pytest.raises(error, match=message):
            model.level_log_likelihood(codes, encoding)
