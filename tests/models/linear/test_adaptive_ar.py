"""Adaptive AR: a true likelihood, causal, and the same in the kernel and in the readable twin."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from course_lib import corpora
from course_lib.audio import Clip
from course_lib.evaluation import bits_per_sample
from course_lib.features.quantise import LinearQuantiser, MuLaw
from course_lib.kernels.adaptive import laplace_mass
from course_lib.models.linear.adaptive_ar import AdaptiveAR

MU = MuLaw(256)
SMALL = LinearQuantiser(bits=3)
small = AdaptiveAR(order=2, window_length=6, hop_length=2, encoding=SMALL)


def resonance(rng, length=1200):
    """A noisy resonance at 1 kHz that swells and fades, as levels."""
    x = np.zeros(length)
    for t, e in enumerate(0.02 * rng.laplace(size=length)):
        x[t] = 1.35 * x[t - 1] - 0.9 * x[t - 2] + e
    return MU.encode(np.clip(x * np.sin(np.arange(length) / 150) ** 2, -1, 1))


def test_all_sequences_of_few_levels_sum_to_one():
    everything = itertools.product(range(8), repeat=4)
    total = sum(math.exp(small.level_log_likelihood(np.array(c), SMALL).nats) for c in everything)
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("length", [0, 1, 17, 400])
def test_the_levels_sum_to_one_after_any_past(length, rng):
    model, past = AdaptiveAR(), resonance(rng)[:length]
    last = [model.level_log_probabilities(np.append(past, c), MU)[-1] for c in range(256)]
    assert np.exp(last).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        AdaptiveAR(),
        AdaptiveAR(order=1, window_length=2, hop_length=1),
        AdaptiveAR(order=8, window_length=1000, hop_length=64, forgetting=0.99, escape=0.1),
    ],
)
def test_the_kernel_agrees_with_the_readable_twin(model, rng):
    codes = resonance(rng)
    np.testing.assert_allclose(
        model.level_log_probabilities(codes, MU),
        model.level_log_probabilities_plainly(codes, MU),
        rtol=1e-7,
    )


@given(st.integers(1, 398), st.integers(0, 255), st.integers(0, 99))
def test_nothing_is_taken_from_the_future(place, code, seed):
    codes = resonance(np.random.default_rng(seed), 400)
    before = AdaptiveAR().level_log_probabilities(codes, MU)
    codes[place] = code
    codes[place + 1 :] = codes[place + 1 :][::-1]
    after = AdaptiveAR().level_log_probabilities(codes, MU)
    np.testing.assert_array_equal(before[:place], after[:place])


def test_a_sample_is_scored_with_its_own_past(rng):
    codes = resonance(rng, 600)
    changed = codes.copy()
    changed[300] += 40
    before, after = (AdaptiveAR().level_log_probabilities(c, MU) for c in (codes, changed))
    assert (np.abs(before - after)[300:320] > 0).all()


@pytest.mark.parametrize("escape", [1e-3, 0.4])
def test_samples_follow_the_probabilities_they_are_scored_with(escape, rng):
    """Chi-squared over the levels that follow a fixed past."""
    small = AdaptiveAR(order=2, window_length=6, hop_length=2, escape=escape, encoding=SMALL)
    prompt = SMALL.decode(np.array([3, 4, 5, 4, 2, 3]))
    drawn = SMALL.encode(small.sample(1, count=4000, rng=rng, prompt=prompt).ravel())
    past = SMALL.encode(prompt)
    last = [small.level_log_probabilities(np.append(past, c), SMALL)[-1] for c in range(8)]
    counts = np.bincount(drawn, minlength=8)
    assert scipy.stats.chisquare(counts, 4000 * np.exp(last)).pvalue > 1e-3


@pytest.mark.parametrize("model", [small, AdaptiveAR()])
def test_samples_cost_least_under_the_model_that_drew_them(model, rng):
    drawn = model.encoding.encode(model.sample(4000, rng=rng)[0])
    other = AdaptiveAR(order=1, escape=0.3, forgetting=0.999, encoding=model.encoding)
    own, others = (m.level_log_likelihood(drawn, m.encoding).nats for m in (model, other))
    assert own > others


def test_the_first_sample_does_not_depend_on_how_many_are_drawn():
    one = AdaptiveAR().sample(30, rng=np.random.default_rng(3))
    three = AdaptiveAR().sample(30, count=3, rng=np.random.default_rng(3))
    assert three.shape == (3, 30)
    np.testing.assert_array_equal(one[0], three[0])
    assert not np.array_equal(three[0], three[1])


@given(st.floats(-40, 40), st.floats(1e-9, 30))
def test_the_mass_of_a_bin_is_scipys_to_many_digits(low, width):
    high = low + width
    law = scipy.stats.laplace
    expected = law.cdf(high) - law.cdf(low) if high < 0 else law.sf(low) - law.sf(high)
    if low < 0 < high:
        expected = 1 - law.cdf(low) - law.sf(high)
    assert laplace_mass(low, high) == pytest.approx(expected, rel=1e-6, abs=1e-15)


def test_the_mass_of_a_narrow_bin_far_out_keeps_its_digits():
    assert laplace_mass(30.0, 30.0 + 1e-9) == pytest.approx(0.5e-9 * math.exp(-30), rel=1e-6)
    assert laplace_mass(-np.inf, np.inf) == 1.0
    assert laplace_mass(2.0, np.inf) == pytest.approx(0.5 * math.exp(-2))
    assert laplace_mass(-np.inf, -2.0) == pytest.approx(0.5 * math.exp(-2))


def test_a_known_law_is_approached(rng):
    """On stationary AR(2) with Laplace innovations, the cost nears the innovations' entropy."""
    scale, phi = 0.02, (1.35, -0.9)
    x = np.zeros(20_000)
    for t, e in enumerate(scale * rng.laplace(size=len(x))):
        x[t] = phi[0] * x[t - 1] + phi[1] * x[t - 2] + e
    fine = LinearQuantiser(bits=12)
    model = AdaptiveAR(
        order=2, window_length=2000, hop_length=50, forgetting=0.998, encoding=fine, escape=1e-6
    )
    bits = -model.level_log_likelihood(fine.encode(x), fine).bits / len(x)
    entropy = math.log2(2 * math.e * scale) - math.log2(2 / 4096)
    assert entropy < bits < entropy + 0.03


def test_silence_costs_next_to_nothing_and_waking_up_is_affordable():
    codes = MU.encode(np.zeros(4000))
    bits = -AdaptiveAR().level_log_probabilities(codes, MU) / math.log(2)
    assert bits[500:].max() < 0.01
    codes[3000] = 255
    assert -AdaptiveAR().level_log_probabilities(codes, MU)[3000] / math.log(2) < 19


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(1),
        np.full(700, 1.0),
        np.where(np.arange(700) % 20 < 10, 1.0, -1.0),
        np.r_[np.zeros(300), 1.0, np.zeros(300)],
    ],
)
def test_extreme_sounds_have_finite_scores(sound):
    assert np.isfinite(AdaptiveAR().level_log_likelihood(MU.encode(sound), MU).nats)
    grid = LinearQuantiser(bits=16)
    assert np.isfinite(
        AdaptiveAR(encoding=grid).level_log_likelihood(grid.encode(sound), grid).nats
    )


def test_the_classical_line_holds_on_speech():
    """On two held-out prompts it needs far fewer bits than their own histogram's entropy."""
    clips = [r.load(8000) for r in corpora.speech(language="en", split="validation")[:2]]
    score = bits_per_sample(AdaptiveAR(), clips, MU)
    codes = np.concatenate([MU.encode(clip) for clip in clips])
    assert score.kind == "exact"
    assert score.bits < scipy.stats.entropy(np.bincount(codes), base=2) - 2


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"order": 0}, ValueError, "order of at least 1"),
        ({"order": 2.5}, TypeError, "whole number for order"),
        ({"window_length": 16}, ValueError, "window_length above the order, 16, got 16"),
        ({"hop_length": 0}, ValueError, "hop_length of at least 1"),
        ({"forgetting": 1.0}, ValueError, "strictly between 0 and 1"),
        ({"escape": 0.0}, ValueError, "strictly between 0 and 1"),
    ],
)
def test_settings_that_cannot_be_are_explained(settings, error, message):
    with pytest.raises(error, match=message):
        AdaptiveAR(**settings)


@pytest.mark.parametrize(
    ("codes", "encoding", "error", "message"),
    [
        (np.array([], int), MU, ValueError, "one or more codes"),
        (np.zeros((2, 9), int), MU, ValueError, "shape"),
        (np.zeros(9), MU, TypeError, "whole-number"),
        (np.array([0, 256]), MU, ValueError, "from 0 to 255"),
        (np.array([0, 1]), MuLaw(16), ValueError, "this model's encoding"),
    ],
)
def test_codes_that_cannot_be_scored_are_explained(codes, encoding, error, message):
    with pytest.raises(error, match=message):
        AdaptiveAR().level_log_likelihood(codes, encoding)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"length": 0}, ValueError, "length of at least 1"),
        ({"count": 0}, ValueError, "count of at least 1"),
        ({"rng": 1}, TypeError, "numpy Generator"),
        ({"prompt": np.zeros((9, 2))}, ValueError, "mono"),
        ({"prompt": np.array([0.0, np.inf])}, ValueError, "finite"),
        ({"prompt": np.array([0.0, 2.0])}, ValueError, "within"),
    ],
)
def test_samples_that_cannot_be_drawn_are_explained(arguments, error, message):
    with pytest.raises(error, match=message):
        AdaptiveAR().sample(**{"length": 5, "rng": np.random.default_rng(0)} | arguments)


def test_a_clip_can_be_the_prompt(tone, rng):
    assert AdaptiveAR().sample(7, rng=rng, prompt=Clip(tone.samples, 8000)).shape == (1, 7)
