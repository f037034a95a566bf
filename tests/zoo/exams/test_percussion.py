"""Models of single hits: what they hear, how they are judged, and that their cards are true."""

from collections import Counter
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from course_lib import zoo
from course_lib.audio import Clip
from course_lib.corpora import Catalogue
from course_lib.corpora import percussion as recordings_of
from course_lib.evaluation.ears.classifier import Classifier, ClassifierConfig
from course_lib.evaluation.generation import NOISE, REAL, Hits, recognition
from course_lib.models.adversarial.gan import WaveGAN
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.training import Schedule
from course_lib.zoo.exams import percussion
from course_lib.zoo.exams.percussion import drawn_like, judged, weighted_error
from course_lib.zoo.hits import (
    CLASSES,
    LENGTH,
    SAMPLE_RATE,
    batch_of,
    held_out,
    hits,
    sounds_of,
)
from course_lib.zoo.recipes import PERCUSSION, ClassifierRecipe, DiffusionRecipe

QUICK_BODY = UNetConfig(bands=128, channels=(8,), blocks=1, patch=16, condition=8)
QUICK = SoundDiffusionConfig(CLASSES, QUICK_BODY, scale=0.12, length=LENGTH)
CARDS = [name for name in zoo.names() if name in PERCUSSION]


# ------------------------------------------------------------------ what they hear


def test_the_classes_are_those_that_can_be_learned_and_judged():
    """Six training hits or more from several kits, and hits from other kits to judge by."""

    def enough(label):
        train = recordings_of(label=label, split="train")
        held = [r for r in recordings_of(label=label) if r.split != "train"]
        return len(train) >= 6 and len(train.values("voice")) > 1 and len(held) > 0

    assert tuple(filter(enough, recordings_of().values("label"))) == CLASSES


def test_no_kit_is_in_two_splits():
    kits = [set(hits(split).values("voice")) for split in ("train", "validation", "test")]
    assert sum(map(len, kits)) == len(set.union(*kits))


def test_held_out_hits_are_test_hits_the_same_number_of_each_class():
    real, test = held_out(), sounds_of(hits("test"))
    counts = Counter(real.labels)
    assert list(counts) == list(CLASSES)
    assert set(counts.values()) == {min(Counter(test[1]).values())}
    there = {(label, clip.samples.tobytes()) for clip, label in zip(*test, strict=True)}
    chosen = {(label, clip.samples.tobytes()) for clip, label in zip(*real, strict=True)}
    assert chosen < there
    assert len(chosen) == len(real.labels)  # none twice


def test_hits_are_filled_up_with_silence():
    some = Catalogue(hits("validation")[:3])
    clips, labels = sounds_of(some)
    assert labels == [recording.label for recording in some]
    for clip, recording in zip(clips, some, strict=True):
        alone = recording.load(SAMPLE_RATE)
        assert (len(clip), clip.sample_rate) == (LENGTH, SAMPLE_RATE)
        np.testing.assert_array_equal(clip.samples[: len(alone)], alone.samples)
        assert not clip.samples[len(alone) :].any()
    batch = batch_of(some, seed=4)
    assert batch.seed == 4
    assert [CLASSES[i] for i in batch.labels] == labels
    for i, clip in enumerate(clips):
        np.testing.assert_array_equal(batch.sounds[i], clip.samples)


def test_batches_are_whole_hits_and_depend_on_the_index_alone():
    recipe = replace(PERCUSSION["diffusion-percussion"], size=3)
    batches, again = recipe.batches(None), recipe.batches(None)
    for index in (0, 7):
        batch, same = batches(index), again(index)
        assert batch.sounds.shape == (3, LENGTH)
        assert batch.sounds.dtype == torch.float32
        assert torch.equal(batch.sounds, same.sounds)
        assert torch.equal(batch.labels, same.labels)
        assert batch.seed == same.seed
        assert 0 <= batch.labels.min() <= batch.labels.max() < len(CLASSES)
    assert not torch.equal(batches(0).sounds, batches(1).sounds)
    assert not torch.equal(batches(0).sounds, replace(recipe, seed=2).batches(None)(0).sounds)


@pytest.mark.parametrize("settings", [{"size": 0}, {"seed": -1}, {"validate_every": 0}])
@pytest.mark.parametrize("name", ["percussion-classifier", "flow-percussion"])
def test_recipes_that_will_not_do(name, settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        replace(PERCUSSION[name], **settings)


def test_the_flow_begins_where_the_diffusion_ended():
    """The same network, so that the weights of the one are the first ones of the other."""
    recipe = PERCUSSION["flow-percussion"]
    before = PERCUSSION[recipe.begins_with]
    changed = {"path", "level_mean", "level_std"}
    one, other = asdict(recipe.configuration), asdict(before.configuration)
    assert {key for key in one if one[key] != other[key]} <= changed
    assert recipe.configuration.path == "flow"


# ------------------------------------------------------------------ how they are judged


def test_validation_is_the_mean_loss_with_the_same_noise_each_time():
    network = SoundDiffusion(QUICK, seed=1)
    recipe = DiffusionRecipe(QUICK, Schedule(2, warmup=1))
    batches = [batch_of(hits("validation"), seed=seed) for seed in range(4)]
    with torch.no_grad():
        losses = [float(network.loss(batch)[0]) for batch in batches]
    assert len(set(losses)) == 4
    assert recipe.validate(network) == pytest.approx(np.mean(losses), rel=1e-6)
    assert recipe.validate(network) == weighted_error(network, "validation")


def test_a_classifier_is_examined_on_each_split():
    config = ClassifierConfig(CLASSES, bands=16, channels=(4,), width=4)
    network = Classifier(config).eval()
    recipe = ClassifierRecipe(config, Schedule(2, warmup=1))
    found = recipe.examine(network)
    assert list(found) == [f"accuracy, {split}" for split in ("train", "validation", "test")]
    clips, labels = sounds_of(hits("test"))
    right = sum(a == b for a, b in zip(network.classify(clips), labels, strict=True))
    assert found["accuracy, test"] == pytest.approx(right / len(labels))
    with torch.no_grad():
        loss = float(network.loss(batch_of(hits("validation"), seed=0))[0])
    assert recipe.validate(network) == pytest.approx(loss)


def test_drawn_hits_depend_on_their_class_place_and_seed():
    network = SoundDiffusion(QUICK, seed=1)
    labels = ["kick", "tom", "kick"]
    drawn = drawn_like(network, labels, seed=3, steps=2)
    assert drawn.labels == labels
    assert {(len(clip), clip.sample_rate) for clip in drawn.clips} == {(LENGTH, SAMPLE_RATE)}
    rng = np.random.default_rng([3, CLASSES.index("kick")])
    kicks = network.sample(count=2, label="kick", rng=rng, steps=2)
    np.testing.assert_array_equal(drawn.clips[0].samples, kicks[0])
    np.testing.assert_array_equal(drawn.clips[2].samples, kicks[1])
    fewer = drawn_like(network, ["kick"], seed=3, steps=2)
    np.testing.assert_allclose(fewer.clips[0].samples, kicks[0], atol=1e-4)


def test_drawn_hits_are_judged_beside_held_out_ones(monkeypatch):
    """With real hits in the place of drawn ones, drawn ones are as good as real ones."""
    ears = Classifier(ClassifierConfig(CLASSES, bands=16, channels=(4,), width=16)).eval()
    few = [recording for label in CLASSES for recording in hits("test").select(label=label)[:2]]
    real = Hits(*sounds_of(Catalogue(few)))
    asked = []

    def perfect(network, labels, **settings):
        asked.append(settings)
        return Hits(real.clips, list(labels))

    monkeypatch.setattr(percussion, "classifier", lambda: ears)
    monkeypatch.setattr(percussion, "embeddings", lambda: {"ears": ears.features})
    monkeypatch.setattr(percussion, "held_out", lambda: real)
    monkeypatch.setattr(percussion, "drawn_like", perfect)
    found = judged(None, guidance=2.0, steps=25)
    assert asked == [{"guidance": 2.0, "steps": 25}]
    assert found["drawn with"] == {"guidance": 2.0, "steps": 25, "seed": 1}
    assert found["recognised"] == found["recognised, held-out hits"]
    scores = found["against held-out hits, ears"]
    assert set(scores) == {"drawn", REAL, NOISE}
    assert scores["drawn"]["Fréchet distance"] == pytest.approx(0, abs=1e-6)
    assert scores["drawn"]["coverage"] == 1
    assert scores[NOISE]["Fréchet distance"] > 0
    assert 0 <= found["copies, ears"] <= 1


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (QUICK, "U-Net over 128 x 128 MDCT coefficients, trained by denoising (EDM), 16000 Hz"),
        (replace(QUICK, path="flow"), "trained by flow matching"),
        (
            replace(QUICK, body=DiffWaveConfig(channels=4, dilations=(1, 2))),
            "DiffWave of 2 layers and 4 channels",
        ),
    ],
)
def test_cards_say_what_a_network_draws(config, says):
    told = DiffusionRecipe(config, Schedule(2, warmup=1)).describe(SoundDiffusion(config))
    assert says in told
    assert told.endswith(f"draws single hits of 1.024 s: {', '.join(CLASSES)}")


# ------------------------------------------------------------------ the models in data/zoo


@pytest.mark.parametrize("name", CARDS)
def test_scores_recomputed_equal_the_cards(name):
    """Those that take seconds: drawing and likelihoods take minutes, and `publish` did them."""
    recorded, network = zoo.card(name)["scores"], zoo.load(name)
    if isinstance(network, Classifier):
        found = PERCUSSION[name].examine(network)
        assert found == pytest.approx(recorded, abs=0.02)  # a hit or two on the fence
    elif isinstance(network, WaveGAN):
        drawn = drawn_like(network, held_out().labels)
        found = recognition(zoo.load("percussion-classifier"), *drawn).accuracy
        assert found == pytest.approx(recorded["recognised"], abs=0.05)
    else:
        kits = recorded["held-out hits"]["kits"]  # some cards are older than some kits
        some = Catalogue([recording for recording in hits("test") if recording.voice in kits])
        with torch.no_grad():
            losses = [float(network.loss(batch_of(some, seed=seed))[0]) for seed in range(4)]
        assert np.mean(losses) == pytest.approx(recorded["weighted squared error"], rel=1e-3)


@pytest.mark.parametrize("name", [name for name in CARDS if name != "percussion-classifier"])
def test_cards_say_which_held_out_hits_they_are_about(name):
    about = zoo.card(name)
    held = about["scores"]["held-out hits"]
    kits = recordings_of(label=CLASSES, voice=held["kits"])
    assert set(kits.values("split")) <= {"test", "validation"}
    assert len(kits) >= held["hits"]
    assert not set(held["kits"]) & set(about["corpus"]["voices"])


@pytest.mark.parametrize("name", ["diffusion-percussion", "flow-percussion", "wavegan-percussion"])
def test_hits_that_were_drawn_sound_like_hits(name):
    """A second of sound that is neither silence nor clipped, and that dies away."""
    network = zoo.load(name)
    how = {} if isinstance(network, WaveGAN) else {"steps": 10}
    for sound in network.sample(count=2, label="kick", rng=np.random.default_rng(1), **how):
        clip = Clip(sound, SAMPLE_RATE)
        assert 0.05 < clip.peak <= 1
        power = np.square(sound.astype(float)).reshape(4, -1).sum(1)
        assert power[0] > 3 * power[3]
