"""Measures that imitate listeners: the ends of their scales, an order, and what they refuse."""

import builtins
import importlib.util
import re

import numpy as np
import pytest

from course_lib.audio import Clip, resample
from course_lib.corpora import load
from course_lib.evaluation.listeners import dnsmos, pesq, stoi

WITH_PESQ = pytest.mark.skipif(
    importlib.util.find_spec("pesq") is None, reason="pesq is not installed (pip install pesq)"
)

WITH_DNSMOS = pytest.mark.skipif(
    importlib.util.find_spec("speechmos") is None,
    reason='speechmos is not installed (pip install "audio-generation-course[dnsmos]")',
)


@pytest.fixture(scope="module")
def voice() -> Clip:
    return load("speech/en/tt-weasels", sample_rate=16_000).cut(0.2, 2.2)


def noisy(clip: Clip, decibels: float) -> Clip:
    """The clip with white noise so many dB below it."""
    noise = np.random.default_rng(1).standard_normal(len(clip)) * clip.rms
    return clip.with_samples(np.float32(clip.samples + noise * 10 ** (-decibels / 20)))


@pytest.mark.parametrize("measure", [stoi, pytest.param(pesq, marks=WITH_PESQ)])
def test_more_noise_is_worse_and_the_same_sound_is_best(measure, voice):
    scores = [measure(voice, noisy(voice, level)) for level in (-5, 5, 15)]
    assert scores == sorted(scores)
    assert scores[-1] < measure(voice, voice)


def test_stoi_has_its_scale(voice):
    assert stoi(voice, voice) == pytest.approx(1, abs=1e-6)
    unrelated = voice.with_samples(np.float32(np.random.default_rng(2).normal(0, 0.1, len(voice))))
    assert stoi(voice, unrelated) < 0.5
    louder = voice.with_samples(np.float32(0.1 * voice.samples))
    assert stoi(voice, louder) == pytest.approx(1, abs=1e-4)


@WITH_PESQ
def test_pesq_has_its_scale(voice):
    assert pesq(voice, voice) == pytest.approx(4.64, abs=0.01)


@pytest.mark.parametrize("measure", [stoi, pesq])
def test_bad_pairs_are_refused(measure, voice):
    with pytest.raises(ValueError, match="one length and sample rate"):
        measure(voice, voice.cut(0, 1))
    with pytest.raises(ValueError, match="not silent"):
        measure(voice.with_samples(0 * voice.samples), voice)
    with pytest.raises(TypeError, match="Clip"):
        measure(voice.samples, voice.samples)


def test_too_little_sound_is_refused(voice):
    short = voice.cut(0.3, 0.5)
    with pytest.raises(ValueError, match=r"at least 0\.4 s"):
        stoi(short, short)


def test_pesq_wants_its_rate(voice):
    low = resample(voice, 8000)
    with pytest.raises(ValueError, match="need 16000 Hz"):
        pesq(low, low)


@WITH_DNSMOS
def test_dnsmos_hears_noise_without_a_reference(voice):
    scores = [dnsmos(noisy(voice, level)) for level in (0, 10, 20)]
    assert scores == sorted(scores)
    assert 1 < scores[0] < scores[-1] < dnsmos(voice) < 5


def test_dnsmos_refuses_what_it_cannot_hear(voice):
    for odd, message in (
        (resample(voice, 8000), "need 16000 Hz"),
        (voice.with_samples(0 * voice.samples), "not silent"),
        (voice.with_samples(voice.samples * (1.1 / voice.peak)), "within full scale"),
    ):
        with pytest.raises(ValueError, match=message):
            dnsmos(odd)
    with pytest.raises(TypeError, match="Clip"):
        dnsmos(voice.samples)


@pytest.mark.parametrize(
    ("package", "measure", "told"),
    [("pesq", lambda clip: pesq(clip, clip), "C compiler"), ("speechmos", dnsmos, "[dnsmos]")],
)
def test_a_missing_package_says_how_to_get_it(voice, monkeypatch, package, measure, told):
    real = builtins.__import__

    def without(name, *rest):
        if name == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match=re.escape(told)):
        measure(voice)
