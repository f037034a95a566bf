"""Trained models on disk: what is loaded is what was published, and the card tells the truth."""

import json
import re
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest
import tiny
import torch

from course_lib import zoo
from course_lib.audio import Clip
from course_lib.core import sha256
from course_lib.corpora import catalogue, speech
from course_lib.corpora.catalogue import data_folder
from course_lib.evaluation import bits_per_sample
from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import DiffWaveConfig
from course_lib.models.diffusion.unet import UNetConfig
from course_lib.models.linear.adaptive_ar import AdaptiveAR
from course_lib.models.sequence.codec_talker import CodecTalkerConfig
from course_lib.models.sequence.configuration import TalkerConfig
from course_lib.models.sequence.seq2seq import Seq2SeqConfig
from course_lib.models.sequence.transformer import TransformerConfig
from course_lib.models.waveform.configuration import WaveNetConfig
from course_lib.models.waveform.mel import MelCondition
from course_lib.models.waveform.recurrent import RecurrentConfig, RecurrentNetwork
from course_lib.models.waveform.wavenet import WaveNet
from course_lib.training.checkpoints import load_tensors, save_tensors
from course_lib.zoo import publishing, store
from course_lib.zoo.exams.speech import FEW_RECORDINGS, score
from course_lib.zoo.networks import configuration_from_json, network_of
from course_lib.zoo.prompts import by_length
from course_lib.zoo.recipes import SPEECH, TALKERS, SpeechRecipe
from course_lib.zoo.recipes.speech import VariedSpeechRecipe

CONFIGURATIONS = [
    tiny.WAVENET,
    tiny.MIXTURE,
    tiny.VOCODER,
    tiny.VOICES,
    tiny.RECURRENT,
    tiny.LSTM,
    tiny.LINEAR_RECURRENCE,
    tiny.LPCNET,
    WaveNetConfig((1, 2), voices=("Allison Smith", "ключ"), mel=MelCondition(), gated=False),
    RecurrentConfig(),
    TalkerConfig(("one", "o'clock")),
    TalkerConfig(("one",), Seq2SeqConfig("gru", "fixed"), group=3),
    TalkerConfig(("one",), TransformerConfig(width=64)),
    CodecTalkerConfig(("one",), stages=3, group=2),
    tiny.CLASSIFIER,
    tiny.DIFFUSION,
    SoundDiffusionConfig(("tom",), UNetConfig(), path="flow"),
    SoundDiffusionConfig(("tom", "hi-hat"), DiffWaveConfig(dilations=(1, 2)), label_dropout=0.0),
]


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of a tiny WaveNet, trained on 8-bit levels and published there."""
    folder = tmp_path_factory.mktemp("tiny")
    recipe = tiny.Tiny(replace(tiny.WAVENET, levels=256), tiny.SCHEDULE)
    list(zoo.train(recipe, folder))
    written = zoo.publish("tiny", recipe, folder, folder)
    return recipe, folder, written


@pytest.fixture
def copy(published, tmp_path):
    """A copy of that folder, to harm."""
    for name in (store.WEIGHTS, store.CARD):
        shutil.copy(published[1] / name, tmp_path)
    return tmp_path


def test_nothing_is_published_into_an_installed_package(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "data_folder", lambda: tmp_path)
    assert store.place("babbler") == tmp_path / "zoo" / "babbler"
    monkeypatch.setattr(store, "installed_data", lambda: tmp_path)
    with pytest.raises(PermissionError, match=r"which pip installed; set COURSE_DATA"):
        store.place("babbler")


# ----------------------------------------------------------- the models in data/zoo


def test_the_zoo_is_small():
    files = [path for path in (data_folder() / "zoo").rglob("*") if path.is_file()]
    drummers = ("diffusion-percussion", "flow-percussion")
    games = ("wavegan-percussion", "hifigan-vocoder")
    limits = ((SPEECH, 6.5e6), (TALKERS, 8e6), (drummers, 4e6), (games, 4e6))
    for names, most in limits:
        some = [path for path in files if path.parent.name in names]
        assert sum(path.stat().st_size for path in some) <= most
    assert sum(path.stat().st_size for path in files) <= 26_000_000
    assert {path.name for path in files} <= {store.WEIGHTS, store.CARD}
    assert zoo.names() == sorted({path.parent.name for path in files})


def test_every_trained_model_has_its_recipe():
    for name in zoo.names():
        card = zoo.card(name)
        recipe = zoo.RECIPES[name]
        assert card["name"] == name
        settings = json.loads(json.dumps(asdict(recipe)))
        assert configuration_from_json(card["model"], card["configuration"]) == recipe.configuration
        settings.pop(
            "configuration", None
        )  # a talker's is its core, and the words of the recordings
        precision = card["training"]["schedule"]["precision"]
        assert precision in ("float32", "bfloat16")
        assert settings["schedule"]["precision"] in ("auto", precision)
        settings["schedule"]["precision"] = precision
        assert {key: card["training"][key] for key in settings} == settings


def test_cards_name_the_recordings_that_are_here():
    for name in zoo.names():
        card = zoo.card(name)
        here = zoo.RECIPES[name].recordings()  # of which some kits may be younger than the card
        learned = [each for each in here if each.voice in card["corpus"]["voices"]]
        about = publishing.corpus(learned)
        assert {key: card[key] for key in about} == about
        assert card["licence"].startswith("CC-BY-SA-3.0")
        assert card["credit"]


def test_headlines_are_told_from_the_scores():
    for name in zoo.names():
        card = zoo.card(name)
        assert card["headline"] == zoo.RECIPES[name].headline(card["scores"])


@pytest.mark.parametrize("name", [name for name in zoo.names() if name in SPEECH])
def test_scores_recomputed_equal_the_cards(name):
    """On the shortest test recordings; all of them take minutes, and `publish` did so."""
    recorded = zoo.card(name)["scores"]
    recordings = by_length(zoo.RECIPES[name].prompts("test"))[:FEW_RECORDINGS]
    bits = score(zoo.load(name), recordings)
    assert bits == pytest.approx(recorded[f"bits per sample, {FEW_RECORDINGS} shortest"], abs=1e-4)


# ------------------------------------------------------- publishing and loading


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
def test_configurations_come_back_from_json(configuration):
    model = type(network_of(configuration)).__name__
    text = json.dumps(asdict(configuration), ensure_ascii=False)
    assert configuration_from_json(model, json.loads(text)) == configuration


def test_what_is_loaded_is_what_was_trained(published):
    recipe, folder, _ = published
    trained, _ = load_tensors(folder / "run.safetensors")
    network = zoo.load(folder)
    assert isinstance(network, WaveNet)
    assert network.config == recipe.configuration
    assert not network.training
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, trained[f"model.{name}"], rtol=1e-3, atol=1e-7)
    stored, _ = load_tensors(folder / store.WEIGHTS)
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}


def test_a_loaded_network_sounds(published):
    network = zoo.load(published[1])
    sound = network.sample(50, rng=np.random.default_rng(1))[0]
    assert sound.shape == (50,)
    again = zoo.load(published[1]).sample(50, rng=np.random.default_rng(1))[0]
    np.testing.assert_array_equal(sound, again)


def test_the_card_tells_what_happened(published):
    recipe, folder, card = published
    assert card == zoo.card(folder)
    recordings = by_length(recipe.prompts("test"))
    clips = [recording.load(8000) for recording in recordings]
    scores = card["scores"]
    assert scores["bits per sample"] == score(zoo.load(folder), recordings)
    assert scores["samples"] == sum(map(len, clips))
    assert (scores["encoding"], scores["sample rate"]) == ("8-bit µ-law", 8000)
    peaks = [clip.with_peak(1.0) if clip.peak > 1 else clip for clip in clips]
    adaptive = bits_per_sample(AdaptiveAR(), peaks, recipe.configuration.encoding)
    assert scores["bits per sample, adaptive AR"] == adaptive.bits
    assert card["training"]["schedule"]["steps"] == 8
    assert card["training"]["seed"] == 1
    assert len(card["training"]["validation"]) == 2
    assert card["training"]["hardware"][0].endswith("thread")
    assert card["training"]["versions"][0]["torch"] == torch.__version__
    assert card["corpus"]["split"] == "train"
    assert card["credit"] == ["Allison Smith"]
    assert "3 layers and 4 channels, 8-bit µ-law at 8000 Hz" in card["about"]
    numbers = sum(p.numel() for p in zoo.load(folder).parameters())
    assert card["weights"]["numbers"] == numbers


def test_the_corpus_hash_depends_on_every_recording_and_not_on_their_order():
    recordings = list(speech(language="it", split="train"))
    about = publishing.corpus(recordings)
    assert about["corpus"] == publishing.corpus(recordings[::-1])["corpus"]
    assert about["corpus"]["sha256"] != publishing.corpus(recordings[1:])["corpus"]["sha256"]
    altered = [replace(recordings[0], sha256="0" * 64), *recordings[1:]]
    assert about["corpus"]["sha256"] != publishing.corpus(altered)["corpus"]["sha256"]


def test_weights_carry_the_strictest_licence():
    both = publishing.corpus([*speech(language="it")[:2], *speech(language="fr")[:2]])
    assert both["licence"] == "CC-BY-SA-3.0"
    assert both["credit"] == ["Carlo Flora", "June Wallack"]
    assert publishing.corpus(speech(language="it"))["licence"] == "CC-BY-3.0"


def test_every_recording_names_somebody_to_thank():
    for language in speech().values("language"):
        assert publishing.corpus(catalogue().select(language=language)[:1])["credit"] != [""]


@pytest.mark.parametrize(
    ("configuration", "does"),
    [
        (tiny.LSTM, "LSTM of 5 units, .* babbles in the sounds of speech"),
        (tiny.LINEAR_RECURRENCE, "2 layers of 5 linear states, gates .* babbles in the sounds"),
        (tiny.LPCNET, "GRU of 5 units around an adaptive linear predictor, .* babbles in"),
        (tiny.VOICES, "babbles in a chosen voice: a, b"),
        (tiny.VOCODER, r"turns mel frames \(5 bands\) back into speech"),
        (tiny.MIXTURE, "16-bit linear at 8000 Hz; babbles"),
    ],
)
def test_cards_say_what_a_network_can_do(configuration, does):
    network = network_of(configuration)
    assert re.search(does, SpeechRecipe(configuration, tiny.SCHEDULE).describe(network))


def test_an_unfinished_run_or_one_of_another_recipe_is_not_published(published, tmp_path):
    recipe, folder, _ = published
    other = replace(recipe, seed=5)
    with pytest.raises(ValueError, match=r"settings with which .* seed=1 \(now 5\)"):
        zoo.publish("tiny", other, folder, tmp_path)
    longer = replace(recipe, schedule=replace(recipe.schedule, steps=9))
    with pytest.raises(ValueError, match=r"finished run of 9 steps .* got 8; go on with it"):
        zoo.publish("tiny", longer, folder, tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no"):
        zoo.publish("tiny", recipe, tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_float16_cannot_hold_are_not_published(published, tmp_path):
    recipe, folder, _ = published
    tensors, about = load_tensors(folder / "run.safetensors")
    tensors["model.bias"] = tensors["model.bias"] + 1e6
    save_tensors(tmp_path / "run.safetensors", tensors, about)
    with pytest.raises(ValueError, match="float16 can hold"):
        zoo.publish("tiny", recipe, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --------------------------------------------------------------- bad input


def test_a_name_that_is_not_there():
    known = zoo.names()
    offered = known[0] if known else "there is none yet"
    wrong = known[0][:-1] if known else "wavenet"
    with pytest.raises(ValueError, match=f"no trained model is called '{wrong}'; .*{offered}"):
        zoo.load(wrong)


@pytest.mark.parametrize("missing", [store.WEIGHTS, store.CARD])
def test_a_folder_that_lacks_something(copy, missing):
    (copy / missing).unlink()
    with pytest.raises(FileNotFoundError, match=f"there is no .*{missing}"):
        zoo.load(copy)


def cut(path):
    path.write_bytes(path.read_bytes()[:100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def of_another(path):
    network = RecurrentNetwork(tiny.RECURRENT)
    save_tensors(path, network.state_dict())


@pytest.mark.parametrize(
    ("harm", "said"),
    [(cut, "damaged or foreign"), (flip, "SHA-256 is not"), (of_another, "SHA-256 is not")],
)
def test_damaged_or_foreign_weights(copy, harm, said):
    harm(copy / store.WEIGHTS)
    with pytest.raises(ValueError, match=f"{blamed(copy, store.WEIGHTS)}.*{said}"):
        zoo.load(copy)


def blamed(folder, file):
    """What every message says: whose file it is, and which."""
    return f"cannot use the trained model {folder.name}, {re.escape(str(folder / file))} is damaged"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[" * 100_000, "recursion"),
        ("[]", r"names and values for card, got \[\]"),
        ('"text"', "names and values for card, got 'text'"),
        ("7", "names and values for card, got 7"),
        (
            '{"model": "WaveNet"}',
            "need about, configuration, headline, name, scores, training",
        ),
    ],
)
def test_damaged_cards(copy, text, said):
    (copy / store.CARD).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=f"{blamed(copy, store.CARD)}.*{said}.*git restore data"):
        zoo.card(copy)


def test_variations_are_faster_or_slower_louder_or_quieter_and_never_clip():
    tone = np.sin(2 * np.pi * 500 * np.arange(4000) / 8000)
    clips = [
        Clip(0.9 * tone, 8000),
        Clip(0.1 * tone, 8000),
        Clip(0.5 * tone, 8000),
        Clip(0.3 * tone, 8000),
    ] * 15
    recipe = VariedSpeechRecipe(tiny.LPCNET, tiny.SCHEDULE)
    changed = recipe.variations(clips)
    assert len(changed) == 20
    ratios = np.array([len(clip) / 4000 for clip in changed])
    assert (np.abs(12 * np.log2(ratios)) <= 4.01).all()
    assert ratios.std() > 0.05
    for clip, ratio, before in zip(changed, ratios, clips[::3], strict=True):
        peak = np.abs(np.fft.rfft(clip.samples)).argmax() / clip.duration
        assert peak * ratio == pytest.approx(500, rel=0.02)
        assert clip.peak <= 1
        assert abs(20 * np.log10(clip.rms / before.rms)) < 6.1
    again = recipe.variations(clips)
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(again, changed, strict=True))


def test_variations_that_will_not_do():
    with pytest.raises(ValueError, match="semitones"):
        VariedSpeechRecipe(tiny.LPCNET, tiny.SCHEDULE, semitones=-1.0)
    with pytest.raises(ValueError, match="need a network with a state"):
        VariedSpeechRecipe(tiny.WAVENET, tiny.SCHEDULE)


def test_only_varied_recipes_hear_more_than_the_recordings(monkeypatch):
    heard = []
    monkeypatch.setattr(
        "course_lib.zoo.recipes.speech.streams", lambda codes, **_: heard.append(codes)
    )
    for kind in (SpeechRecipe, VariedSpeechRecipe):
        recipe = kind(tiny.LPCNET, tiny.SCHEDULE, languages=("it",))
        recipe.batches(recipe.build())
    assert (len(heard[0]), len(heard[1])) == (29, 29 + 10)


def alter(folder, change):
    """Change values on a card, each named by its path."""
    card = json.loads((folder / store.CARD).read_text(encoding="utf-8"))
    for path, value in change.items():
        *outer, last = path.split(".")
        place = card
        for name in outer:
            place = place[name]
        place[last] = value
    (folder / store.CARD).write_text(json.dumps(card), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"model": "GAN"},
            "network out of WaveNet, RecurrentNetwork, Linear.*, LPCNet, .* got 'GAN'",
        ),
        ({"model": "Talker"}, "need vocabulary in card.configuration"),
        ({"configuration": None}, "need dict.* for card.configuration, got None"),
        ({"configuration": {"dilations": [1], "colour": 3}}, "got colour as well"),
        ({"configuration": {"dilations": []}}, "at least one dilation"),
        ({"configuration": {}}, "need dilations in card.configuration"),
        ({"configuration.channels": "4"}, "need int for card.configuration.channels, got '4'"),
        ({"configuration.channels": -4}, "channels"),
        ({"configuration.dilations": [1, None]}, r"need int for .*dilations\[1\], got None"),
        ({"configuration.mel": {"bands": 1.5}}, "need int for .*mel.bands, got 1.5"),
        ({"weights": "x"}, "need names and values for card.weights, got 'x'"),
        ({"weights.numbers": True}, "need int for card.weights.numbers, got True"),
        ({"headline": 0.2}, "need str for card.headline, got 0.2"),
        ({"scores": 3}, r"need dict\[str, .*Any\] for card.scores, got 3"),
        ({"scores.bits per sample": float("nan")}, "need finite numbers, got NaN"),
        ({"training.validation": [[1]]}, r"card.training.validation\[0\], got \[1\]"),
    ],
    ids=str,
)
def test_cards_of_something_else(copy, change, said):
    alter(copy, change)
    for read in (zoo.card, zoo.load):
        with pytest.raises(ValueError, match=f"{blamed(copy, store.CARD)}.*{said}"):
            read(copy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights.sha256": "0"}, "SHA-256 is not the one on the card"),
        ({"weights.numbers": 7}, "numbers, not the card's"),
        ({"configuration.channels": 5}, r"should be of shape \(.*\), and is of \("),
        ({"configuration.dilations": [1, 2]}, "the tensor bias should be of shape"),
        ({"configuration.skip": 10**12}, "Error|alloc|overflow|shape|Storage"),
    ],
    ids=str,
)
def test_weights_that_do_not_go_with_the_card(copy, change, said):
    alter(copy, change)
    assert zoo.card(copy)["name"] == "tiny"
    with pytest.raises(ValueError, match=f"{blamed(copy, store.WEIGHTS)}.*({said})"):
        zoo.load(copy)


def without(tensors, name):
    del tensors[name]


def with_another(tensors, name):
    tensors["another"] = tensors[name].clone()


def misshapen(tensors, name):
    tensors[name] = tensors[name].reshape(-1, 1)


def not_finite(tensors, name):
    tensors[name].view(-1)[0] = torch.nan


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (without, "the tensor bias is missing"),
        (with_another, "the network has no tensor another"),
        (misshapen, "the tensor bias should be of shape"),
        (not_finite, "the tensor bias holds numbers that are not finite"),
    ],
)
def test_weights_under_a_right_checksum_are_checked_too(copy, harm, said):
    tensors, about = load_tensors(copy / store.WEIGHTS)
    harm(tensors, "bias")
    save_tensors(copy / store.WEIGHTS, tensors, about)
    numbers = sum(tensor.numel() for tensor in tensors.values())
    alter(copy, {"weights.sha256": sha256(copy / store.WEIGHTS), "weights.numbers": numbers})
    with pytest.raises(ValueError, match=f"{blamed(copy, store.WEIGHTS)}.*{said}"):
        zoo.load(copy)


def places(value, path=""):
    """Yield the path of everything on a card."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        yield f"{path}{name}"
        yield from places(inner, f"{path}{name}.")


@pytest.mark.parametrize("wrong", [None, "x", -1, 0, 1.5, 2**70, [], {}, [None], True], ids=repr)
def test_whatever_stands_on_a_card_is_read_or_refused(copy, wrong):
    """One value at a time is another one: nothing but a ValueError that names the file."""
    whole = (copy / store.CARD).read_text(encoding="utf-8")
    card = json.loads(whole)
    refused = {}
    for path in places({key: card[key] for key in ("model", "configuration", "weights")}):
        (copy / store.CARD).write_text(whole, encoding="utf-8")
        alter(copy, {path: wrong})
        try:
            zoo.card(copy)
            zoo.load(copy)
        except ValueError as error:
            refused[path] = str(error)
    assert len(refused) > 10
    assert [path for path, said in refused.items() if str(copy) not in said or "\n" in said] == []
