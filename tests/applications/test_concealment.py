"""Concealment: the smoother as least squares, and what each method must and must not do."""

from typing import get_args

import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st
from oracles import stable_phi

from course_lib.applications.concealment import Method, conceal, lose_packets, pitch_period
from course_lib.audio import Clip
from course_lib.models.linear.arma import ARMA

METHODS = get_args(Method)
RATE = 8000


def buzz(length=2400, pitch=125.0):
    """A vowel: pulses through two formants, with a little noise."""
    rng = np.random.default_rng(0)
    pulses = np.zeros(length)
    pulses[:: round(RATE / pitch)] = 1.0
    poles = np.array([0.97 * np.exp(0.4j), 0.95 * np.exp(1.1j)])
    denominator = np.real(np.poly(np.r_[poles, poles.conj()]))
    x = scipy.signal.lfilter([1.0], denominator, pulses + 0.01 * rng.standard_normal(length))
    return Clip(0.5 * x / np.abs(x).max(), RATE)


def filled(clip, gaps, method, **settings):
    if method == "drawn":
        settings["rng"] = np.random.default_rng(1)
    return conceal(clip, gaps, method=method, **settings)


def snr_inside(clip, result, gap):
    x, y = (c.samples[slice(*gap)].astype(float) for c in (clip, result))
    return 10 * np.log10(np.sum(x**2) / np.sum((x - y) ** 2))


# ------------------------------------------------------------------ the both-sided answer


def janssen(x, phi):
    """The gap that leaves the smallest prediction errors: least squares, banded, no filter."""
    missing, order = np.isnan(x), len(phi)
    errors = scipy.linalg.toeplitz(np.r_[1.0, np.zeros(len(x) - 1)], np.zeros(len(x)))
    for k, weight in enumerate(phi):
        errors -= weight * np.eye(len(x), k=-1 - k)
    equations = errors[order:]
    target = -equations[:, ~missing] @ x[~missing]
    return np.linalg.lstsq(equations[:, missing], target, rcond=None)[0]


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 30))
def test_smoother_solves_janssens_least_squares(seed, order, gap):
    rng = np.random.default_rng(seed)
    phi = stable_phi(rng, order)
    x = ARMA(phi, np.zeros(0), 1.0).sample(100, rng=rng)[0]
    x[40 : 40 + gap] = np.nan
    ours = ARMA(phi, np.zeros(0), 1.0).fill_missing(x)[40 : 40 + gap]
    np.testing.assert_allclose(ours, janssen(x, phi), atol=1e-7 * np.abs(ours).max())


def test_two_sides_beat_one_on_a_vowel():
    clip = buzz()
    gap = (1200, 1360)
    ratios = {
        method: snr_inside(clip, filled(clip, [gap], method, order=80), gap) for method in METHODS
    }
    assert ratios["two-sided"] > max(ratios["forward"], ratios["backward"], ratios["arma"])
    assert ratios["two-sided"] > 20
    assert ratios["silence"] == pytest.approx(0)


def test_two_sides_beat_every_one_on_average():
    """Over many sounds of one process, whose models all have to be estimated."""
    phi = stable_phi(np.random.default_rng(5), 6)
    sounds = ARMA(phi, np.zeros(0), 1.0).sample(1000, count=40, rng=np.random.default_rng(4))
    gap, methods = (480, 485), ("forward", "backward", "crossfade", "two-sided")
    errors = dict.fromkeys(methods, 0.0)
    for sound in sounds:
        clip = Clip(sound, RATE)
        for method in methods:
            result = filled(clip, [gap], method, order=6)
            errors[method] += float(np.sum((result.samples - clip.samples) ** 2))
    assert errors["two-sided"] < 0.6 * min(errors[m] for m in methods[:-1])


def test_draws_keep_the_energy_that_the_expectation_gives_up():
    """Noise cannot be foreseen: its expectation is silence, a draw is noise."""
    noise = Clip(0.1 * np.random.default_rng(2).standard_normal(4000), RATE)
    gap = (2000, 2320)
    expected = filled(noise, [gap], "two-sided", order=10).samples[slice(*gap)]
    drawn = filled(noise, [gap], "drawn", order=10).samples[slice(*gap)]
    assert expected.std() < 0.04
    assert drawn.std() == pytest.approx(0.1, rel=0.3)


def test_a_tone_goes_on_as_if_nothing_were_lost(tone):
    gap = (2000, 2320)
    for method in ("forward", "backward", "crossfade", "two-sided"):
        result = filled(tone, [gap], method, order=16)
        assert snr_inside(tone, result, gap) > 25, method


def test_repetition_repeats_the_period():
    clip = buzz()
    assert pitch_period(clip.samples[:1200].astype(float), RATE) == 64
    result = filled(clip, [(1200, 1400)], "repetition").samples
    np.testing.assert_array_equal(result[1200:1264], clip.samples[1136:1200])
    np.testing.assert_array_equal(result[1264:1328], clip.samples[1136:1200])


def test_crossfade_begins_forward_and_ends_backward():
    clip, gap = buzz(), (1200, 1360)
    f, b, c = (
        filled(clip, [gap], m).samples[1200:1360] for m in ("forward", "backward", "crossfade")
    )
    np.testing.assert_allclose(c[:3], f[:3], atol=1e-3)
    np.testing.assert_allclose(c[-3:], b[-3:], atol=1e-3)
    np.testing.assert_allclose(c[80], (f[80] + b[80]) / 2, atol=5e-3)


# ------------------------------------------------------------------ all methods


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_only_the_gaps_change_and_their_content_is_not_looked_at(self, method):
        clip = buzz()
        gaps = [(600, 700), (1500, 1660)]
        ruined = clip.samples.copy()
        for start, stop in gaps:
            ruined[start:stop] = 0.77
        result = filled(clip, gaps, method)
        blind = filled(clip.with_samples(ruined), gaps, method)
        np.testing.assert_array_equal(result.samples, blind.samples)
        kept = np.ones(len(clip), bool)
        for start, stop in gaps:
            kept[start:stop] = False
        np.testing.assert_array_equal(result.samples[kept], clip.samples[kept])
        assert result.sample_rate == RATE

    def test_no_gaps_change_nothing(self, method):
        clip = buzz()
        assert filled(clip, [], method) == clip

    def test_silence_stays_silent(self, method):
        silence = Clip(np.zeros(2000), RATE)
        assert not filled(silence, [(1000, 1160)], method).samples.any()

    def test_forward_methods_do_not_wait_for_the_future(self, method):
        clip, gap = buzz(), (1200, 1360)
        changed = clip.samples.copy()
        changed[1360:] *= -0.5
        same = np.array_equal(
            filled(clip, [gap], method).samples[slice(*gap)],
            filled(clip.with_samples(changed), [gap], method).samples[slice(*gap)],
        )
        assert same == (method in ("silence", "repetition", "forward", "arma"))


# ------------------------------------------------------------------ losing packets


@given(st.integers(0, 1000), st.floats(0.05, 0.9))
def test_lost_packets_are_apart_and_audible(seed, fraction):
    clip = buzz()
    quiet = clip.samples.copy()
    quiet[1600:] *= 1e-4
    gaps = lose_packets(
        clip.with_samples(quiet), 0.02, fraction=fraction, margin=0.02,
        rng=np.random.default_rng(seed),
    )  # fmt: skip
    assert gaps == sorted(gaps)
    assert len(gaps) >= 1
    edges = [0, *np.ravel(gaps).tolist(), len(clip)]
    assert (np.diff(edges)[::2] >= 160).all()
    assert all(stop - start == 160 for start, stop in gaps)
    assert all(start < 1600 for start, _ in gaps)


# ------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("gaps", "error", "words"),
    [
        ([(10, 200)], ValueError, "at least 65"),
        ([(2300, 2400)], ValueError, "inside the 2400 samples"),
        ([(500, 400)], ValueError, "ascending"),
        ([(800, 900), (600, 700)], ValueError, "ascending"),
        ([(600, 700), (710, 800)], ValueError, "from each other"),
        ([600], TypeError, r"\(start, stop\)"),
        ([(600.0, 700)], TypeError, "whole number"),
    ],
)
def test_bad_gaps_are_named(gaps, error, words):
    with pytest.raises(error, match=words):
        conceal(buzz(), gaps)


def test_bad_settings_are_named():
    clip, gaps = buzz(), [(1000, 1100)]
    with pytest.raises(TypeError, match="need a Clip"):
        conceal(clip.samples, gaps)
    with pytest.raises(ValueError, match="need a method out of"):
        conceal(clip, gaps, method="magic")
    with pytest.raises(TypeError, match="numpy Generator"):
        conceal(clip, gaps, method="drawn")
    with pytest.raises(ValueError, match="context of at least"):
        conceal(clip, gaps, order=64, context=0.005)
    with pytest.raises(ValueError, match="order of at least 1"):
        conceal(clip, gaps, order=0)
    with pytest.raises(ValueError, match="packet of 1 sample or more"):
        lose_packets(clip, 1.0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="no packet that can be heard"):
        lose_packets(Clip(np.zeros(2000), RATE), 0.02, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="pitch period"):
        pitch_period(np.ones(10), RATE)
