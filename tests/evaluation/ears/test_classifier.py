"""The classifier of hits: what it hears, that it learns, and that level does not count."""

import copy

import numpy as np
import pytest
import torch

from course_lib.audio import Clip
from course_lib.core import LabelledBatch, Trainable
from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.features import log_mel
from course_lib.training import Run, Schedule

TINY = ClassifierConfig(
    ("high", "low"), bands=16, channels=(4, 8), width=6, window_length=256, hop_length=128,
    length=2048, sample_rate=8000,
)  # fmt: skip


def hit(frequency: float, rng: np.random.Generator, length: int = 1500) -> Clip:
    time = np.arange(length) / 8000
    x = np.exp(-20 * time) * np.sin(2 * np.pi * frequency * time)
    return Clip(rng.uniform(0.1, 0.9) * x + 1e-3 * rng.standard_normal(length), 8000)


def hits(count: int, rng: np.random.Generator) -> tuple[list[Clip], list[str]]:
    labels = [("high", "low")[i % 2] for i in range(count)]
    return [hit({"high": 1500, "low": 200}[name], rng) for name in labels], labels


def batch(clips: list[Clip], labels: list[str], seed: int = 0) -> LabelledBatch:
    sounds = np.zeros((len(clips), TINY.length), np.float32)
    for i, clip in enumerate(clips):
        sounds[i, : len(clip)] = clip.samples
    kinds = torch.tensor([TINY.classes.index(label) for label in labels])
    return LabelledBatch(torch.from_numpy(sounds), kinds, seed)


@pytest.fixture
def network() -> Classifier:
    return Classifier(TINY, seed=3).eval()


def test_the_picture_is_the_log_mel_spectrogram_below_its_loudest_value(network, rng) -> None:
    clip = hit(700, rng, TINY.length)
    mel = log_mel(clip, window_length=256, hop_length=128, bands=16) * 20 / np.log(10)
    expected = 2 * np.maximum(0, 1 + (mel - mel.max()) / 60) - 1
    found = network.picture(torch.from_numpy(clip.samples.copy())[None])
    assert found.shape == (1, 17, 16)
    assert found[0].numpy() == pytest.approx(expected, abs=2e-4)
    assert (found.min(), found.max()) == (-1, 1)


def test_it_learns_to_tell_high_from_low(rng) -> None:
    clips, labels = hits(16, rng)
    network = Classifier(TINY, seed=1)
    run = Run(network, Schedule(60, 1e-2, warmup=5))
    losses = [step.loss for step in run.steps(lambda i: batch(clips, labels, i))]
    network.eval()
    unheard, truth = hits(10, rng)
    assert losses[0] == pytest.approx(np.log(2), abs=0.5)
    assert losses[-1] < 0.1
    assert network.classify(unheard) == truth


def test_the_loss_is_the_mean_surprise_of_the_labels(network, rng) -> None:
    clips, labels = hits(5, rng)
    probabilities = network.probabilities(clips)
    expected = -np.mean(
        [
            np.log(row[TINY.classes.index(label)])
            for row, label in zip(probabilities, labels, strict=True)
        ]
    )
    loss, carry = network.loss(batch(clips, labels))
    assert isinstance(network, Trainable)
    assert carry is None
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_dropout_depends_on_the_batch_seed_and_on_nothing_else(network, rng) -> None:
    clips, labels = hits(6, rng)
    network.train()
    torch.manual_seed(1)
    first = network.loss(batch(clips, labels, 4))[0]
    torch.manual_seed(2)
    again, other = (network.loss(batch(clips, labels, seed))[0] for seed in (4, 5))
    assert first == again != other
    network.eval()
    assert network.loss(batch(clips, labels, 4))[0] == network.loss(batch(clips, labels, 5))[0]


def test_dropout_keeps_the_mean() -> None:
    network = Classifier(TINY)
    ones = torch.ones(400, 50)
    dropped = network._dropped(ones, torch.Generator().manual_seed(1))
    assert dropped.unique().tolist() == pytest.approx([0, 1 / (1 - TINY.dropout)])
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)


def test_level_does_not_count_and_neither_does_the_company(network, rng) -> None:
    clips, _ = hits(70, rng)  # more than are taken at once
    together = network.features(clips)
    assert together.dtype == np.float64
    assert together.shape == (70, 6)
    alone = np.concatenate([network.features([clip]) for clip in clips[62:66]])
    assert alone == pytest.approx(together[62:66], abs=1e-5)
    quiet = [clip.with_samples(clip.samples.astype(np.float64) * 0.01) for clip in clips[:4]]
    assert network.features(quiet) == pytest.approx(together[:4], abs=1e-3)


def test_arrays_clips_and_padded_clips_are_heard_alike(network, rng) -> None:
    clip = hit(400, rng)
    padded = np.pad(clip.samples, (0, TINY.length - len(clip)))
    found = network.probabilities([clip, clip.samples, padded])
    assert found == pytest.approx(np.broadcast_to(found[0], (3, 2)), abs=1e-6)
    assert found.sum(axis=1) == pytest.approx(np.ones(3))
    assert network.probabilities(padded[None]) == pytest.approx(found[:1], abs=1e-6)


def test_silence_and_a_single_sample_are_heard(network) -> None:
    silence, click = Clip(np.zeros(100), 8000), Clip(np.ones(1), 8000)
    pictures = network.picture(torch.zeros(1, TINY.length))
    assert torch.equal(pictures, torch.full_like(pictures, -1))
    assert np.isfinite(network.features([silence, click])).all()


def test_the_seed_decides_the_first_weights() -> None:
    first, again, other = (Classifier(TINY, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)
    assert not any("_bank" in key or "_window" in key for key in first)  # computed, not stored
    network = copy.deepcopy(Classifier(TINY, seed=2))
    network.load_state_dict(first)


def test_bad_sounds_are_named(network, rng) -> None:
    clip = hit(300, rng)
    cases = [
        ([], ValueError, "at least one sound"),
        ([Clip(clip.samples, 16_000)], ValueError, "need sounds at 8000 Hz"),
        ([np.zeros(TINY.length + 1)], ValueError, "at most 2048 samples"),
        ([np.zeros(0)], ValueError, "at least 1 sample"),
        ([np.full(10, np.nan)], ValueError, "finite"),
        ([np.full(10, np.inf)], ValueError, "finite"),
        ([np.zeros((10, 2))], ValueError, "mono"),
        ([np.zeros(10, int)], TypeError, "floating"),
    ]
    for sounds, error, told in cases:
        for method in (network.features, network.probabilities, network.classify):
            with pytest.raises(error, match=told):
                method(sounds)


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"classes": ()}, ValueError, "two or more different classes"),
        ({"classes": ("a",)}, ValueError, "two or more different classes"),
        ({"classes": ("a", "a")}, ValueError, "two or more different classes"),
        ({"classes": "ab"}, ValueError, "two or more different classes"),
        ({"channels": ()}, ValueError, "at least one convolution"),
        ({"channels": (8, 0)}, ValueError, "channels"),
        ({"channels": (8,) * 7}, ValueError, "at least 128 bands"),
        ({"width": 0}, ValueError, "width"),
        ({"dropout": 1.0}, ValueError, "dropout"),
        ({"dropout": -0.1}, ValueError, "dropout"),
        ({"dynamic_range": 0}, ValueError, "dynamic_range"),
        ({"length": 0}, ValueError, "length"),
        ({"length": 1000}, ValueError, "length"),
        ({"hop_length": 1.5}, TypeError, "hop_length"),
        ({"bands": 600}, ValueError, "bands"),
        ({"window_length": 1}, ValueError, "window_length"),
        ({"sample_rate": 0}, ValueError, "sample_rate"),
        ({"seed": -1}, ValueError, "seed"),
    ],
)
def test_bad_settings_are_named(settings, error, told) -> None:
    seed = settings.pop("seed", 0)
    with pytest.raises(error, match=told):
        Classifier(ClassifierConfig(**{"classes": ("a", "b"), **settings}), seed=seed)
