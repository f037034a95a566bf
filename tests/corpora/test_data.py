"""The recordings themselves: what the manifest says of them is true, and they are worth hearing."""

import hashlib
import re
from collections import defaultdict

import numpy as np
import pytest
import soundfile

from course_lib import corpora
from course_lib.corpora.catalogue import SPLITS, data_folder
from course_lib.corpora.splits import fraction
from course_lib.zoo.hits import CLASSES

MEGABYTE = 1_000_000
LICENCES = {"CC-BY-SA-3.0", "CC-BY-SA-3.0-US", "CC-BY-3.0", "CC0-1.0", "MIT"}
RECORDINGS = list(corpora.catalogue())


@pytest.fixture(scope="module")
def samples() -> dict[str, np.ndarray]:
    """Every recording as 16-bit integers, by name."""
    return {r.name: soundfile.read(r.path, dtype="int16")[0] for r in RECORDINGS}


def offenders(bad: list) -> str:
    return ", ".join(map(str, bad[:8]))


def test_every_file_has_its_hash():
    corpora.catalogue().verify()


def test_no_file_without_a_row():
    found = {p for c in ("speech", "percussion", "music") for p in (data_folder() / c).rglob("*")}
    stray = {p for p in found if p.is_file()} - {r.path for r in RECORDINGS}
    assert not stray


def test_format_and_length_agree():
    for recording in RECORDINGS:
        info = soundfile.info(recording.path)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert recording.sample_rate == info.samplerate
        assert recording.seconds == pytest.approx(info.frames / info.samplerate, abs=1e-4)


def test_no_recording_twice():
    assert len({r.sha256 for r in RECORDINGS}) == len(RECORDINGS)
    assert len({r.name.lower() for r in RECORDINGS}) == len(RECORDINGS)  # as Windows sees it


def test_nothing_is_silent_or_clipped(samples):
    quiet = [n for n, x in samples.items() if np.sqrt(np.mean(x.astype(float) ** 2)) < 200]
    clipped = [n for n, x in samples.items() if np.abs(x.astype(int)).max() > 30_000]
    assert not quiet, offenders(quiet)
    assert not clipped, offenders(clipped)


def test_no_offset_and_no_click_at_the_ends(samples):
    for name, x in samples.items():
        peak = np.abs(x.astype(int)).max()
        assert abs(x.mean()) < 0.02 * peak, name
        assert abs(int(x[0])) < 0.02 * peak, name
        assert abs(int(x[-1])) < 0.03 * peak, name


def test_lengths():
    english = corpora.speech(language="en")
    assert 11 * 60 < english.seconds < 13 * 60
    assert max(r.seconds for r in english) <= 4
    assert max(r.seconds for r in corpora.percussion()) <= 1
    assert min(r.seconds for r in corpora.percussion()) >= 0.05
    assert len(corpora.percussion()) > 300


def test_sizes():
    size = {
        c: sum(r.path.stat().st_size for r in corpora.catalogue().select(collection=c))
        for c in ("speech", "percussion", "music")
    }
    assert size["speech"] < 18 * MEGABYTE
    assert size["percussion"] < 7 * MEGABYTE
    assert size["music"] < 6.5 * MEGABYTE
    everything = sum(p.stat().st_size for p in data_folder().rglob("*") if "zoo" not in p.parts)
    assert everything < 34 * MEGABYTE


def test_the_hash_is_uniform_and_never_moves():
    assert fraction("weasels") == int(hashlib.sha256(b"weasels").hexdigest()[:8], 16) / 2**32
    places = np.array([fraction(str(i)) for i in range(10_000)])
    assert places.min() >= 0
    assert places.max() < 1
    counts = np.histogram(places, bins=10, range=(0, 1))[0]
    assert np.abs(counts - 1000).max() < 150


def place(key: str, test: float, validation: float) -> str:
    return (
        "test" if fraction(key) < test else "validation" if fraction(key) < validation else "train"
    )


def test_english_splits_follow_the_hash_of_the_words():
    for recording in corpora.speech(language="en"):
        phrase = recording.label == "phrase"
        expected = place(recording.text, 0.18, 0.28) if phrase else "train"
        assert recording.split == expected, recording.name


def test_other_languages_split_by_the_hash_of_the_name():
    for recording in corpora.speech(language=["fr", "es", "it", "ru"]):
        assert recording.split == place(recording.name, 0.12, 0.24), recording.name


def test_a_tenth_to_a_seventh_of_english_is_held_out():
    english = corpora.speech(language="en")
    held_out = english.select(split="test").seconds / english.seconds
    assert 0.10 < held_out < 0.15


def test_no_english_phrase_trains_and_tests():
    splits = defaultdict(set)
    for recording in corpora.speech(language="en", label="phrase"):
        splits[recording.text].add(recording.split)
    assert all(len(s) == 1 for s in splits.values())


@pytest.mark.parametrize("collection", ["percussion", "music"])
def test_percussion_splits_by_kit_and_music_by_melody(collection):
    key = {"percussion": "voice", "music": "text"}[collection]
    splits = defaultdict(set)
    for recording in corpora.catalogue().select(collection=collection):
        splits[getattr(recording, key)].add(recording.split)
    assert all(len(s) == 1 for s in splits.values())
    assert {next(iter(s)) for s in splits.values()} == {"train", "validation", "test"}


def test_every_class_of_percussion_trains():
    percussion = corpora.percussion()
    assert percussion.select(split="train").values("label") == percussion.values("label")


def test_every_class_that_is_judged_has_a_dozen_test_hits():
    """From kits that never train."""
    for label in CLASSES:
        held_out = corpora.percussion(label=label, split="test")
        assert len(held_out) >= 12, label
        trained_on = corpora.percussion(label=label, split="train").values("voice")
        assert not set(held_out.values("voice")) & set(trained_on)


def test_recorded_music_is_three_minutes_split_by_recording_and_musician():
    recorded = corpora.music(label="recorded")
    assert recorded.seconds == pytest.approx(180, abs=1)
    assert len(recorded.values("text")) == 5
    musicians = {split: recorded.select(split=split).values("voice") for split in SPLITS}
    assert sum(map(len, musicians.values())) == len(recorded.values("voice"))
    assert not set(recorded.values("voice")) & set(corpora.music(label="melody").values("voice"))


def test_recorded_music_fills_its_band(samples):
    """G.722 carries up to 7 kHz; the 8 kHz files of the sibling package would end at 4."""
    for recording in corpora.music(label="recorded"):
        power = np.abs(np.fft.rfft(samples[recording.name].astype(float))) ** 2
        hertz = np.fft.rfftfreq(len(samples[recording.name]), 1 / 16_000)
        high, all_of_it = power[(hertz > 4500) & (hertz < 6500)].mean(), power.mean()
        assert high > 1e-6 * all_of_it, recording.name


def is_copy(x: np.ndarray, y: np.ndarray) -> bool:
    size = 2 ** int(np.ceil(np.log2(len(x) + len(y))))
    together = np.fft.irfft(np.fft.rfft(x, size) * np.conj(np.fft.rfft(y, size)))
    return np.abs(together).max() > 0.97 * np.linalg.norm(x) * np.linalg.norm(y)


def test_no_held_out_hit_is_a_copy_of_a_training_hit(samples):
    percussion = corpora.percussion()
    for label in percussion.select(split="test").values("label"):
        hits = [(r, samples[r.name].astype(float)) for r in percussion.select(label=label)]
        train = [(r, x) for r, x in hits if r.split == "train"]
        held_out = [(r, x) for r, x in hits if r.split != "train"]
        copies = [(a.name, b.name) for a, x in held_out for b, y in train if is_copy(x, y)]
        assert not copies


def test_texts_are_plain_words():
    letters = {"en": "[a-z' ]+", "fr": "[a-zé]+", "es": "[a-z]+", "it": "[a-z]+", "ru": "[a-zа-я]+"}
    for recording in corpora.speech():
        assert re.fullmatch(letters[recording.language], recording.text), recording


def test_the_words_that_sentences_are_joined_from():
    words = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    words += "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
    words += "eighty ninety hundred thousand million billion first second third fourth fifth sixth "
    words += (
        "seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    )
    words += "seventeenth eighteenth nineteenth twentieth thirtieth monday tuesday wednesday "
    words += "thursday friday saturday sunday january february march april may june july august "
    words += "september october november december and oh at o'clock minus today tomorrow yesterday "
    words += "a b c d e f g h i j k l m n o p q r s t u v w x y z"
    training = corpora.speech(language="en", split="train")
    missing = (set(words.split()) | {"a m", "p m"}) - set(training.values("text"))
    assert not missing


def test_digits_and_letters_of_every_language():
    for language in ("en", "fr", "es", "it", "ru"):
        speech = corpora.speech(language=language)
        assert len(speech.select(label="digit")) == 10
        assert (
            len(
                {r.name for r in speech.select(label="letter")}
                & {f"speech/{language}/letters/{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"}
            )
            == 26
        )


def test_licences_are_the_ones_that_the_readme_names():
    readme = (data_folder() / "README.md").read_text(encoding="utf-8")
    assert {r.licence for r in RECORDINGS} == LICENCES
    for recording in RECORDINGS:
        assert recording.voice in readme


def test_the_readme_counts_what_there_is():
    readme = (data_folder() / "README.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| (\w+) \| (\w*) \| ([^|]+) \| ([^|]+) \| (\d+) \| ([\d.]+) \|$", readme, re.M
    )
    counted = defaultdict(list)
    for r in RECORDINGS:
        counted[r.collection, r.language, r.voice, r.licence].append(r.seconds)
    expected = [(*key, str(len(s)), f"{sum(s):.1f}") for key, s in sorted(counted.items())]
    assert told == expected


def test_the_files_carry_their_credit_and_licence():
    for recording in RECORDINGS[::50]:
        with soundfile.SoundFile(recording.path) as file:
            tags = file.copy_metadata()
        assert tags["title"] == recording.text
        assert tags["license"] == recording.licence
        assert tags["artist"]
