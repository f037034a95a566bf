"""Vocoders that work in one pass: their recipe from training to card, and what they are asked."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import tiny
import torch

from course_lib import zoo
from course_lib.corpora import Catalogue, speech
from course_lib.models.adversarial.hifigan import MelVocoder
from course_lib.models.sequence.frames import frames_of, griffin_lim_vocoder
from course_lib.training import Step
from course_lib.training.adversarial import AdversarialStep
from course_lib.zoo.exams import mel_vocoder, through, vocoders, word_error
from course_lib.zoo.exams.vocoders import real_time_factor, spectral_distance, vocoding
from course_lib.zoo.recipes.vocoders import VOCODERS

CONFIG, SCHEDULE = tiny.MEL_VOCODER, replace(tiny.GAME, alone=2)


def test_a_game_is_trained_published_and_loaded_without_its_opponent(tmp_path):
    recipe = tiny.TinyVocoder(CONFIG, SCHEDULE)
    events = list(zoo.train(recipe, tmp_path))
    steps = [event for event in events if isinstance(event, Step)]
    assert all(isinstance(step, AdversarialStep) for step in steps)
    assert [event.unit for event in events if isinstance(event, zoo.Validation)] == ["nepers"] * 2
    card = zoo.publish("tiny", recipe, tmp_path, tmp_path)
    assert card["model"] == "MelVocoder"
    assert card["headline"].startswith("50.0% of spoken numbers misheard, 0.010 s of one core")
    network = zoo.load(tmp_path)
    assert isinstance(network, MelVocoder)
    assert card["weights"]["numbers"] == sum(p.numel() for p in network.parameters())


def test_pieces_go_with_their_frames():
    recipe = tiny.TinyVocoder(CONFIG, SCHEDULE)
    batch = recipe.batches(recipe.build())(0)
    assert batch.inputs.shape == (8 * 200, 2)
    assert batch.mel.shape == (9, 2, 80)


def test_griffin_and_lims_search_is_nearer_than_an_untrained_network():
    prompts = speech(language="en", split="validation")
    far = spectral_distance(mel_vocoder(MelVocoder(CONFIG)), prompts, count=2)
    near = spectral_distance(griffin_lim_vocoder, prompts, count=2)
    assert 0 < near < far
    same = spectral_distance(
        lambda frames, rng: np.zeros(200 * (len(frames) - 1)), prompts, count=1
    )
    assert same > far  # silence is furthest


def test_time_is_taken_on_one_thread_and_threads_are_given_back():
    threads, seen = torch.get_num_threads(), []

    def vocoder(frames, rng):
        seen.append(torch.get_num_threads())
        return np.zeros(200 * len(frames), np.float32)

    assert real_time_factor(vocoder, count=2) < 0.1
    assert set(seen) == {1}
    assert torch.get_num_threads() == threads


def test_the_card_compares_with_griffin_and_lim(monkeypatch):
    monkeypatch.setattr(vocoders, "find_spec", lambda name: None)
    monkeypatch.setattr(vocoders, "SENTENCES", 1)
    few = Catalogue(sorted(speech(language="en", split="test"), key=lambda r: r.seconds)[:1])
    found = vocoding(MelVocoder(CONFIG), few)
    assert set(found) == {
        f"{what}{who}"
        for what in ("spectral distance", "real-time factor")
        for who in ("", ", Griffin-Lim")
    }
    assert "0." in tiny.TinyVocoder(CONFIG, SCHEDULE).headline({"real-time factor": 0.02})


def test_a_vocoder_for_other_frames_is_refused():
    with pytest.raises(ValueError, match="need a vocoder that listens to 80 mel bands"):
        mel_vocoder(MelVocoder(replace(CONFIG, bands=40)))
    frames = frames_of(speech(language="en", split="test")[0].load(16_000))
    made = mel_vocoder(MelVocoder(CONFIG))(frames, np.random.default_rng(1))
    assert len(made) == 200 * (len(frames) - 1)


def test_bad_recipes_are_refused():
    for settings, says in (
        ({"hops": 0}, "hops of at least 1"),
        ({"pause": 8}, "need a pause below 8 hops, got 8"),
        ({"seed": -1}, "seed of at least 0"),
    ):
        with pytest.raises(ValueError, match=says):
            tiny.TinyVocoder(CONFIG, SCHEDULE, **settings)


@pytest.mark.skipif(find_spec("pocketsphinx") is None, reason="pocketsphinx not installed")
@pytest.mark.parametrize("name", [name for name in zoo.names() if name in VOCODERS])
def test_words_survive_the_vocoders_of_the_zoo(name):
    """Six sentences again; the card has eighty."""
    errors = word_error(through(mel_vocoder(zoo.load(name))), "numbers", count=6)
    assert errors.rate <= 0.1
    assert zoo.card(name)["scores"]["word error, numbers"]["rate"] <= 0.03
    assert zoo.card(name)["scores"]["real-time factor"] < 0.3


@pytest.mark.parametrize("name", VOCODERS)
def test_recipes_describe_what_they_train(name):
    recipe = VOCODERS[name]
    assert "turns mel frames (80 bands) back into speech" in recipe.describe(recipe.build().kept)
