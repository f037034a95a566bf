"""Recipes of talkers: training, publishing, examining, and the ones in data/zoo."""

import importlib.util
import json
from dataclasses import asdict

import numpy as np
import pytest
import tiny
import torch

from course_lib import zoo
from course_lib.audio import Clip
from course_lib.evaluation import listeners
from course_lib.models.sequence.frames import frames_of, griffin_lim_vocoder
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.talker import Talker
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.mel import MelCondition
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.text.reading import normalise
from course_lib.training import Step
from course_lib.zoo import store
from course_lib.zoo.exams.talkers import (
    FEW_SENTENCES,
    GRAMMARS,
    nats_per_value,
    opinion,
    recordings,
    talking,
    through,
    wavenet_vocoder,
    word_error,
)
from course_lib.zoo.recipes import TALKERS, TalkerRecipe
from course_lib.zoo.sentences import read_from_recordings, sentences

HEARS = importlib.util.find_spec("pocketsphinx") is not None
needs_recogniser = pytest.mark.skipif(
    not HEARS, reason="pocketsphinx is not installed: pip install pocketsphinx (extra recogniser)"
)
TRAINED = [name for name in zoo.names() if name in TALKERS]


CORES = [
    tiny.LSTM_CORE,
    Seq2SeqConfig("gru", "fixed", embedding=4, encoder=3, units=5),
    TransformerConfig(width=8, heads=2, hidden=8, encoder_layers=1, decoder_layers=2),
]


@pytest.fixture(scope="module", params=CORES, ids=lambda core: type(core).__name__)
def published(request, tmp_path_factory):
    """The folder of a tiny talker, trained for eight steps and published there."""
    folder = tmp_path_factory.mktemp("talker")
    recipe = tiny.TinyTalker(request.param, tiny.SCHEDULE)
    looks = [event for event in zoo.train(recipe, folder) if isinstance(event, zoo.Validation)]
    return recipe, folder, zoo.publish("tiny", recipe, folder, folder), looks


def test_a_published_talker_comes_back(published):
    recipe, folder, card, looks = published
    talker = zoo.load(folder)
    assert isinstance(talker, Talker)
    assert talker.config == recipe.configuration
    assert not talker.training
    assert [(look.done, look.unit) for look in looks] == [
        (4, "nats per mel value"),
        (8, "nats per mel value"),
    ]
    assert card["training"]["core"] == json.loads(json.dumps(asdict(recipe.core)))
    assert card["corpus"]["voices"] == ["Allison Smith"]
    assert card["scores"]["nats per mel value"] == pytest.approx(nats_per_value(talker, count=1))


def test_a_talker_is_validated_without_dropout(published):
    """The last look is at the weights that are stored: only their rounding lies between."""
    recipe, folder, _, looks = published
    assert recipe.validate(zoo.load(folder)) == pytest.approx(looks[-1].value, abs=2e-3)


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path):
    recipe = tiny.TinyTalker(CORES[0], tiny.SCHEDULE)
    list(zoo.train(recipe, tmp_path / "whole"))
    running = zoo.train(recipe, tmp_path / "parts")
    for event in running:
        if isinstance(event, Step) and event.index == 2:
            running.close()
            break
    list(zoo.train(recipe, tmp_path / "parts", resume=True))
    whole, parts = (
        zoo.store.load_tensors(tmp_path / name / "run.safetensors")[0]
        for name in ("whole", "parts")
    )
    assert whole.keys() == parts.keys()
    for name, tensor in whole.items():
        torch.testing.assert_close(parts[name], tensor, rtol=0, atol=0)


@pytest.mark.parametrize(
    "settings", [{"size": 0}, {"seed": -1}, {"validate_every": 0}, {"size": 1.5}]
)
def test_recipes_that_will_not_do(settings):
    with pytest.raises((TypeError, ValueError), match="need"):
        TalkerRecipe(CORES[0], tiny.SCHEDULE, **settings)


# -------------------------------------------------------------- those in data/zoo


def test_the_talkers_are_small():
    files = [path for name in TRAINED for path in (store.data_folder() / "zoo" / name).iterdir()]
    assert sum(path.stat().st_size for path in files) <= 8_000_000


@pytest.mark.parametrize("name", TRAINED)
def test_the_likelihood_recomputed_is_the_cards(name):
    """On the first sentences of both lists; all of them take a minute, and `publish` did so."""
    recorded = zoo.card(name)["scores"][f"nats per mel value, {FEW_SENTENCES} first"]
    assert nats_per_value(zoo.load(name), count=FEW_SENTENCES) == pytest.approx(recorded, abs=1e-4)


@needs_recogniser
@pytest.mark.parametrize(
    ("name", "numbers", "dates"),
    [
        ("talker-lstm", 0.025, 0.05),
        ("talker-gru", 0.025, 0.05),
        ("talker-transformer", 0.1, 0.25),  # it does not reach what the others do
    ],
)
def test_trained_talkers_are_understood(name, numbers, dates):
    """A dozen sentences of each list; the cards have all of them."""
    reader = talking(zoo.load(name))
    assert word_error(reader, "numbers", count=FEW_SENTENCES).rate <= numbers
    assert word_error(reader, "dates and times", count=FEW_SENTENCES).rate <= dates


@needs_recogniser
def test_without_attention_nobody_is_understood():
    assert word_error(talking(zoo.load("talker-fixed")), "numbers", count=FEW_SENTENCES).rate > 0.5


@pytest.mark.parametrize("name", TRAINED)
def test_the_scores_of_the_cards_are_of_whole_lists(name):
    scores = zoo.card(name)["scores"]
    for which in GRAMMARS:
        error = scores[f"word error, {which}"]
        words = sum(len(normalise(text)) for text in sentences(which))
        assert error["words"] == words
        assert error["rate"] == pytest.approx(error["errors"] / words, abs=1e-4)


# --------------------------------------------------------------------- readers


def test_readers_yield_a_clip_for_each_sentence():
    texts = [("four", "thousand"), ("one",), ("b", "c")]
    straight, passed = list(recordings(texts)), list(through(griffin_lim_vocoder)(texts))
    assert len(straight) == len(passed) == 3
    for words, one, other in zip(texts, straight, passed, strict=True):
        assert np.array_equal(one.samples, read_from_recordings(words).samples)
        assert abs(one.duration - other.duration) < 0.02
        assert other.rms == pytest.approx(one.rms, rel=0.2)


def test_a_talker_reads_more_sentences_than_it_takes_at_once(published):
    talker = zoo.load(published[1])
    texts = [("one",)] * 21

    def vocoder(frames, rng):
        return np.zeros(len(frames), np.float32)

    lengths = [len(clip) for clip in talking(talker, vocoder)(texts)]
    assert len(lengths) == 21
    assert len(set(lengths)) == 1


def test_a_wavenet_is_a_vocoder():
    network = WaveNet(WaveNetConfig((1, 2), mel=MelCondition(), sample_rate=16_000))
    frames = frames_of(Clip(0.1 * np.sin(np.arange(1600, dtype=np.float32)), 16_000))
    samples = wavenet_vocoder(network)(frames, np.random.default_rng(1))
    assert len(samples) == (len(frames) - 1) * 200


@pytest.mark.parametrize(
    "config",
    [
        WaveNetConfig((1, 2)),
        WaveNetConfig((1, 2), mel=MelCondition()),
        WaveNetConfig((1, 2), mel=MelCondition(bands=40), sample_rate=16_000),
    ],
)
def test_a_wavenet_for_other_frames_is_refused(config):
    with pytest.raises(ValueError, match=r"need a WaveNet that listens to 80 mel bands"):
        wavenet_vocoder(WaveNet(config))


@needs_recogniser
def test_silence_is_misheard_altogether():
    """The other end of the scale from the recordings: nothing said, every word is an error."""

    def silent(texts):
        return (Clip(np.zeros(16_000, np.float32) + 1e-6, 16_000) for _ in texts)

    error = word_error(silent, "numbers", count=2)
    assert error.rate == 1


def test_an_opinion_is_the_mean_of_the_first_numbers_within_full_scale(monkeypatch):
    peaks = []

    def rating(clip):
        peaks.append(clip.peak)
        return 1.0 + len(peaks)

    def loud(texts):
        for clip in recordings(texts):
            yield clip.with_samples(clip.samples * (3 / clip.peak))

    monkeypatch.setattr(listeners, "dnsmos", rating)
    found = opinion(loud, count=3)
    assert found == {"value": 3.0, "low": 2.0, "high": 4.0, "sentences": 3}
    assert all(0.99 < peak <= 1 for peak in peaks)


@pytest.mark.skipif(
    importlib.util.find_spec("speechmos") is None,
    reason='speechmos is not installed (pip install "audio-generation-course[dnsmos]")',
)
def test_dnsmos_rates_the_recordings_as_a_card_says():
    stored = zoo.card("hifigan-vocoder")["scores"]["DNSMOS, recordings"]
    assert opinion(recordings, count=stored["sentences"])["value"] == pytest.approx(
        stored["value"], abs=0.02
    )


@needs_recogniser
def test_rows_of_letters_and_digits_are_heard_by_grammars_of_their_own():
    """Real recordings: the judge confuses few letters and no digits."""
    letters = word_error(recordings, "letters", count=2)
    assert (letters.words, letters.errors) == (9, 0)
    digits = word_error(recordings, "sixteen digits", count=1)
    assert (digits.words, digits.errors) == (16, 0)
