"""The published embedding: its authors' network, their frames, and what it tells apart."""

import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from aisfx import inference, preprocessing

from course_lib import corpora
from course_lib.audio import Clip, resample
from course_lib.evaluation.ears import embedding
from course_lib.evaluation.ears.embedding import (
    BANDS,
    FRAMES,
    HOP_LENGTH,
    LOUDEST,
    SAMPLE_RATE,
    WINDOW_LENGTH,
    SoundEffects,
    picture,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def embed() -> SoundEffects:
    return SoundEffects()


@pytest.fixture(scope="module")
def hits() -> list[Clip]:
    return [recording.load() for recording in corpora.percussion(label="snare", split="test")[:2]]


def authors_network() -> torch.nn.Module:
    """The network as the package itself builds it, heads and all."""
    path = str(files("aisfx") / "models" / "checkpoint.pth")
    weights, datasets = torch.load(path, map_location="cpu", weights_only=False)
    return inference.load_bestModel(weights, datasets, "cpu")


def test_the_settings_are_the_authors() -> None:
    assert (SAMPLE_RATE, WINDOW_LENGTH) == (inference.SAMPLE_RATE, inference.SPEC_BLOCK_LENGTH)
    assert (HOP_LENGTH, BANDS) == (inference.SPEC_HOP_LENGTH, inference.MEL_BINS)
    assert inference.EMB_BLOCK_LENGTH == FRAMES
    scaled = preprocessing.spectrogram_normalize(np.full((2, 2), LOUDEST))
    assert scaled == pytest.approx(np.ones((2, 2)))


def test_the_network_is_the_authors(embed, hits) -> None:
    heard = torch.from_numpy(np.stack([picture(clip) for clip in hits])).float()
    with torch.no_grad():
        expected = authors_network().get_embedding(heard).numpy()
    found = embed(hits)
    assert found.shape == (2, 512)
    assert found == pytest.approx(expected, abs=1e-5)


def test_short_sounds_are_filled_up_as_the_authors_do(hits) -> None:
    heard = picture(hits[0])
    count = 1 + int(np.flatnonzero(heard.any(axis=1))[-1])
    (block,) = preprocessing.blocking(heard[:count], FRAMES, FRAMES // 2, drop_partial_block=True)
    assert 10 < count < FRAMES
    assert np.array_equal(block, heard)


def test_a_tone_lights_its_band_and_a_full_scale_one_is_as_loud_as_can_be() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for band in (5, 40, 80):  # bands are centred at equal steps of HTK's mel scale
        mel = (band + 1) * 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700) / (BANDS + 1)
        frequency = 700 * (10 ** (mel / 2595) - 1)
        heard = picture(Clip(np.sin(2 * np.pi * frequency * time), SAMPLE_RATE))
        assert heard[20].argmax() == band
    low = picture(Clip(np.sin(2 * np.pi * 43.07 * time), SAMPLE_RATE))
    assert 0.97 < low.max() < 1.01  # a hundred thousand recordings had 1 for the loudest


def test_frames_agree_with_a_direct_sum(rng) -> None:
    clip = Clip(rng.uniform(-1, 1, SAMPLE_RATE // 2), SAMPLE_RATE)
    x = np.pad(clip.samples.astype(float) / clip.peak, WINDOW_LENGTH)
    n, m = np.arange(WINDOW_LENGTH), 7
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / (WINDOW_LENGTH - 1))
    start = WINDOW_LENGTH + m * HOP_LENGTH - WINDOW_LENGTH // 2
    cut = window * x[start : start + WINDOW_LENGTH]
    frequencies = np.arange(WINDOW_LENGTH // 2 + 1) * SAMPLE_RATE / WINDOW_LENGTH
    power = np.abs(np.exp(-2j * np.pi * np.outer(frequencies / SAMPLE_RATE, n)) @ cut) ** 2
    mels = 2595 * np.log10(1 + frequencies / 700)
    corners = np.linspace(0, 2595 * np.log10(1 + SAMPLE_RATE / 2 / 700), BANDS + 2)
    for band in (0, 30, 95):
        low, middle, high = corners[band : band + 3]
        triangle = np.interp(mels, [low, middle, high], [0, 1, 0], left=0, right=0)
        expected = np.log10(1 + 1e4 * (triangle @ power) / triangle.sum()) / LOUDEST
        assert picture(clip)[m, band] == pytest.approx(expected, rel=1e-6)


def test_level_does_not_count_and_silence_is_heard(embed, hits) -> None:
    loud, quiet = hits[0].with_peak(0.9), hits[0].with_peak(0.09)
    both = embed([loud, quiet, Clip(np.zeros(400), 8000)])
    assert both[1] == pytest.approx(both[0], abs=1e-4)
    assert np.isfinite(both[2]).all()
    assert np.linalg.norm(both[2] - both[0]) > 1


def test_a_hit_is_nearer_to_itself_resampled_than_to_noise(embed, hits, rng) -> None:
    clip = hits[0]
    noise = clip.with_samples(rng.permutation(clip.samples))
    here, again, far = embed([clip, resample(clip, 22_050), noise])
    assert np.linalg.norm(again - here) < 0.2 * np.linalg.norm(far - here)


def test_without_the_package_the_message_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "aisfx.models.cnn2d", None)
    embedding._network.cache_clear()
    with pytest.raises(ModuleNotFoundError, match="pip install --no-deps aisfx"):
        SoundEffects()


def test_bad_sounds_are_named(embed) -> None:
    with pytest.raises(ValueError, match="at least one"):
        embed([])
    with pytest.raises(TypeError, match="Clip"):
        embed([np.zeros(100)])
    with pytest.raises(ValueError, match=r"at most 2\.299 s of sound, got 3 s"):
        embed([Clip(np.zeros(24_000), 8000)])
    longest = Clip(np.full(99 * 1024, 0.1), SAMPLE_RATE)
    assert picture(longest).shape == (FRAMES, BANDS)


def test_whoever_installs_the_course_is_told_to_install_the_ear_alone() -> None:
    for name in ("Makefile", "README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert f"--no-deps aisfx=={version('aisfx')}" in text
