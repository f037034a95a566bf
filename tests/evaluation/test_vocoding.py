"""What a vocoder is judged by: against definitions, known answers, and bad input."""

import librosa
import numpy as np
import pytest

from course_lib.audio import Clip, noise, pulse_train, tone
from course_lib.evaluation import compare_vocoders, harmonicity, mel_distance, vocoder_table
from course_lib.features import hann

RATE = 8000


def voiced(rate=RATE, *, pitch=217.3, snr=np.inf, seconds=1.0, seed=0):
    """A harmonic sound of all harmonics, 6 dB an octave, with white noise at a known level."""
    time = np.arange(round(seconds * rate)) / rate
    harmonics = np.arange(1, int(rate / 2 / pitch) + 1)[:, None]
    x = np.sum(np.cos(2 * np.pi * pitch * harmonics * time + harmonics**2) / harmonics, axis=0)
    hiss = np.random.default_rng(seed).standard_normal(len(x))
    x += hiss * np.sqrt(np.mean(x**2) / np.mean(hiss**2)) * 10 ** (-snr / 20)
    return Clip(0.2 * x, rate)


@pytest.mark.parametrize("rate", [8000, 16_000])
@pytest.mark.parametrize("snr", [0, 5, 10, 20])
def test_harmonicity_of_a_voice_in_known_noise(rate, snr):
    ratios = harmonicity(voiced(rate, snr=snr), hop_length=rate // 100)[10:-10]
    assert ratios.mean() == pytest.approx(snr, abs=1)


def test_harmonicity_at_its_ends(rng):
    assert harmonicity(tone(200, 1, RATE), hop_length=80)[10:-10].min() > 30
    assert harmonicity(pulse_train(200, 1, RATE), hop_length=80)[10:-10].min() > 30
    assert harmonicity(noise(1, RATE, rng=rng), hop_length=80)[10:-10].mean() < -3
    both = harmonicity(voiced(), hop_length=80), harmonicity(voiced(seconds=2), hop_length=80)
    assert len(both[0]) == 1 + 8000 // 80
    np.testing.assert_allclose(both[0][10:80], both[1][10:80])


def test_harmonicity_is_its_definition(rng):
    """One frame, with the sums written out, at a period of a whole number of samples."""
    clip = Clip(np.tile(rng.standard_normal(40), 30) + 0.3 * rng.standard_normal(1200), RATE)
    half = round(4.5 * RATE / 100 / 2)
    window = np.append(hann(2 * half), 0.0)
    x = clip.samples[600 - half : 601 + half].astype(float)
    x = window * (x - x.mean())
    share = max(
        (x[lag:] @ x[:-lag]) / (x @ x) * (window @ window) / (window[lag:] @ window[:-lag])
        for lag in range(int(RATE / 300), RATE // 100 + 1)
    )
    ours = harmonicity(clip, hop_length=600, lowest=100, highest=300)[1]
    assert ours == pytest.approx(10 * np.log10(share / (1 - share)), abs=0.05)
    assert 5 < ours < 15


def test_harmonicity_depends_neither_on_level_nor_on_an_offset():
    clip = voiced(snr=10)
    expected = harmonicity(clip, hop_length=400)[2:-2]
    quiet = harmonicity(Clip(clip.samples * 1e-4, RATE), hop_length=400)[2:-2]
    lifted = harmonicity(Clip(clip.samples + 0.5, RATE), hop_length=400)[2:-2]
    np.testing.assert_allclose(quiet, expected, atol=1e-3)
    np.testing.assert_allclose(lifted, expected, atol=1e-3)


def test_silence_has_no_harmonicity():
    clip = Clip.join([Clip(np.zeros(4000), RATE), voiced()])
    ratios = harmonicity(clip, hop_length=80)
    assert np.isnan(ratios[:40]).all()
    assert np.isfinite(ratios[60:]).all()
    assert harmonicity(Clip(np.ones(1), RATE), hop_length=80).shape == (1,)


def test_mel_distance_measures_level():
    hiss = noise(0.5, 16_000, rms=0.1, rng=np.random.default_rng(1))
    half = Clip(hiss.samples / 2, 16_000)
    assert mel_distance(hiss, half) == pytest.approx(20 * np.log10(2), abs=1e-3)
    assert mel_distance(hiss, hiss) == 0
    assert mel_distance(hiss, Clip(-hiss.samples, 16_000)) == 0


def test_mel_distance_is_its_definition(rng):
    x, y = (0.1 * rng.standard_normal(8000).astype(np.float32) for _ in range(2))
    y[:4000] *= 1e-5  # much of it below the floor
    expected = []
    for window in (256, 512, 1024):
        settings = {"n_fft": window, "hop_length": window // 4, "pad_mode": "constant", "power": 1}
        levels = [
            20 * np.log10(np.maximum(1e-5, librosa.feature.melspectrogram(
                y=z, sr=16_000, n_mels=40, **settings)))
            for z in (x, y)
        ]  # fmt: skip
        floor = levels[0].max() - 60
        expected.append(np.abs(np.subtract(*np.maximum(levels, floor))).mean())
    measured = mel_distance(Clip(x, 16_000), Clip(y, 16_000))
    assert measured == pytest.approx(np.mean(expected), rel=1e-3)


def test_what_lies_below_the_floor_does_not_count(tone):
    rng = np.random.default_rng(1)
    hiss = tone.samples + 1e-6 * rng.standard_normal(len(tone))
    assert mel_distance(tone, Clip(hiss, RATE)) < 0.01


def test_better_copies_score_better():
    originals = [voiced(), voiced(pitch=120, seconds=0.5)]
    copies = {
        f"noise at {snr} dB": [
            voiced(snr=snr, seed=1),
            voiced(pitch=120, seconds=0.5, snr=snr, seed=2),
        ]
        for snr in (20, 10, 0)
    }
    scores = list(compare_vocoders(originals, copies).values())
    assert scores[0].distance == scores[0].harmonicity_change == 0
    distances, changes = (
        [score.distance for score in scores],
        [score.harmonicity_change for score in scores],
    )
    assert distances == sorted(set(distances))
    assert changes == sorted(set(changes), reverse=True)
    assert scores[2].harmonicity == pytest.approx(10, abs=1)
    assert all(score.seconds == 1.5 for score in scores)


def test_longer_clips_weigh_more():
    one, other = voiced(), voiced(pitch=120, seconds=0.5)
    half = Clip(other.samples / 2, RATE)
    score = compare_vocoders([one, other], {"v": [one, half]})["v"]
    assert score.distance == pytest.approx(mel_distance(other, half) / 3)


def test_only_voiced_frames_are_compared_and_silence_there_is_bad():
    voice = voiced(seconds=0.5)
    hiss = noise(0.5, RATE, rms=0.003, rng=np.random.default_rng(1))
    original = Clip.join([voice, hiss])
    scores = compare_vocoders(
        [original],
        {
            "hiss left out": [Clip.join([voice, Clip(np.zeros(4000), RATE)])],
            "voice left out": [Clip(np.zeros(8000), RATE)],
        },
    )
    assert scores["hiss left out"].harmonicity_change == pytest.approx(0, abs=2.5)
    assert scores["voice left out"].harmonicity == pytest.approx(-40, abs=0.01)


def test_the_table_shows_all_that_is_measured():
    clip = voiced()
    table = vocoder_table(compare_vocoders([clip], {"copy": [voiced(snr=10)]}))
    assert [len(row) for row in table.rows] == [len(table.columns)] * 2
    assert table.rows[0][1:] == ("0.00", table.rows[0][2], "+0.0")
    assert table.caption == f"{clip.duration:.1f} s of held-out sound"
    with pytest.raises(ValueError, match="at least one score"):
        vocoder_table({})


def test_pairs_that_will_not_do(tone):
    longer, faster = Clip(np.ones(4001), RATE), Clip(tone.samples, 16_000)
    for other in (longer, faster):
        with pytest.raises(ValueError, match="one length and sample rate, got Clip"):
            mel_distance(tone, other)
        with pytest.raises(ValueError, match="one length and sample rate, got Clip"):
            compare_vocoders([tone], {"other": [other]})
    for bad in (tone.samples, np.zeros((9, 2)), None):
        with pytest.raises(TypeError, match="Clip"):
            mel_distance(tone, bad)
        with pytest.raises(TypeError, match="Clip"):
            harmonicity(bad, hop_length=80)
    with pytest.raises(ValueError, match="not silent"):
        mel_distance(Clip(np.zeros(99), RATE), Clip(np.zeros(99), RATE))


def test_settings_that_will_not_do(tone):
    with pytest.raises(ValueError, match="lowest"):
        harmonicity(tone, hop_length=80, lowest=500, highest=100)
    with pytest.raises(ValueError, match="highest"):
        harmonicity(tone, hop_length=80, highest=3000)
    with pytest.raises(ValueError, match="hop_length"):
        harmonicity(tone, hop_length=0)
    with pytest.raises(ValueError, match="at least one original"):
        compare_vocoders([], {})
    with pytest.raises(ValueError, match="no frame has a pitch"):
        compare_vocoders([Clip(np.zeros(4000), RATE)], {})
    with pytest.raises(ValueError, match="copy of each of 1 originals by v, got 2"):
        compare_vocoders([tone], {"v": [tone, tone]})


def test_a_clip_of_one_sample_can_be_compared():
    assert mel_distance(Clip(np.ones(1), RATE), Clip(np.ones(1), RATE)) == 0
