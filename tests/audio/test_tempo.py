"""Tempo changes keep the pitch, pitch changes the length; both on stretches as short as a word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import corpora
from course_lib.audio import Clip, change_pitch, change_tempo, noise, pulse_train, tone

RATE = 16_000
FACTORS = [0.5, 0.94, 1.06, 2.0]
SEMITONES = [-12.0, -0.5, 0.5, 4.0]


def frequency(clip: Clip) -> float:
    """Return where the spectrum of the clip's middle is highest, in Hz, to about 0.1."""
    middle = clip.samples[len(clip) // 8 : -len(clip) // 8]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 18))
    return float(spectrum.argmax() * clip.sample_rate / (1 << 18))


def level(clip: Clip) -> float:
    """Return the level in dB, a tenth of the clip at each end left out."""
    return float(20 * np.log10(clip.samples[len(clip) // 10 : -len(clip) // 10].std()))


@pytest.mark.parametrize("hertz", [110, 440, 3000])
@pytest.mark.parametrize("factor", FACTORS)
def test_another_tempo_keeps_pitch_and_level(hertz, factor):
    clip = tone(hertz, 0.4, RATE)
    changed = change_tempo(clip, factor)
    assert len(changed) == round(len(clip) / factor)
    assert frequency(changed) == pytest.approx(hertz, rel=1e-3)
    assert level(changed) == pytest.approx(level(clip), abs=0.05)


@pytest.mark.parametrize("hertz", [110, 440, 3000])
@pytest.mark.parametrize("semitones", SEMITONES)
def test_another_pitch_keeps_length_and_level(hertz, semitones):
    clip = tone(hertz, 0.4, RATE)
    changed = change_pitch(clip, semitones)
    assert len(changed) == len(clip)
    assert frequency(changed) == pytest.approx(hertz * 2 ** (semitones / 12), rel=1e-3)
    assert level(changed) == pytest.approx(level(clip), abs=0.05)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_buzz_keeps_its_period(factor):
    """Segments laid down without looking would meet out of phase, and break the period."""
    changed = change_tempo(pulse_train(125.0, 0.4, RATE), factor)
    x = changed.samples[len(changed) // 8 : -len(changed) // 8]
    assert np.corrcoef(x[:-128], x[128:])[0, 1] > 0.99


@pytest.mark.parametrize("factor", FACTORS)
def test_events_move_with_the_tempo(factor):
    """Noise in the clip's middle third alone stays in the middle third, to 25 ms."""
    samples = np.zeros(9600)
    samples[3200:6400] = noise(0.2, RATE, rng=np.random.default_rng(1)).samples
    changed = change_tempo(Clip(samples, RATE), factor)
    (sounding,) = np.nonzero(np.abs(changed.samples) > 1e-3)
    assert sounding[0] == pytest.approx(3200 / factor, abs=0.025 * RATE)
    assert sounding[-1] == pytest.approx(6400 / factor, abs=0.025 * RATE)


@pytest.mark.parametrize("factor", [0.94, 1.06])
def test_noise_loses_little(rng, factor):
    clip = noise(1.0, RATE, rng=rng)
    assert -1 < level(change_tempo(clip, factor)) - level(clip) < 0.1


def test_a_spoken_word_a_little_faster_and_slower_comes_back():
    word = corpora.load("speech/en/digits/4", sample_rate=RATE)
    for factor, semitones in ((0.94, -0.5), (1.06, 0.5)):
        fast = change_tempo(word, factor)
        assert len(fast) == round(len(word) / factor)
        assert fast.rms == pytest.approx(word.rms, rel=0.05)
        assert change_pitch(word, semitones).rms == pytest.approx(word.rms, rel=0.05)


def test_no_change_is_no_work(tone):
    assert change_tempo(tone, 1) is tone
    assert change_pitch(tone, 0) is tone


def test_a_factor_of_nearly_one_changes_nearly_nothing():
    clip = noise(0.4, RATE, rng=np.random.default_rng(2))
    changed = change_tempo(clip, 1 + 1e-6)
    np.testing.assert_allclose(changed.samples, clip.samples, atol=1e-6)


def test_louder_is_not_more_alike():
    swelling = tone(220, 0.4, RATE).samples * np.exp(10 * np.arange(6400) / RATE)
    clip = Clip(swelling, RATE)
    changed = change_tempo(clip, 1 + 1e-6)
    np.testing.assert_allclose(changed.samples, clip.samples, atol=1e-3 * clip.peak)


def test_changes_of_pitch_are_right_to_a_cent():
    clip = tone(2000, 1.0, RATE)
    for semitones in (0.02, 0.1, 0.37, -1.3):
        changed = change_pitch(clip, semitones)
        cents = 1200 * np.log2(frequency(changed) / frequency(clip))
        assert cents == pytest.approx(100 * semitones, abs=1)


def test_a_tone_that_would_alias_goes():
    assert change_pitch(tone(6000, 0.4, RATE), 12).rms < 0.01


@given(
    length=st.integers(1, 1200),
    rate=st.sampled_from([1, 100, 8000, 16_000]),
    factor=st.floats(0.25, 4),
    semitones=st.floats(-24, 24),
)
def test_any_length_at_any_rate(length, rate, factor, semitones):
    clip = Clip(np.sin(np.arange(length) / 7), rate)
    changed = change_tempo(clip, factor)
    assert len(changed) == max(1, round(length / factor))
    assert changed.sample_rate == rate
    assert changed.peak <= 1 + 1e-6
    assert len(change_pitch(clip, semitones)) == length


def test_silence_stays_silent():
    assert change_tempo(Clip(np.zeros(5000), RATE), 1.5).peak == 0
    assert change_pitch(Clip(np.zeros(5000), RATE), 3).peak == 0


@pytest.mark.parametrize(
    ("change", "value", "error", "says"),
    [
        (change_tempo, 0, ValueError, "from 0.25 to 4, got 0"),
        (change_tempo, -1, ValueError, "from 0.25 to 4"),
        (change_tempo, 4.1, ValueError, "from 0.25 to 4"),
        (change_tempo, np.nan, ValueError, "factor"),
        (change_tempo, "fast", TypeError, "factor"),
        (change_pitch, 25, ValueError, "from -24 to 24"),
        (change_pitch, np.inf, ValueError, "semitones"),
        (change_pitch, None, TypeError, "semitones"),
    ],
)
def test_changes_that_will_not_do(tone, change, value, error, says):
    with pytest.raises(error, match=says):
        change(tone, value)


@pytest.mark.parametrize("change", [change_tempo, change_pitch])
def test_an_array_has_no_seconds(change):
    with pytest.raises(TypeError, match="sample rate"):
        change(np.zeros(100), 1)
