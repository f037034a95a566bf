"""The command line's networks: training, stopping and going on, sampling, scoring, the zoo."""

import importlib.util
import json
import re
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from course_lib import zoo
from course_lib.audio import Clip, read, write
from course_lib.cli import sampling, speaking
from course_lib.cli.shared import read_at
from course_lib.core import Batch, seeded
from course_lib.evaluation import bits_per_sample
from course_lib.features import MuLaw
from course_lib.training import Schedule, precision
from course_lib.training.checkpoints import load_tensors
from course_lib.zoo.networks import NETWORKS, kind_of
from course_lib.zoo.prompts import mel_frames
from course_lib.zoo.sentences import read_from_recordings

Run = Callable[..., tuple[int, str, str]]
VOICES = ("Allison Smith", "June Wallack")
SHORT = Schedule(2, 1e-2, warmup=1)
RECIPES = {
    "babbler": tiny.Tiny(tiny.WAVENET, SHORT),
    "choir": tiny.Tiny(replace(tiny.VOICES, voices=VOICES), SHORT, languages=("fr", "es")),
    "vocoder": tiny.Tiny(tiny.VOCODER, SHORT, length=120),
    "gru": tiny.Tiny(tiny.RECURRENT, SHORT),
    "state space": tiny.Tiny(tiny.LINEAR_RECURRENCE, SHORT),
    "predictor": tiny.Tiny(tiny.LPCNET, SHORT),
    "talker": tiny.TinyTalker(tiny.LSTM_CORE, SHORT),
    "drummer": tiny.TinyDiffusion(tiny.DIFFUSION, SHORT),
    "forger": tiny.TinyWaveGAN(tiny.WAVEGAN, tiny.GAME),
    "renderer": tiny.TinyVocoder(tiny.MEL_VOCODER, tiny.GAME),
    "critic": tiny.TinyClassifier(tiny.CLASSIFIER, SHORT),
    "squeezer": tiny.TinyVAE(tiny.VAE, SHORT),
    "coder": tiny.TinyVQVAE(tiny.VQVAE, SHORT),
    "codec": tiny.TinyCodec(tiny.CODEC, SHORT),
    "codec talker": tiny.TinyCodecTalker(SHORT),
}

SOUNDS = ["babbler", "choir", "vocoder", "gru", "state space", "predictor"]


@pytest.fixture
def recording(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Half a second of a faintly noisy tone at 16 kHz."""
    time = np.arange(8000) / 16_000
    samples = 0.4 * np.sin(2 * np.pi * 300 * time) + 0.01 * rng.standard_normal(8000)
    return write(tmp_path / "in.wav", Clip(samples, 16_000))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder for each tiny model, as `course train` leaves them."""
    folder = tmp_path_factory.mktemp("models")
    for name, recipe in RECIPES.items():
        list(zoo.train(recipe, folder / name))
        zoo.publish(name, recipe, folder / name, folder / name)
    return folder


# ----------------------------------------------------------------- reading aloud


def test_say_reads_a_text_aloud(run, tmp_path):
    status, out, err = run("say", "4,012", "-o", tmp_path / "a.wav")
    assert (status, err) == (0, "")
    clip = read(tmp_path / "a.wav")
    assert clip.sample_rate == 16_000
    assert f"a.wav: {clip.duration:.2f} s, four thousand and twelve, from talker-lstm" in out


def test_say_loses_no_word_of_a_long_text(run, tmp_path):
    """The Transformer leaves most of them out where it reads all 30 words at once."""
    words, file = ("seven",) * 30, tmp_path / "a.wav"
    status, out, err = run("say", " ".join(words), "--talker", "talker-transformer", "-o", file)
    assert (status, err) == (0, "")
    assert " ".join(words) in out
    assert read(file).duration == pytest.approx(read_from_recordings(words).duration, rel=0.1)


def test_say_says_which_words_are_in_doubt(run, trained, tmp_path):
    """A talker that has learnt next to nothing."""
    arguments = ("say", "one two", "--talker", trained / "talker", "-o", tmp_path / "a.wav")
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert "in doubt: 'one two' " in err
    assert "pass --keep" in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
    status, out, err = run(*arguments, "--keep")
    assert status == 1
    assert "in doubt" in err
    assert "pass --keep" not in err
    assert f"a.wav: {read(tmp_path / 'a.wav').duration:.2f} s, one two, from" in out


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt, 130), (OSError("full"), 2)])
def test_say_cut_short_leaves_no_file(run, trained, tmp_path, monkeypatch, error, status):
    def vocoder(frames, rng):
        raise error

    monkeypatch.setattr(speaking, "vocoder_named", lambda name: vocoder)
    arguments = ("one", "--talker", trained / "talker", "--keep", "-o", tmp_path / "a.wav")
    assert run("say", *arguments)[0] == status
    assert not list(tmp_path.iterdir())


def test_a_vocoder_of_one_pass_speaks(run, trained, tmp_path):
    arguments = ("--talker", trained / "talker", "--vocoder", trained / "renderer", "--keep")
    assert run("say", "one", *arguments, "-o", tmp_path / "a.wav")[0] == 1  # words in doubt
    assert read(tmp_path / "a.wav").duration > 0
    status, _, err = run("sample", trained / "renderer", "-o", tmp_path / "b.wav")
    assert status == 2
    assert "turns frames into sound: course say" in err


def test_a_gan_draws_a_class_and_is_not_guided(run, trained, tmp_path):
    arguments = ("sample", trained / "forger", "--class", "kick", "-o", tmp_path / "a.wav")
    assert run(*arguments)[0] == 0
    assert read(tmp_path / "a.wav").duration == pytest.approx(0.2)
    status, _, err = run(*arguments, "--overwrite", "--guidance", "2")
    assert status == 2
    assert "--guidance is for diffusion models" in err


def test_say_is_the_same_for_the_same_seed(run, trained, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = ("--talker", trained / "talker", "--seed", seed, "-o", tmp_path / f"{name}.wav")
        assert run("say", "one", "--keep", *arguments)[0] == 1
    one, again, other = ((tmp_path / f"{name}.wav").read_bytes() for name in "abc")
    assert one == again
    assert one != other


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "need a text with words or numbers"),
        ("banana", "cannot say 'banana'"),
        ("one 🍌", "🍌"),
        ("25:00", "25:00"),
        ("1000000", "1000000"),
        ("9" * 2000, "1000 characters"),
    ],
)
def test_say_names_what_it_cannot_say(run, trained, tmp_path, text, said):
    status, out, err = run("say", text, "--talker", trained / "talker", "-o", tmp_path / "a.wav")
    assert (status, out) == (2, "")
    assert said in err
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--talker", "wavenet-speech"], "wavenet-speech does not read text; there are talker-"),
        (["--talker", "nobody"], "no model is called 'nobody'"),
        (["--vocoder", "wavenet-speech"], "wavenet-speech does not turn frames into sound"),
        (["--vocoder", "gru-speech"], "gru-speech does not turn frames into sound"),
    ],
)
def test_mistakes_in_saying(run, trained, tmp_path, arguments, said):
    talker = ["--talker", trained / "talker"]  # a later --talker counts
    status, out, err = run("say", "one", *talker, *arguments, "-o", tmp_path / "a.wav")
    assert (status, out) == (2, "")
    assert said in err


def test_say_replaces_nothing(run, trained, tmp_path):
    (tmp_path / "a.wav").write_text("mine", encoding="utf-8")
    status, _, err = run("say", "one", "--talker", trained / "talker", "-o", tmp_path / "a.wav")
    assert status == 2
    assert "exists already" in err
    assert (tmp_path / "a.wav").read_text(encoding="utf-8") == "mine"


def test_a_talker_does_not_sample(run, trained, tmp_path):
    status, out, err = run("sample", trained / "talker", "-o", tmp_path / "a.wav")
    assert (status, out) == (2, "")
    assert "reads text aloud: course say" in err


@pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None,
    reason="pocketsphinx is not installed: pip install pocketsphinx (extra recogniser)",
)
def test_the_score_of_a_talker_is_a_table_of_misheard_words(run, trained):
    status, out, _ = run("score", trained / "talker", "--sentences", 1)
    assert status == 0
    for row in ("the recordings", "through frames and Griffin-Lim", "numbers", "dates and times"):
        assert row in out


@pytest.mark.parametrize("model", ["ar", "babbler"])
def test_only_talkers_are_scored_without_a_file(run, trained, model):
    model = trained / model if model in RECIPES else model
    status, out, err = run("score", model)
    assert (status, out) == (2, "")
    assert "need a FILE to score" in err


# ---------------------------------------------------------------- training


@dataclass(frozen=True)
class Interrupted(tiny.Tiny):
    """A recipe whose reader presses Ctrl-C during the third step."""

    def batches(self, network):
        batches = super().batches(network)

        def batch(index: int) -> Batch:
            if index == 2:
                signal.raise_signal(signal.SIGINT)
            return batches(index)

        return batch


def test_training_leaves_weights_and_a_card(run, tmp_path, monkeypatch):
    monkeypatch.setitem(zoo.RECIPES, "tiny", tiny.Tiny(tiny.WAVENET, tiny.SCHEDULE))
    monkeypatch.chdir(tmp_path)
    status, out, err = run("train", "tiny", "--steps", 5)
    assert (status, err) == (0, "")
    assert re.search(r"step 4: validation \d\.\d{3} bits per sample", out)
    folder = Path("build/zoo/tiny")
    assert {p.name for p in folder.iterdir()} == {
        "run.safetensors",
        "weights.safetensors",
        "card.json",
        "run.lock",
    }
    assert out.startswith("training in float32: the schedule asks for it\n")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["training"]["schedule"]["steps"] == 5
    assert f"{card['scores']['bits per sample']:.2f} bits per sample of held-out recordings" in out


def test_ctrl_c_writes_a_checkpoint_and_resuming_ends_with_the_same_weights(
    run, tmp_path, monkeypatch
):
    recipe = Interrupted(tiny.RECURRENT, tiny.SCHEDULE)
    monkeypatch.setitem(zoo.RECIPES, "tiny", recipe)
    before = signal.getsignal(signal.SIGINT)
    status, _, err = run("train", "tiny", "--folder", tmp_path / "a")
    assert status == 130
    command = f"course train tiny --resume --folder {tmp_path / 'a'}"
    assert f"stopped after 3 steps; go on with: {command}" in err
    assert load_tensors(tmp_path / "a" / "run.safetensors")[1]["done"] == 3
    assert signal.getsignal(signal.SIGINT) == before

    assert run(*command.split()[1:])[0] == 0
    monkeypatch.setitem(zoo.RECIPES, "tiny", tiny.Tiny(tiny.RECURRENT, tiny.SCHEDULE))
    assert run("train", "tiny", "--folder", tmp_path / "b")[0] == 0
    one, other = (tiny.weights(zoo.load(tmp_path / name)) for name in "ab")
    tiny.assert_same(one, other)


def test_a_finished_run_is_published_again_and_into_the_zoo_when_asked(
    run, trained, tmp_path, monkeypatch
):
    monkeypatch.setitem(zoo.RECIPES, "babbler", RECIPES["babbler"])
    monkeypatch.setattr(zoo.store, "data_folder", lambda: tmp_path)
    folder = trained / "babbler"
    status, out, _ = run("train", "babbler", "--folder", folder, "--resume", "--publish")
    assert status == 0
    assert zoo.names() == ["babbler"]
    assert f"published as {tmp_path / 'zoo' / 'babbler'}" in out
    tiny.assert_same(tiny.weights(zoo.load("babbler")), tiny.weights(zoo.load(folder)))


@pytest.fixture
def critic(trained, tmp_path, monkeypatch) -> Path:
    """The card of the tiny classifier in a zoo of its own, with the scores of another day."""
    monkeypatch.setitem(zoo.RECIPES, "critic", RECIPES["critic"])
    monkeypatch.setattr(zoo.store, "data_folder", lambda: tmp_path)
    shutil.copytree(trained / "critic", tmp_path / "zoo" / "critic")
    card = tmp_path / "zoo" / "critic" / zoo.store.CARD
    old = {**json.loads(card.read_text()), "headline": "50% of them", "scores": {"then": 0.5}}
    card.write_text(json.dumps(old), encoding="utf-8")
    return card


def test_a_published_model_is_examined_again(run, critic):
    before = json.loads(critic.read_text())
    status, out, _ = run("examine", "critic")
    assert (status, out) == (
        0,
        "critic: 75% of held-out hits recognised (its card said: 50% of them)\n",
    )
    assert json.loads(critic.read_text()) == before  # nobody asked for it to be published
    status, out, _ = run("examine", "critic", "--publish")
    assert status == 0
    assert f"published as {critic.parent}" in out
    after = zoo.card("critic")
    assert after["scores"] == {"accuracy, test": 0.75}
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"headline", "scores"}  # what it learned from is what it was
    zoo.load("critic")


def test_mistakes_in_examining(run, critic, monkeypatch):
    assert "no recipe is called 'wavenot'" in run("examine", "wavenot")[2]
    assert "no trained model is called 'gru-speech'" in run("examine", "gru-speech")[2]
    monkeypatch.setitem(zoo.RECIPES, "critic", RECIPES["drummer"])
    status, out, err = run("examine", "critic", "--publish")
    assert (status, out) == (2, "")
    assert "need a recipe of a Classifier to examine critic, got one of a SoundDiffusion" in err
    assert len(err.splitlines()) == 1
    assert zoo.card("critic")["scores"] == {"then": 0.5}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["wavenot"], "no recipe is called 'wavenot'; there are "),
        (["tiny", "--steps", "0"], "need --steps of at least 1, got 0"),
        (["tiny", "--steps", "many"], "invalid int value"),
        (["tiny", "--resume"], "there is no"),
        (["tiny", "--devices", "0"], "need devices of at least 1"),
        (["tiny", "--nodes", "-1"], "need nodes of at least 1"),
        (["tiny", "--folder", "{old}"], "holds a run already; go on with it (--resume)"),
        (["tiny", "--folder", "{old}", "--resume", "--steps", "9"], "schedule.steps=2 (now 9)"),
        ([], "required: NAME"),
    ],
)
def test_mistakes_in_training(run, trained, tmp_path, monkeypatch, arguments, said):
    monkeypatch.setitem(zoo.RECIPES, "tiny", RECIPES["babbler"])
    monkeypatch.chdir(tmp_path)
    status, out, err = run("train", *(a.format(old=trained / "babbler") for a in arguments))
    assert (status, out) == (2, "")
    assert said in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--folder", "{file}"], "cannot write {file}/run.safetensors: Not a directory"),
        (["--folder", "{file}/deeper"], "cannot write {file}/deeper/run.safetensors: Not a dir"),
        (["--publish"], "cannot write {file}/zoo/tiny/weights.safetensors: Not a directory"),
        (["--devices", "999"], "need at most as many devices as "),
        (["--nodes", "2"], "need torchrun or SLURM to start processes on 2 nodes, but neither"),
    ],
)
def test_training_is_refused_before_it_begins(run, tmp_path, monkeypatch, arguments, said):
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    for variable in ("SLURM_NTASKS", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setitem(zoo.RECIPES, "tiny", RECIPES["babbler"])
    monkeypatch.setattr(zoo.store, "data_folder", lambda: file)
    monkeypatch.chdir(tmp_path)
    status, out, err = run("train", "tiny", *(a.format(file=file) for a in arguments))
    assert (status, out) == (2, "")
    assert said.format(file=file) in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == [file]


def test_a_run_that_goes_on_elsewhere_is_told_on_stderr(run, tmp_path, monkeypatch):
    recipe = replace(RECIPES["babbler"], schedule=replace(SHORT, precision="auto"))
    monkeypatch.setitem(zoo.RECIPES, "tiny", recipe)
    monkeypatch.setattr(precision, "_lacking", lambda device: None)
    running = zoo.train(recipe, tmp_path)
    for _ in range(2):
        next(running)
    running.close()
    monkeypatch.setattr(precision, "_lacking", lambda device: "this one is old")
    status, out, err = run("train", "tiny", "--folder", tmp_path, "--resume")
    assert status == 0
    assert out.startswith("training in float32: the run began in bfloat16, but this one is old\n")
    assert err == "not as before, from step 1: precision float32 after bfloat16\n"


def test_several_devices_without_fabric(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)  # as if it were not installed
    monkeypatch.setitem(zoo.RECIPES, "tiny", RECIPES["babbler"])
    status, out, err = run("train", "tiny", "--devices", 2, "--folder", tmp_path)
    assert (status, out) == (2, "")
    assert "need Lightning Fabric to train on several devices; install it with" in err


# ------------------------------------------------------ sampling and scoring


def test_a_sample_is_what_the_library_draws(run, trained, tmp_path):
    for name in ("babbler", "gru"):
        target = tmp_path / f"{name}.wav"
        arguments = ("--seconds", 0.05, "--seed", 3, "--temperature", 0.9, "-o", target)
        status, out, err = run("sample", trained / name, *arguments)
        assert (status, err) == (0, "")
        assert f"0.05 s at 8000 Hz from {trained / name}" in out
        network = zoo.load(trained / name)
        expected = network.sample(400, rng=seeded(3), temperature=0.9)[0]
        np.testing.assert_allclose(read(target).samples, expected, atol=2**-15)


def test_each_voice_can_be_asked_for(run, trained, tmp_path):
    sounds = []
    for voice in VOICES:
        target = tmp_path / f"{voice}.wav"
        arguments = ("--voice", voice, "--seconds", 0.05, "-o", target)
        assert run("sample", trained / "choir", *arguments)[0] == 0
        sounds.append(read(target).samples)
    assert (sounds[0] != sounds[1]).any()


@pytest.mark.parametrize(("seconds", "length"), [(None, 4000), (0.1, 800)])
def test_a_vocoder_makes_a_recording_anew(run, trained, recording, tmp_path, seconds, length):
    some = () if seconds is None else ("--seconds", seconds)
    target = tmp_path / "out.wav"
    arguments = ("--from", recording, "--temperature", 0, "-o", target, *some)
    assert run("sample", trained / "vocoder", *arguments)[0] == 0
    network = zoo.load(trained / "vocoder")
    clip = read_at(recording, 8000)
    mel = mel_frames(clip.with_samples(clip.samples[:length]), network.config.mel)
    expected = network.sample(length, rng=seeded(0), temperature=0, mel=mel)[0]
    np.testing.assert_allclose(read(target).samples, expected, atol=2**-15)


@pytest.mark.parametrize(
    ("model", "arguments", "said"),
    [
        ("wavelet", [], "no model is called 'wavelet'; there are ar"),
        ("{tmp}", [], "there is no"),
        ("babbler", ["--temperature", "-1"], "need temperature of 0 or more"),
        ("babbler", ["--temperature", "nan"], "temperature"),
        ("babbler", ["--temperature", "warm"], "invalid float value"),
        ("babbler", ["--seconds", "0"], "need --seconds strictly between 0 and 3600"),
        ("babbler", ["--seed", "-1"], "need seed of at least 0"),
        ("babbler", ["--order", "3"], "--order is for ar"),
        (
            "babbler",
            ["--voice", "Bob"],
            "--voice is not for {models}/babbler: it has one voice only",
        ),
        ("babbler", ["--from", "{file}"], "--from is not for {models}/babbler: it listens to none"),
        ("babbler", ["-o", "{tmp}/no/out.wav"], "there is no folder"),
        ("babbler", ["-o", "{tmp}/out.mp4"], ".wav or .flac"),
        ("babbler", ["-o", "{file}"], "exists already; pass --overwrite"),
        ("choir", [], 'pass --voice "Allison Smith" or "June Wallack"'),
        ("choir", ["--voice", "Bob"], "no voice 'Bob': pass \"Allison Smith\" or"),
        ("vocoder", [], "turns a recording into sound again: pass --from FILE"),
        ("vocoder", ["--from", "no.wav"], "no.wav"),
        ("vocoder", ["--from", "{file}", "--seconds", "9"], "need --seconds of 0.5 at most"),
        ("ar", [], "ar is fitted to a recording: pass --from FILE"),
        ("ar", ["--from", "{file}", "--temperature", "1"], "--temperature is for networks"),
        ("ar", ["--from", "{file}", "--voice", "Bob"], "--voice is for networks, not for ar"),
    ],
)
def test_mistakes_in_sampling(run, trained, recording, tmp_path, model, arguments, said):
    places = {"tmp": tmp_path, "file": recording, "models": trained}
    model = model.format(**places)
    model = trained / model if model in RECIPES else model
    filled = [a.format(**places) for a in arguments]
    before = sorted(tmp_path.iterdir())
    status, out, err = run("sample", model, "-o", tmp_path / "o.wav", *filled)
    assert (status, out) == (2, "")
    assert said.format(**places) in err
    assert err.splitlines()[-1].startswith("course")
    assert sorted(tmp_path.iterdir()) == before


# ------------------------------------------------------------- diffusion models


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ([], {}),
        (["--class", "kick"], {"label": "kick"}),
        (
            ["--class", "hand drum", "--steps", 3, "--guidance", 2, "--seconds", 0.1],
            {"label": "hand drum", "steps": 3, "guidance": 2, "length": 800},
        ),
        (["--sampler", "ddpm", "--steps", 4], {"sampler": "ddpm", "steps": 4}),
    ],
)
def test_a_hit_is_what_the_library_draws(run, trained, tmp_path, arguments, settings):
    target = tmp_path / "hit.wav"
    status, out, err = run("sample", trained / "drummer", "--seed", 3, *arguments, "-o", target)
    assert (status, err) == (0, "")
    expected = zoo.load(trained / "drummer").sample(rng=seeded(3), **settings)[0]
    clip = read(target)
    np.testing.assert_allclose(clip.samples, expected, atol=2**-15)
    named = f", {settings['label']}" if "label" in settings else ""
    assert f"{clip.duration:g} s at 8000 Hz from {trained / 'drummer'}{named}\n" in out


def test_the_same_seed_gives_the_same_file(run, trained, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = (
            "--class",
            "kick",
            "--steps",
            2,
            "--seed",
            seed,
            "-o",
            tmp_path / f"{name}.wav",
        )
        assert run("sample", trained / "drummer", *arguments)[0] == 0
    one, again, other = ((tmp_path / f"{name}.wav").read_bytes() for name in "abc")
    assert one == again
    assert one != other


@pytest.mark.parametrize("seconds", [0.2, 0.15])
def test_the_score_of_a_hit_is_the_bits_of_all_that_the_network_draws(
    run, trained, tmp_path, rng, seconds
):
    clip = Clip(0.1 * rng.standard_normal(round(8000 * seconds)), 8000)
    file = write(tmp_path / "hit.wav", clip)
    filled = Clip(np.pad(read(file).samples, (0, 1600 - len(clip))), 8000)
    network = zoo.load(trained / "drummer")
    filling = f", filled up with {1600 - len(clip)} samples of silence" if seconds < 0.2 else ""
    for bound, kind, sign in ((True, "lower bound", "≤ "), (False, "estimate", "≈ ")):
        options = ("--class", "kick", *(("--bound",) if bound else ()))
        status, out, err = run("score", trained / "drummer", file, *options)
        assert (status, err) == (0, "")
        scorer = network.scorer("kick", rng=seeded(1), kind=kind)
        expected = bits_per_sample(scorer, filled, MuLaw(), rng=seeded(0))
        assert f"{file}: {sign}{expected.bits:.2f} bits per sample" in out
        assert f"nats ({kind})" in out
        who = f"{trained / 'drummer'}, kick{filling}"
        assert f"8-bit µ-law at 8000 Hz, 1600 samples; {who}\n" in out


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("sample", ["drummer", "--class", "kik"], "no class is called 'kik'; there are 'kick'"),
        ("sample", ["drummer", "--class", ""], "no class is called ''"),
        ("sample", ["drummer", "--steps", "0"], "need steps of at least 1, got 0"),
        ("sample", ["drummer", "--steps", "-2"], "need steps of at least 1, got -2"),
        ("sample", ["drummer", "--steps", "many"], "invalid int value"),
        ("sample", ["drummer", "--class", "kick", "--guidance", "nan"], "need guidance"),
        ("sample", ["drummer", "--guidance", "2"], "need a class to guide towards"),
        ("sample", ["drummer", "--sampler", "euclid"], "need a sampler out of ddim, ddpm, heun"),
        ("sample", ["drummer", "--seconds", "0.3"], "need --seconds of 0.2 at most"),
        ("sample", ["drummer", "--seconds", "1e-9"], "need length of at least 1"),
        ("sample", ["drummer", "--seed", "-1"], "need seed of at least 0"),
        ("sample", ["drummer", "--order", "3"], "--order is for ar"),
        ("sample", ["drummer", "--temperature", "1"], "--temperature is not for {models}/drummer"),
        ("sample", ["drummer", "--voice", "Bob"], "--voice is not for {models}/drummer"),
        ("sample", ["drummer", "--from", "{file}"], "--from is not for {models}/drummer"),
        ("sample", ["drummer", "--channel", "0"], "--channel is not for {models}/drummer"),
        ("sample", ["critic"], "critic makes no sound by itself"),
        ("sample", ["babbler", "--class", "kick"], "--class is for diffusion models, not for"),
        ("sample", ["gru", "--steps", "9"], "--steps is for diffusion models, not for"),
        ("sample", ["vocoder", "--guidance", "2"], "--guidance is for diffusion models"),
        ("sample", ["ar", "--sampler", "ddim"], "--sampler is for diffusion models, not for ar"),
        ("score", ["drummer", "{file}", "--class", "hat"], "no class is called 'hat'"),
        ("score", ["drummer", "{file}"], "need a sound of 0.2 s at most"),
        ("score", ["drummer", "{file}", "--voice", "Bob"], "--voice is not for {models}/drummer"),
        ("score", ["drummer", "{file}", "--order", "3"], "--order is for ar"),
        ("score", ["drummer"], "need a FILE to score"),
        ("score", ["critic", "{file}"], "critic makes no sound by itself, and has no"),
        ("score", ["babbler", "{file}", "--bound"], "--bound is for diffusion models, not for"),
        ("score", ["ar", "{file}", "--class", "kick"], "--class is for diffusion models"),
        ("score", ["talker", "--bound"], "--bound is not for talkers"),
        ("sample", ["codec"], "codec makes no sound by itself"),
        ("score", ["squeezer", "{file}"], "squeezer draws sounds and has no likelihood of any"),
        ("score", ["forger", "{file}"], "forger draws sounds and has no likelihood of any"),
        ("sample", ["forger", "--steps", "9"], "--steps is for diffusion models, not for"),
        ("say", ["one", "--talker", "drummer"], "drummer does not read text"),
        ("say", ["one", "--talker", "talker", "--vocoder", "drummer"], "does not turn frames into"),
    ],
)
def test_mistakes_with_diffusion_models(
    run, trained, recording, tmp_path, command, arguments, said
):
    filled = [a.format(file=recording) for a in arguments]
    filled = [trained / a if a in RECIPES else a for a in filled]
    target = () if command == "score" else ("-o", tmp_path / "o.wav")
    status, out, err = run(command, *filled, *target)
    assert (status, out) == (2, "")
    assert said.format(models=trained) in err
    assert len(err.splitlines()) == 1 or "usage:" in err
    assert not (tmp_path / "o.wav").exists()


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("drummer", r"loss \d\.\d{3} \(weighted squared error\), learning"),
        ("critic", r"loss \d\.\d{3} nats \(\d\.\d{3} bits\), learning"),
        ("gru", r"loss \d\.\d{3} nats \(\d\.\d{3} bits\), learning"),
    ],
)
def test_losses_are_told_in_their_own_unit(run, tmp_path, monkeypatch, name, unit):
    longer = replace(RECIPES[name], schedule=Schedule(100, 1e-3, warmup=1), validate_every=100)
    monkeypatch.setitem(zoo.RECIPES, "tiny", longer)
    status, out, err = run("train", "tiny", "--folder", tmp_path)
    assert (status, err) == (0, "")
    assert re.search(f"step 100 of 100: {unit}", out)
    assert re.search(rf"step 100: validation \d\.\d{{3}} {longer.unit}\n", out)


@pytest.mark.parametrize(("blocks", "status"), [(0, 130), (2, 130), (10, 0)])
def test_ctrl_c_keeps_what_was_generated(run, tmp_path, monkeypatch, blocks, status):
    def drawn(length, **settings):
        for _ in range(blocks):
            yield np.full(length // 10, 0.5)
        if blocks < 10:
            raise KeyboardInterrupt

    config = SimpleNamespace(sample_rate=8000)
    network = SimpleNamespace(config=config, sample=drawn, blocks=drawn)
    monkeypatch.setattr(sampling, "network_named", lambda name: network)
    target = tmp_path / "out.wav"
    found, out, err = run("sample", "any", "--seconds", 1, "-o", target)
    assert found == status
    assert ("interrupted" in err) == (status == 130)
    assert target.exists() == (blocks > 0)
    if blocks:
        assert f"{blocks / 10:g} s at 8000 Hz" in out
        assert len(read(target)) == 800 * blocks


def test_score_is_the_likelihood_of_the_file(run, trained, recording):
    clip = read_at(recording, 8000)
    for name, options, told in (
        ("babbler", [], {}),
        ("gru", [], {}),
        ("choir", ["--voice", VOICES[1]], {"voice": VOICES[1]}),
        ("vocoder", [], {"mel": mel_frames(clip, tiny.VOCODER.mel)}),
    ):
        status, out, err = run("score", trained / name, recording, *options)
        assert (status, err) == (0, "")
        network = zoo.load(trained / name)
        encoding = network.config.encoding
        nats = network.level_log_likelihood(encoding.encode(clip), encoding, **told).nats
        assert f"{-nats / np.log(2) / 4000:.2f} bits per sample" in out
        assert f"{nats:.1f} nats (exact)" in out
        assert "4-bit µ-law at 8000 Hz, 4000 samples" in out


@pytest.mark.parametrize(
    ("model", "arguments", "said"),
    [
        ("choir", [], "pass --voice"),
        ("babbler", ["--order", "3"], "--order is for ar"),
        ("ar", ["--voice", "Bob"], "--voice is for networks"),
        ("nobody", [], "no model is called 'nobody'"),
    ],
)
def test_mistakes_in_scoring(run, trained, recording, model, arguments, said):
    model = trained / model if model in RECIPES else model
    status, out, err = run("score", model, recording, *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_the_zoo_names_what_is_trained_and_what_is_not(run, trained, monkeypatch):
    monkeypatch.setattr(zoo.store, "data_folder", lambda: trained)
    (trained / "zoo").symlink_to(trained, target_is_directory=True)
    status, out, err = run("zoo")
    (trained / "zoo").unlink()
    assert (status, err) == (0, "")
    for name in SOUNDS:
        card = zoo.card(trained / name)
        assert f"{name}: {card['about']}\n  {card['scores']['bits per sample']:.2f} bits" in out
    assert "talker: LSTM of 5 units, location-sensitive attention, 16000 Hz; reads aloud" in out
    assert re.search(r"\n  \d\.\d\d nats per mel value of unheard sentences\n", out)
    assert "drummer: U-Net over 100 x 16 MDCT coefficients, trained by denoising (EDM)" in out
    assert "\n  50% of drawn hits recognised as what they should be\n" in out
    assert "critic: convolutions of 4 channels over log-mel frames, 8000 Hz; tells 2" in out
    assert "\n  75% of held-out hits recognised\n" in out
    assert f"not trained yet (course train NAME): {', '.join(zoo.RECIPES)}" in out


def test_networks_for_the_tests_are_of_every_kind():
    assert {kind_of(recipe.configuration) for recipe in RECIPES.values()} == set(NETWORKS)
