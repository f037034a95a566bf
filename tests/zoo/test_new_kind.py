"""A new kind of network is a file of its own and a line in `zoo.networks`; nothing else changes."""

import json
from pathlib import Path

import numpy as np
import toy

from course_lib import zoo
from course_lib.corpora import speech
from course_lib.evaluation import bits_per_sample
from course_lib.features import MuLaw
from course_lib.training import Step
from course_lib.zoo.networks import NETWORKS, Kind


def test_the_toy_is_short():
    lines = Path(toy.__file__).read_text(encoding="utf-8").splitlines()
    assert sum(bool(line) for line in lines) <= 40


def test_a_new_kind_is_trained_published_loaded_sampled_and_scored(tmp_path, monkeypatch):
    monkeypatch.setitem(NETWORKS, "Levels", Kind(toy.LevelsConfig, toy.Levels))
    recipe = toy.LevelsRecipe(toy.LevelsConfig())
    happened = list(zoo.train(recipe, tmp_path))
    steps = [event.loss for event in happened if isinstance(event, Step)]
    assert len(steps) == 5
    assert steps[-1] < steps[0]
    card = zoo.publish("toy", recipe, tmp_path, tmp_path)
    assert card["headline"] == f"{card['scores']['bits per sample']:.2f} bits per sample"
    assert card["configuration"] == {"levels": 256}
    assert json.loads((tmp_path / "card.json").read_text(encoding="utf-8")) == card
    network = zoo.load(tmp_path)
    assert isinstance(network, toy.Levels)
    sound = network.sample(40, rng=np.random.default_rng(1))
    assert sound.shape == (1, 40)
    clip = speech(split="validation")[0].load(8000)
    score = bits_per_sample(network, clip, MuLaw())
    assert 0 < score.bits < 8  # fewer than for levels drawn evenly
