"""Sentences in codes, the codec talker's recipe and exam, and the one in data/zoo."""

import numpy as np
import pytest
import tiny
import torch

from course_lib import zoo
from course_lib.models.sequence.codec_talker import CodecTalker
from course_lib.models.sequence.coded import checked_places
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.zoo.coded import coded_batches, coded_words, joined_codes
from course_lib.zoo.exams.codec_talkers import nats_per_code, through_stages
from course_lib.zoo.recipes import CodecTalkerRecipe
from course_lib.zoo.sentences import read_from_recordings, split_of

SMALL = CodecTalkerRecipe(
    tiny.SCHEDULE,
    core=TransformerConfig(width=8, heads=2, hidden=12, encoder_layers=1, decoder_layers=1),
    stages=2,
    head=4,
    size=2,
)
WORDS = ("four", "thousand", "and", "twelve")


@pytest.fixture(scope="module")
def untrained():
    return SMALL.build().eval()


@pytest.fixture(scope="module")
def coded(untrained):
    return coded_words(untrained, WORDS)


def test_the_recipe_takes_the_codec_of_the_zoo(untrained):
    codec = zoo.load("codec-speech")
    assert untrained.config == SMALL.configuration
    for name, tensor in codec.state_dict().items():
        assert torch.equal(untrained.codec.state_dict()[name], tensor)


def test_words_are_whole_steps_that_the_codec_would_write(untrained, coded):
    assert set(coded) == set(WORDS)
    group, codec = untrained.config.group, untrained.codec
    for word, takes in coded.items():
        for codes in takes:
            assert codes.shape[1] == 2
            assert len(codes) % group == 0
        alone = codec.encode(read_from_recordings([word]), stages=2)
        same = min(len(alone), len(takes[0])) - 3  # the end is filled up with silence
        assert np.array_equal(alone[:same], takes[0][:same])


def test_a_joined_sentence_says_its_words_in_order(untrained, coded, rng):
    codes, places = joined_codes(WORDS, coded, rng)
    assert np.array_equal(checked_places(places, len(codes), 4, untrained.config.group), places)
    for i, word in enumerate(WORDS):
        part = codes[places == i]
        assert any(np.array_equal(part, take) for take in coded[word])
    first, _ = joined_codes(WORDS, coded)
    assert np.array_equal(first, np.concatenate([coded[word][0] for word in WORDS]))


def test_batches_depend_on_the_step_alone_and_hold_no_sentence_of_the_test(untrained, monkeypatch):
    fake = {word: (np.full((4, 2), i % 256),) for i, word in enumerate(untrained.config.vocabulary)}
    monkeypatch.setattr("course_lib.zoo.coded.coded_words", lambda talker: fake)
    batches = coded_batches(untrained, size=3, seed=1)
    one, again, other = batches(5), batches(5), batches(6)
    assert torch.equal(one.tokens, again.tokens)
    assert torch.equal(one.targets, again.targets)
    assert one.seed == again.seed != other.seed
    for batch in map(batches, range(8)):
        for column, count in zip(batch.tokens.T, batch.token_counts, strict=True):
            words = [untrained.config.vocabulary[i] for i in column[:count]]
            assert split_of(words) == "train"
        untrained.loss(batch)  # whole steps, with places


def test_a_tiny_talker_is_trained_published_and_loaded(tmp_path, monkeypatch):
    def fake(talker, words=None):
        rng = np.random.default_rng(0)
        return {word: (rng.integers(256, size=(4, 2)),) for word in talker.config.vocabulary}

    monkeypatch.setattr("course_lib.zoo.coded.coded_words", fake)
    monkeypatch.setattr("course_lib.zoo.exams.codec_talkers.coded_words", fake)
    monkeypatch.setattr(
        CodecTalkerRecipe,
        "examine",
        lambda self, network: {"nats per code": self.validate(network)},
    )
    list(zoo.train(SMALL, tmp_path))
    zoo.publish("talker-codec", SMALL, tmp_path, tmp_path)
    back, card = zoo.load(tmp_path), zoo.card(tmp_path)
    assert isinstance(back, CodecTalker)
    assert back.config == SMALL.configuration
    assert card["headline"].endswith(" nats per code of unheard sentences")
    assert "says the codes of codec-speech (2 x 256, 640 bits a second)" in card["about"]
    assert card["scores"]["nats per code"] == pytest.approx(SMALL.validate(back), rel=1e-2)


@pytest.mark.parametrize("settings", [{"size": 0}, {"seed": -1}, {"group": 1.5}])
def test_recipes_that_will_not_do(settings):
    with pytest.raises((TypeError, ValueError), match="need"):
        CodecTalkerRecipe(tiny.SCHEDULE, **settings)


def test_an_untrained_talker_knows_nothing(untrained):
    """Close to ln 256 nats a code."""
    assert nats_per_code(untrained, count=1) == pytest.approx(np.log(256), abs=0.6)


def test_recordings_through_some_stages(untrained):
    (clip,) = through_stages(untrained.codec, 2)([("one",)])
    assert clip.sample_rate == 16_000
    assert clip.rms > 0.01
