"""Word errors against brute force; the recogniser's floor on real recordings; bad input."""

import functools
import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.audio import Clip, noise, resample
from course_lib.corpora import join_words, spoken_words
from course_lib.evaluation import (
    DATES_AND_TIMES,
    DIGITS,
    NUMBERS,
    Recogniser,
    letters_in_a_row,
    single_words,
    word_error_rate,
    word_errors,
)
from course_lib.features import griffin_lim, log_mel, magnitude_from_log_mel
from course_lib.text.reading import normalise
from course_lib.text.words import number_words

needs_pocketsphinx = pytest.mark.skipif(
    importlib.util.find_spec("pocketsphinx") is None,
    reason="pocketsphinx is not installed (the extra `recogniser`)",
)
SENTENCES = st.lists(st.sampled_from(["one", "two", "three"]), max_size=5)


@functools.cache
def recogniser(grammar):
    return Recogniser(grammar)


def spoken(words, rng=None):
    """Real recordings, with pauses of 60 ms, or takes and pauses of up to 120 ms at random."""
    takes = [spoken_words()[word] for word in words]
    if rng is None:
        return join_words([take[0] for take in takes], pauses=[0.06] * (len(words) - 1))
    chosen = [take[rng.integers(len(take))] for take in takes]
    return join_words(chosen, pauses=rng.uniform(0, 0.12, len(words) - 1).tolist())


def through_mel(clip):
    settings = {"window_length": 800, "hop_length": 200}
    magnitude = magnitude_from_log_mel(log_mel(clip, bands=80, **settings), 16_000, 800)
    rng = np.random.default_rng(1)
    return clip.with_samples(griffin_lim(magnitude, hop_length=200, length=len(clip), rng=rng))


@functools.cache
def fewest_edits(reference, heard):
    """The edit distance, by trying everything that may happen to the first words."""
    if not reference or not heard:
        return len(reference) + len(heard)
    if reference[0] == heard[0]:
        return fewest_edits(reference[1:], heard[1:])
    rests = (reference[1:], heard[1:]), (reference[1:], heard), (reference, heard[1:])
    return 1 + min(fewest_edits(*rest) for rest in rests)


@given(reference=SENTENCES, heard=SENTENCES)
def test_word_errors_are_the_fewest_edits(reference, heard):
    assert word_errors(reference, heard) == fewest_edits(tuple(reference), tuple(heard))
    assert word_errors(reference, heard) == word_errors(heard, reference)


def test_word_errors_by_hand():
    said = ["four", "thousand", "and", "twelve"]
    assert word_errors(said, said) == 0
    assert word_errors(said, ["five", "thousand", "and", "twelve"]) == 1
    assert word_errors(said, ["four", "thousand", "twelve"]) == 1
    assert word_errors(said, ["four", "thousand", "and", "twelve", "oh"]) == 1
    assert word_errors(said, ()) == 4
    with pytest.raises(TypeError, match="sequence of words"):
        word_errors("four", ["four"])


def test_word_error_rate_counts_words_and_not_sentences(rng):
    rate = word_error_rate([["one"], ["two"] * 9], [["two"], ["two"] * 9], rng=rng)
    assert (rate.errors, rate.words, rate.rate) == (1, 10, 0.1)
    assert str(rate) == "10.0 % (0.0 to 100.0)"
    perfect = word_error_rate([["one"]], [["one"]], rng=rng)
    assert perfect.as_json() == {"rate": 0, "low": 0, "high": 0, "errors": 0, "words": 1}


def test_the_interval_covers_as_often_as_it_says():
    """Sentences of which a fifth is wrong as a whole: 95 % of intervals should hold 0.2."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        wrong = rng.random(80) < 0.2
        heard = [["no"] * 4 if bad else ["yes"] * 4 for bad in wrong]
        rate = word_error_rate([["yes"] * 4] * 80, heard, rng=rng, draws=400)
        assert rate.low <= rate.rate <= rate.high
        covered += rate.low <= 0.2 <= rate.high
    assert 180 <= covered <= 198


def test_the_interval_is_the_seed_s():
    sentences = [["one", "two"], ["one"], ["two", "two", "one"]]
    heard = [["one"], ["one"], ["two", "one", "one"]]
    one, two = (word_error_rate(sentences, heard, rng=np.random.default_rng(3)) for _ in range(2))
    assert one == two


def test_what_has_no_word_error_rate(rng):
    with pytest.raises(ValueError, match="got 0 and 0"):
        word_error_rate([], [], rng=rng)
    with pytest.raises(ValueError, match="got 1 and 2"):
        word_error_rate([["one"]], [[], []], rng=rng)
    with pytest.raises(ValueError, match="one or more words in each sentence"):
        word_error_rate([["one"], []], [["one"], []], rng=rng)
    with pytest.raises(TypeError, match="Generator"):
        word_error_rate([["one"]], [["one"]], rng=1)
    with pytest.raises(ValueError, match="draws"):
        word_error_rate([["one"]], [["one"]], rng=rng, draws=0)


@needs_pocketsphinx
@pytest.mark.parametrize("through", [lambda clip: clip, through_mel], ids=["real", "griffin-lim"])
def test_the_floor_on_numbers(through):
    rng = np.random.default_rng(11)
    sentences = [number_words(int(10 ** rng.uniform(2, 6))) for _ in range(8)]
    heard = [recogniser(NUMBERS).recognise(through(spoken(words, rng))) for words in sentences]
    assert word_error_rate(sentences, heard, rng=rng).rate < 0.05


@needs_pocketsphinx
def test_the_floor_on_dates_and_times():
    texts = [
        "the twenty second of november",
        "november twenty second",
        "tuesday",
        "tuesday the second of may twenty twenty six",
        "five forty three pm",
        "seventeen forty three",
        "five oh five",
        "five o'clock",
        "tuesday five forty three pm",
        "at nine thirty am",
    ]
    sentences = [normalise(text) for text in texts]
    assert [" ".join(words) for words in sentences] == texts
    heard = [recogniser(DATES_AND_TIMES).recognise(spoken(words)) for words in sentences]
    assert word_error_rate(sentences, heard, rng=np.random.default_rng(1)).rate < 0.06


@needs_pocketsphinx
def test_a_sentence_out_of_the_grammar_is_not_heard():
    said = ("b", "c", "d")
    heard = recogniser(NUMBERS).recognise(spoken(said))
    assert not set(said) & set(heard)


@needs_pocketsphinx
def test_rows_of_letters_and_digits_are_heard():
    letters = ("w", "o", "m", "t", "o", "m")
    assert recogniser(letters_in_a_row(6)).recognise(spoken(letters)) == letters
    digits = ("zero", "one", "eight", "eight", "two")
    assert recogniser(DIGITS).recognise(spoken(digits)) == digits
    with pytest.raises(ValueError, match="count"):
        letters_in_a_row(0)


@needs_pocketsphinx
def test_what_is_heard_depends_on_the_clip_alone(rng):
    judge = recogniser(NUMBERS)
    clip = spoken(number_words(312))
    first = judge.recognise(clip)
    judge.recognise(noise(0.5, 16_000, rng=rng))
    assert judge.recognise(clip) == first == number_words(312)
    assert Recogniser(NUMBERS).recognise(clip.with_samples(clip.samples * 0.05)) == first


@needs_pocketsphinx
def test_silence_and_the_shortest_clips_say_nothing():
    judge = recogniser(NUMBERS)
    for length in (1, 100, 410, 16_000):
        assert judge.recognise(Clip(np.zeros(length), 16_000)) == ()
    for length in (1, 100):
        assert judge.recognise(Clip(np.ones(length), 16_000)) == ()


@needs_pocketsphinx
def test_clips_that_cannot_be_recognised():
    judge = recogniser(NUMBERS)
    clip = spoken(["five"])
    for rate in (8000, 44_100):
        with pytest.raises(ValueError, match=f"at 16000 Hz.*got {rate} Hz"):
            judge.recognise(resample(clip, rate))
    with pytest.raises(TypeError, match="need a Clip"):
        judge.recognise(clip.samples)
    with pytest.raises(ValueError, match="finite"):
        judge.recognise(Clip(np.array([0.0, np.nan]), 16_000))
    with pytest.raises(ValueError, match="at least 1 sample"):
        judge.recognise(Clip(np.zeros(0), 16_000))


@needs_pocketsphinx
def test_grammars_that_will_not_do():
    with pytest.raises(ValueError, match="no word 'qwzx'"):
        Recogniser(single_words(["five", "qwzx"]))
    with pytest.raises(ValueError, match="Java Speech Grammar Format"):
        Recogniser("five | six")
    with pytest.raises(TypeError, match="grammar as text"):
        Recogniser(["five"])
    for words in ([], "five"):
        with pytest.raises(ValueError, match="one or more words"):
            single_words(words)


def test_without_pocketsphinx_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match=r"pip install .*\[recogniser\]"):
        Recogniser(NUMBERS)
