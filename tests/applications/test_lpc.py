"""The LPC voice: identity, twins, pitch, whisper, song, level, smoothness, bad input."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from course_lib import corpora
from course_lib.applications.lpc import (
    SMOOTHING,
    LpcFrames,
    analyse,
    lattice_filter_by_hand,
    lattice_residual_by_hand,
    synthesise,
)
from course_lib.applications.singing import sing
from course_lib.audio import Clip
from course_lib.features.pitch import track_pitch
from course_lib.kernels.lattice import lattice_filter, lattice_residual

SENTENCES = ["one-moment-please", "vm-delete", "agent-newlocation"]


def sentence(name: str = SENTENCES[0]) -> Clip:
    return corpora.load(f"speech/en/{name}", sample_rate=8000)


@pytest.fixture(scope="module", params=SENTENCES)
def spoken(request) -> tuple[Clip, LpcFrames]:
    clip = sentence(request.param)
    return clip, analyse(clip)


@pytest.fixture(scope="module")
def voice() -> LpcFrames:
    return analyse(sentence())


def seeded() -> np.random.Generator:
    return np.random.default_rng(3)


def envelopes(frames: LpcFrames) -> np.ndarray:
    """The all-pole spectrum of every frame in dB, without its gain, (frames, 129)."""
    polynomials = np.zeros((len(frames), frames.order + 1))
    polynomials[:, 0] = 1.0
    for m in range(frames.order):
        k = frames.reflection[:, m, None]
        polynomials[:, : m + 2] -= k * polynomials[:, : m + 2][:, ::-1]
    return -20 * np.log10(np.abs(np.fft.rfft(polynomials, 256, axis=1)))


def envelope_distance(made: LpcFrames, original: LpcFrames) -> float:
    """Median over the original's voiced frames of the log-spectral distance in dB."""
    difference = envelopes(made)[original.voiced] - envelopes(original)[original.voiced]
    return float(np.median(np.sqrt(np.mean(difference**2, axis=1))))


def level_error(made: LpcFrames, original: LpcFrames) -> np.ndarray:
    """Level difference in dB in the original's voiced frames."""
    return np.abs(20 * np.log10(made.level / original.level)[original.voiced])


def test_reflection_solves_the_normal_equations():
    clip = sentence()
    frames = analyse(clip, order=10)
    t, window = 60, scipy.signal.windows.hann(240, sym=False)
    x = np.pad(clip.samples.astype(float), 240)[t * 80 + 120 : t * 80 + 360] * window
    r = np.array([x[: 240 - k] @ x[k:] for k in range(11)])
    r *= np.exp(-0.5 * (2 * np.pi * SMOOTHING * np.arange(11) / 8000) ** 2)
    for order in range(1, 11):
        phi = scipy.linalg.solve_toeplitz(r[:order], r[1 : order + 1])
        np.testing.assert_allclose(frames.reflection[t, order - 1], phi[-1], atol=1e-10)


def test_still_lattice_is_the_direct_filter(rng):
    k = np.array([0.9, -0.5, 0.3])
    a = np.array([1.0])
    for value in k:
        a = np.append(a, 0.0) - value * np.append(a, 0.0)[::-1]
    x = rng.normal(size=500)
    np.testing.assert_allclose(
        lattice_residual(x, k[None, :], 80.0), scipy.signal.lfilter(a, [1.0], x), atol=1e-10
    )
    np.testing.assert_allclose(
        lattice_filter(x, k[None, :], 80.0), scipy.signal.lfilter([1.0], a, x), atol=1e-10
    )


@given(st.integers(1, 8), st.integers(1, 6), st.integers(1, 120), st.floats(0.7, 50.0))
def test_lattice_round_trip_and_twins(order, frames, length, hop_length):
    rng = np.random.default_rng([order, frames, length])
    reflection = rng.uniform(-0.95, 0.95, size=(frames, order))
    x = rng.normal(size=length)
    e = lattice_residual(x, reflection, hop_length)
    scale = np.abs(e).max() + 1
    np.testing.assert_allclose(
        lattice_residual_by_hand(x, reflection, hop_length), e, atol=1e-9 * scale
    )
    np.testing.assert_allclose(lattice_filter(e, reflection, hop_length), x, atol=1e-7 * scale)
    np.testing.assert_allclose(
        lattice_filter_by_hand(e, reflection, hop_length), x, atol=1e-7 * scale
    )


def test_lattice_looks_only_back(rng):
    reflection = rng.uniform(-0.9, 0.9, size=(5, 4))
    x = rng.normal(size=100)
    changed = x.copy()
    changed[60:] += 1.0
    for run in (lattice_residual, lattice_filter):
        before, after = run(x, reflection, 20.0), run(changed, reflection, 20.0)
        np.testing.assert_array_equal(before[:60], after[:60])
        assert before[60] != after[60]


def test_frames_have_the_same_clock(spoken):
    clip, frames = spoken
    assert len(frames) == 1 + len(clip) // 80
    assert frames.reflection.shape == (len(frames), 16)
    assert len(frames.residual) == len(clip)
    assert (frames.hop_length, frames.sample_rate, frames.order) == (80, 8000, 16)
    np.testing.assert_array_equal(frames.pitch, track_pitch(clip))
    window, t = scipy.signal.windows.hann(240, sym=False), 50
    around = clip.samples[t * 80 - 120 : t * 80 + 120].astype(float)
    expected = np.sqrt(np.sum(window * around**2) / window.sum())
    np.testing.assert_allclose(frames.level[t], expected, rtol=1e-9)


def test_residual_is_small_and_flat(spoken):
    clip, frames = spoken
    gain = np.mean(clip.samples.astype(float) ** 2) / np.mean(frames.residual**2)
    assert 10 * np.log10(gain) > 12  # dB
    assert _flatness(frames.residual) > 10 * _flatness(clip.samples.astype(float))


def _flatness(x: np.ndarray) -> float:
    """Geometric over arithmetic mean of the long-term spectrum: 1 is white."""
    _, power = scipy.signal.welch(x, nperseg=512)
    return float(np.exp(np.mean(np.log(power[1:-1]))) / np.mean(power[1:-1]))


def test_residual_gives_the_recording_back(spoken):
    clip, frames = spoken
    exact = lattice_filter(frames.residual, frames.reflection, 80.0)
    np.testing.assert_allclose(exact, clip.samples, atol=1e-9)
    again = synthesise(frames, "residual")
    np.testing.assert_allclose(again.samples, clip.samples, atol=1e-6)


def test_pulses_speak_the_sentence(spoken):
    clip, frames = spoken
    made = synthesise(frames, rng=seeded())
    heard = analyse(made)
    assert len(made) == len(clip)
    assert np.percentile(level_error(heard, frames), 95) < 1.0  # dB
    assert envelope_distance(heard, frames) < 2.5  # dB
    assert abs(np.nanmedian(heard.pitch / frames.pitch) - 1) < 0.01
    assert (heard.voiced == frames.voiced).mean() > 0.85
    assert not np.allclose(made.samples, clip.samples, atol=0.05)


@pytest.mark.parametrize("scale", [0.6, 0.8, 1.25, 1.4])
def test_shifted_pitch_is_the_one_asked(spoken, scale):
    _, frames = spoken
    made = synthesise(frames, pitch_scale=scale, rng=seeded())
    heard = analyse(made)
    assert abs(np.nanmedian(heard.pitch / frames.pitch) / scale - 1) < 0.02
    assert heard.voiced.sum() > 0.75 * frames.voiced.sum()
    assert envelope_distance(heard, frames) < 4.0
    assert made.peak <= 1.0


def test_robot_holds_one_pitch(spoken):
    _, frames = spoken
    heard = track_pitch(synthesise(frames, pitch=120.0, rng=seeded()))
    heard = heard[np.isfinite(heard)]
    assert abs(np.median(heard) / 120.0 - 1) < 0.01
    assert np.mean(np.abs(heard / 120.0 - 1) < 0.05) > 0.9


def test_whisper_has_no_pitch_but_the_same_mouth(spoken):
    _, frames = spoken
    heard = analyse(synthesise(frames, "noise", rng=seeded()))
    assert heard.voiced.mean() < 0.03
    assert envelope_distance(heard, frames) < 3.0
    assert np.percentile(level_error(heard, frames), 90) < 1.0


def test_stretch_changes_pace_and_not_pitch(spoken):
    clip, frames = spoken
    made = synthesise(frames, stretch=1.7, rng=seeded())
    assert len(made) == round(1.7 * len(clip))
    heard = track_pitch(made)
    assert abs(np.nanmedian(heard) / np.nanmedian(frames.pitch) - 1) < 0.03
    slowed = np.interp(np.arange(len(heard)) / 1.7, np.arange(len(frames)), frames.level)
    made_level = np.interp(
        np.arange(len(heard)), np.arange(len(heard)), analyse(made).level[: len(heard)]
    )
    assert np.corrcoef(made_level, slowed)[0, 1] > 0.98


@pytest.mark.parametrize("kind", ["pulses", "noise"])
def test_no_clicks_and_no_clipping(spoken, kind):
    clip, frames = spoken
    made = synthesise(frames, kind, rng=seeded())
    assert made.peak <= 1.0
    jump = np.abs(np.diff(made.samples)).max()
    assert jump < 1.5 * np.abs(np.diff(clip.samples)).max()


def test_breath_replaces_the_buzz_above(voice):
    """Between the harmonics of a robot's 200 Hz lies nothing, except where breath begins."""

    def valley_to_peak(clip: Clip, low: float, high: float) -> float:
        frequency, power = scipy.signal.welch(clip.samples, 8000, nperseg=2048)
        inside = (frequency > low) & (frequency < high)
        offset = np.abs((frequency + 100) % 200 - 100)
        near, between = inside & (offset < 20), inside & (offset > 80)
        return float(power[between].mean() / power[near].mean())

    steady = dataclasses.replace(
        voice,
        reflection=np.repeat(voice.reflection[[voice.steadiest_vowel()]], len(voice), axis=0),
        pitch=np.full(len(voice), 200.0),
    )
    buzz = synthesise(steady, breath_above=4000.0, rng=seeded())
    breathy = synthesise(steady, breath_above=1500.0, rng=seeded())
    assert valley_to_peak(buzz, 2500, 3500) < 0.1
    assert valley_to_peak(breathy, 2500, 3500) > 0.5
    assert valley_to_peak(breathy, 200, 900) < 0.1


@pytest.fixture
def tube() -> LpcFrames:
    """A second of 100 Hz through no filter at all."""
    return LpcFrames(
        reflection=np.zeros((101, 1)),
        gain=np.full(101, 0.1),
        level=np.full(101, 0.1),
        pitch=np.full(101, 100.0),
        residual=np.zeros(8000),
        sample_rate=8000,
        hop_length=80,
    )


def test_pulses_and_breath_together_are_flat(tube):
    made = synthesise(tube, breath_above=2500.0, stretch=20.0, rng=seeded())
    _, power = scipy.signal.welch(made.samples, 8000, nperseg=240)
    bands = 10 * np.log10(power[4:112].reshape(-1, 12).mean(axis=1))
    assert np.abs(bands - bands.mean()).max() < 1.5  # dB


def test_a_pulse_is_flat_but_no_bare_click(tube):
    """Every harmonic is equally strong, and the crest far below a click's."""
    made = synthesise(tube, breath_above=100_000.0, rng=seeded())
    assert abs(20 * np.log10(made.rms / 0.1)) < 0.5
    assert made.peak / made.rms < 3.5  # 100 clicks a second: sqrt(80) = 8.9
    strength = np.abs(np.fft.rfft(made.samples[800:7200]))[80:3040:80]
    assert strength.max() / strength.min() < 1.05


@pytest.mark.parametrize("vibrato", [0.0, 0.3])
def test_sung_notes_are_in_tune(voice, vibrato):
    notes = [(57, 0.5), (60, 0.5), (64, 0.5), (None, 0.3), (69, 1.0)]
    song = sing(voice, notes, vibrato=vibrato, rng=seeded())
    pitch = track_pitch(song)
    start = 0.0
    for note, seconds in notes:
        inside = pitch[round(100 * (start + 0.1)) : round(100 * (start + seconds - 0.05))]
        start += seconds
        if note is None:
            assert np.isnan(inside[3:]).all()
            continue
        wanted = 440 * 2 ** ((note - 69) / 12)
        assert np.isfinite(inside).mean() > 0.95
        assert abs(np.median(inside) / wanted - 1) < 0.01
    assert abs(song.duration - start) < 0.011
    assert song.peak <= 1.0


def test_song_keeps_the_vowel_and_its_level(voice):
    vowel = voice.steadiest_vowel()
    song = analyse(sing(voice, [(57, 1.0)], rng=seeded()))
    middle = slice(20, 80)
    assert abs(20 * np.log10(song.level[middle].mean() / voice.level[vowel])) < 1.0
    difference = envelopes(song)[middle] - envelopes(voice)[vowel]
    assert np.median(np.sqrt(np.mean(difference**2, axis=1))) < 3.5


def test_the_singer_breathes_in_rests(voice):
    song = sing(voice, [(60, 0.4), (None, 0.4), (60, 0.4)], rng=seeded())
    assert song.cut(0.46, 0.76).rms < 0.01 * song.cut(0.1, 0.3).rms
    assert song.cut(0.9, 1.1).rms > 0.5 * song.cut(0.1, 0.3).rms


def test_generator_decides(voice):
    first, second = (synthesise(voice, rng=seeded()) for _ in range(2))
    assert first == second
    assert first != synthesise(voice, rng=np.random.default_rng(4))


def test_replaced_pitch_is_spoken(voice):
    falling = dataclasses.replace(
        voice, pitch=np.where(voice.voiced, np.linspace(300, 150, len(voice)), np.nan)
    )
    heard = track_pitch(synthesise(falling, rng=seeded()))
    assert np.nanmedian(np.abs(heard / falling.pitch - 1)) < 0.01


def test_silence_stays_silent():
    frames = analyse(Clip(np.zeros(2000), 8000))
    assert not frames.reflection.any()
    assert not frames.voiced.any()
    for made in (synthesise(frames, "residual"), synthesise(frames, rng=seeded())):
        assert len(made) == 2000
        assert made.peak == 0.0
    with pytest.raises(ValueError, match="need three voiced frames in a row"):
        sing(frames, [(60, 0.5)], rng=seeded())


@pytest.mark.parametrize("length", [17, 60, 80, 239])
def test_short_clips(length):
    samples = 0.3 * np.random.default_rng(0).normal(size=length)
    frames = analyse(Clip(samples, 8000))
    again = synthesise(frames, "residual")
    np.testing.assert_allclose(again.samples, samples, atol=1e-6)
    assert len(synthesise(frames, "noise", rng=seeded())) == length


def test_other_sample_rates_and_settings():
    wide = corpora.load("speech/en/one-moment-please", sample_rate=16000)
    frames = analyse(wide, order=20, window_length=512, hop_length=128)
    assert frames.reflection.shape == (1 + len(wide) // 128, 20)
    np.testing.assert_allclose(synthesise(frames, "residual").samples, wide.samples, atol=1e-6)
    assert len(synthesise(frames, rng=seeded())) == len(wide)


def test_peaks_are_brought_under_one(voice):
    loud = dataclasses.replace(voice, level=5 * voice.level, gain=5 * voice.gain)
    made = synthesise(loud, rng=seeded())
    assert made.peak == 1.0


@pytest.mark.parametrize(
    ("clip", "settings", "error", "message"),
    [
        (np.zeros(100), {}, TypeError, "need a Clip, got ndarray"),
        (Clip(np.zeros(16), 8000), {}, ValueError, r"order \+ 1 = 17 samples, got 16"),
        (Clip(np.zeros(900), 2000), {}, ValueError, "sample rate above 2000 Hz"),
        (Clip(np.zeros(900), 8000), {"order": 0}, ValueError, "order of at least 1, got 0"),
        (Clip(np.zeros(900), 8000), {"order": 2.5}, TypeError, "whole number for order"),
        (Clip(np.zeros(900), 8000), {"order": 900}, ValueError, "901 samples, got 900"),
        (Clip(np.zeros(900), 8000), {"window_length": 16}, ValueError, "17 samples, got 16"),
        (Clip(np.zeros(900), 8000), {"hop_length": 241}, ValueError, "window_length = 240"),
        (Clip(np.zeros(900), 8000), {"hop_length": 0}, ValueError, "hop_length of at least 1"),
    ],
)
def test_analyse_refuses(clip, settings, error, message):
    with pytest.raises(error, match=message):
        analyse(clip, **settings)


@pytest.mark.parametrize(
    ("excitation", "settings", "error", "message"),
    [
        ("hiss", {}, ValueError, 'need "residual", "pulses" or "noise", got \'hiss\''),
        ("pulses", {"rng": None}, TypeError, "need a numpy Generator"),
        ("residual", {"pitch_scale": 2.0}, ValueError, "the residual has its own pitch"),
        ("residual", {"stretch": 2.0}, ValueError, "the residual has its own pitch"),
        ("residual", {"pitch": 100.0}, ValueError, "the residual has its own pitch"),
        ("noise", {"pitch": 100.0}, ValueError, "a whisper has no pitch"),
        ("noise", {"pitch_scale": 2.0}, ValueError, "a whisper has no pitch"),
        ("pulses", {"pitch_scale": 0.0}, ValueError, "pitch_scale strictly between 0"),
        ("pulses", {"pitch": -3.0}, ValueError, "pitch strictly between 0"),
        ("pulses", {"pitch": 2000.0}, ValueError, "below a quarter of the sample rate, 2000 Hz"),
        ("pulses", {"stretch": np.nan}, ValueError, "stretch"),
        ("pulses", {"breath_above": 0.0}, ValueError, "breath_above"),
    ],
)
def test_synthesise_refuses(voice, excitation, settings, error, message):
    with pytest.raises(error, match=message):
        synthesise(voice, excitation, **({"rng": seeded()} | settings))


@pytest.mark.parametrize(
    ("notes", "settings", "error", "message"),
    [
        ([], {}, ValueError, "need one or more notes"),
        ([(60, 0.0)], {}, ValueError, "seconds of a note"),
        ([("C4", 0.5)], {}, TypeError, "need a number for note, got 'C4'"),
        ([(120, 0.5)], {}, ValueError, "below a quarter of the sample rate"),
        ([(60, 0.5)], {"vowel": 100_000}, ValueError, "need a vowel frame below"),
        ([(60, 0.5)], {"vibrato": -1.0}, ValueError, "vibrato"),
        ([(60, 0.5)], {"rng": 3}, TypeError, "need a numpy Generator"),
    ],
)
def test_sing_refuses(voice, notes, settings, error, message):
    with pytest.raises(error, match=message):
        sing(voice, notes, **({"rng": seeded()} | settings))


def test_frames_refuse_nonsense(voice):
    with pytest.raises(ValueError, match="one reflection row, gain, level and pitch"):
        dataclasses.replace(voice, gain=voice.gain[:-1])
    with pytest.raises(ValueError, match="strictly between -1 and 1"):
        dataclasses.replace(voice, reflection=np.ones_like(voice.reflection))
    with pytest.raises(ValueError, match="pitch above 0 Hz"):
        dataclasses.replace(voice, pitch=np.zeros(len(voice)))
