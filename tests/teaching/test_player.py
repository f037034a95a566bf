import base64
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from PIL import Image

from course_lib.audio import Clip
from course_lib.teaching import player, players
from course_lib.teaching.player import MP3_RATES, encode, picture


def payload(html: str, kind: str) -> bytes:
    found = re.search(rf"data:{kind};base64,([A-Za-z0-9+/=]+)", html)
    assert found is not None
    return base64.b64decode(found[1])


def test_the_page_carries_the_sound_itself(tone: Clip) -> None:
    html = player(tone, "A tone", "steady, 440 Hz")._repr_html_()
    samples, sample_rate = soundfile.read(io.BytesIO(payload(html, "audio/mpeg")))
    assert sample_rate == tone.sample_rate
    assert abs(len(samples) - len(tone)) <= 2 * 1152  # frames of MP3
    spectrum = np.abs(np.fft.rfft(samples))
    loudest = np.argmax(spectrum) * sample_rate / len(samples)
    assert loudest == pytest.approx(440, abs=3)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(tone.rms, rel=0.1)


@pytest.mark.parametrize(
    ("length", "kind"), [(1, "wav"), (4000, "wav"), (4096, "wav"), (4097, "flac"), (8000, "flac")]
)
def test_lossless_carries_every_sample(length: int, kind: str, tone: Clip) -> None:
    tone = tone.with_samples(np.resize(tone.samples, length))
    html = player(tone, "A tone", "steady", lossless=True)._repr_html_()
    samples, sample_rate = soundfile.read(io.BytesIO(payload(html, f"audio/{kind}")))
    assert sample_rate == tone.sample_rate
    np.testing.assert_allclose(samples, tone.samples, atol=1 / 32768)


def test_the_same_sound_gives_the_same_page(tone: Clip) -> None:
    first = player(tone, "A tone", "steady")._repr_html_()
    assert first == player(tone, "A tone", "steady")._repr_html_()
    assert first != player(tone.cut(0, 0.4), "A tone", "steady")._repr_html_()


def test_a_page_without_sound_still_tells(tone: Clip) -> None:
    shown = player(tone, "A tone", "steady, 440 Hz")
    assert repr(shown) == "♪ A tone: steady, 440 Hz (0.50 s at 8000 Hz, -9 dBFS)"
    html = shown._repr_html_()
    assert 'aria-label="A tone: steady, 440 Hz"' in html
    assert 'alt="Spectrogram of A tone, 0 to 4 kHz over 0.50 s. steady, 440 Hz"' in html
    assert "0.50 s at 8000 Hz, -9 dBFS" in html


def test_text_is_escaped(tone: Clip) -> None:
    html = player(tone, '<b> & "x"', "a < b")._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt; &amp; &quot;x&quot;" in html


def test_silence_and_clipping_are_said() -> None:
    assert "silent" in repr(player(Clip(np.zeros(800), 8000), "Nothing", "silence"))
    loud = player(Clip(np.array([0.0, 2.0, -1.5, 0.5]), 8000), "Loud", "too loud")
    assert "⚠ clipped: 2 samples beyond full scale" in repr(loud)
    assert "⚠ clipped" in loud._repr_html_()
    decoded, _ = soundfile.read(io.BytesIO(encode(loud.clip, lossless=True)[1]))
    np.testing.assert_allclose(decoded, [0, 1, -1, 0.5], atol=1e-4)
    clip = Clip(4 * np.sin(np.arange(8000) / 5), 8000)
    decoded, _ = soundfile.read(io.BytesIO(encode(clip, lossless=False)[1]))
    assert np.sqrt(np.mean(decoded**2)) < 1  # a sine of height 4 would have 2.8


@pytest.mark.parametrize("length", [1, 2, 7, 300])
def test_the_shortest_sounds_have_a_page(length: int) -> None:
    html = player(Clip(np.full(length, 0.1), 8000), "Short", "a click")._repr_html_()
    assert payload(html, "audio/mpeg")
    assert payload(html, "image/png")


@pytest.mark.parametrize(
    ("sample_rate", "expected"), [(1000, 8000), (8000, 8000), (12345, 16000), (96000, 48000)]
)
def test_odd_sample_rates_move_to_one_that_mp3_knows(sample_rate: int, expected: int) -> None:
    assert expected in MP3_RATES
    clip = Clip(0.1 * np.ones(sample_rate // 4), sample_rate)
    assert soundfile.info(io.BytesIO(encode(clip, lossless=False)[1])).samplerate == expected


def test_noise_stays_small_enough_for_a_notebook(rng: np.random.Generator) -> None:
    noise = Clip(0.1 * rng.standard_normal(16000), 8000)  # the worst case for every coder here
    assert len(encode(noise, lossless=False)[1]) < 8_000
    assert len(picture(noise)) < 20_000


def test_the_picture_shows_the_tone_where_it_is(tone: Clip) -> None:
    with Image.open(io.BytesIO(picture(tone.with_samples(tone.samples)))) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int).sum(axis=2)
    inside = pixels[:, 60:380]
    plot = inside[(inside < 700).any(axis=1)]  # rows that are not all white
    top = int(np.argmin((inside >= 700).all(axis=1)))
    brightest = top + int(np.argmax(plot[: len(plot) * 2 // 3].mean(axis=1)))
    height = len(pixels)
    assert 0.45 < brightest / height < 0.75  # 440 Hz of 4000 lies low in the plot


def test_the_picture_is_the_same_whatever_the_reader_has_set(tone: Clip) -> None:
    expected = picture(tone)
    with mpl.rc_context():
        plt.style.use("dark_background")
        mpl.rcParams.update({"figure.dpi": 300, "font.size": 20, "text.usetex": True})
        assert picture(tone) == expected


def test_several_players_stand_in_order(tone: Clip) -> None:
    shown = players([(tone, "One", "first"), (tone.cut(0, 0.2), "Two", "second")])
    assert repr(shown).splitlines() == [
        "♪ One: first (0.50 s at 8000 Hz, -9 dBFS)",
        "♪ Two: second (0.20 s at 8000 Hz, -9 dBFS)",
    ]
    html = shown._repr_html_()
    assert html.count("<audio ") == html.count("<img ") == 2
    assert html.index("One") < html.index("Two")


def test_bad_input_is_refused(tone: Clip) -> None:
    with pytest.raises(TypeError, match=r"Clip\(samples, sample_rate\)"):
        player(tone.samples, "A tone", "steady")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="need a description"):
        player(tone, "A tone", " ")
    with pytest.raises(TypeError, match="text for the title"):
        player(tone, None, "steady")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least one sound"):
        players([])
