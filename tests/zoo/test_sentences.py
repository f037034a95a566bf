"""What the talkers read: the test sentences are never joined in training, and never move."""

import numpy as np
import pytest

from course_lib.corpora.splits import fraction
from course_lib.corpora.words import spoken_words
from course_lib.models.sequence.frames import SAMPLE_RATE, frames_of
from course_lib.text.reading import normalise
from course_lib.zoo import sentences as sentences_module
from course_lib.zoo.sentences import (
    any_words,
    day,
    joined,
    letters,
    number,
    read_from_recordings,
    reading_batches,
    sentences,
    small_number,
    split_of,
    time,
    vocabulary,
)

LISTS = ("numbers", "dates and times", "letters", "sixteen digits")


def letters_of(words):
    """Tokens that tell which sentence a batch holds."""
    return np.frombuffer(" ".join(words).encode("ascii"), np.uint8).astype(np.int64)


@pytest.mark.parametrize(
    ("which", "count"),
    [("numbers", 200), ("dates and times", 100), ("letters", 40), ("sixteen digits", 10)],
)
def test_lists_have_their_size_and_are_all_held_out(which, count):
    texts = sentences(which)
    spoken = {normalise(text) for text in texts}
    assert len(texts) == len(spoken) == count
    for words in spoken:
        assert len(words) > 1
        assert fraction(" ".join(words)) < 0.1
        assert set(words) <= set(vocabulary())


def test_numbers_reach_from_three_to_six_digits():
    values = [int(text.replace(",", "")) for text in sentences("numbers")]
    assert {len(str(value)) for value in values} == {3, 4, 5, 6}
    assert 100 <= min(values) < max(values) <= 999_999


def test_half_of_the_dates_and_times_are_times():
    texts = sentences("dates and times")
    assert sum(":" in text for text in texts) == len(texts) / 2


def test_validation_and_test_share_no_sentence():
    for which in LISTS:
        test, validation = (
            {normalise(t) for t in sentences(which, s)} for s in ("test", "validation")
        )
        assert not test & validation


def test_the_lists_do_not_move():
    """The sentences that the cards were measured on; a change makes every card wrong."""
    assert sentences("numbers")[:4] == ("8,391", "651,285", "722,828", "1,033")
    assert sentences("dates and times")[:2] == (
        "Wednesday the 22nd of February",
        "Tuesday 10:13 am",
    )
    assert sentences("letters")[:2] == ("m, n, p, o", "z, m, v, x, v")
    assert sentences("sixteen digits")[0] == "0 1 0 8 8 2 4 8 6 6 1 1 3 0 8 9"


def test_rows_have_three_to_six_letters_and_sixteen_digits():
    assert {len(normalise(text)) for text in sentences("letters")} == {3, 4, 5, 6}
    assert {len(normalise(text)) for text in sentences("sixteen digits")} == {16}


@pytest.mark.parametrize("wrong", ["years", "", None])
def test_other_lists_are_refused(wrong):
    with pytest.raises(
        ValueError,
        match=f"need a list out of {', '.join(LISTS)}, got",
    ):
        sentences(wrong)


def test_other_splits_are_refused():
    with pytest.raises(ValueError, match=r"need the split test or validation, got 'train'"):
        sentences("numbers", "train")


def test_splits_are_about_as_large_as_they_should_be():
    rng = np.random.default_rng(1)
    splits = [split_of(normalise(number(rng))) for _ in range(4000)]
    assert 0.08 < splits.count("test") / 4000 < 0.12
    assert 0.01 < splits.count("validation") / 4000 < 0.03


def test_single_words_are_for_training():
    assert {split_of((word,)) for word in vocabulary()} == {"train"}


@pytest.mark.parametrize("kind", [number, small_number, day, time, letters, any_words])
def test_all_that_is_drawn_can_be_read_and_joined(kind):
    rng = np.random.default_rng(2)
    for _ in range(200):
        assert set(normalise(kind(rng))) <= set(vocabulary())


def test_batches_hold_no_sentence_of_the_test_or_validation():
    batches = reading_batches(letters_of, size=8, seed=3)
    held_out = 0
    for index in range(12):
        batch = batches(index)
        for tokens, count in zip(batch.tokens.T, batch.token_counts, strict=True):
            words = tuple(bytes(tokens[:count].tolist()).decode().split())
            held_out += split_of(words) != "train"
    assert held_out == 0


def test_the_rule_is_what_keeps_them_out(monkeypatch):
    """Without it the same draws do contain held-out sentences: the test above can fail."""
    monkeypatch.setattr(sentences_module, "split_of", lambda words: "train")
    batches = reading_batches(letters_of, size=8, seed=3)
    drawn = [
        tuple(bytes(tokens[:count].tolist()).decode().split())
        for batch in map(batches, range(12))
        for tokens, count in zip(batch.tokens.T, batch.token_counts, strict=True)
    ]
    assert any(split_of(words) != "train" for words in drawn)


def test_a_batch_depends_on_seed_and_index_alone():
    one, again, other = (reading_batches(letters_of, size=4, seed=s)(7) for s in (1, 1, 2))
    assert np.array_equal(one.targets, again.targets)
    assert one.seed == again.seed
    assert one.targets.shape != other.targets.shape or not np.array_equal(
        one.targets, other.targets
    )


def test_sentences_of_a_batch_are_of_about_one_length():
    counts = [reading_batches(letters_of, size=8, seed=1)(i).target_counts for i in range(6)]
    within = np.mean([np.std(c.numpy()) for c in counts])
    overall = np.std(np.concatenate([c.numpy() for c in counts]))
    assert within < 0.8 * overall


def test_joined_sentences_differ_each_time_and_the_examined_ones_do_not():
    words = normalise("4,012")
    rng = np.random.default_rng(4)
    one, other = joined(words, rng), joined(words, rng)
    assert len(one) != len(other)
    assert np.array_equal(read_from_recordings(words).samples, read_from_recordings(words).samples)


def test_the_examined_recording_is_the_words_one_after_another():
    clip = read_from_recordings(("four", "thousand"))
    alone = [spoken_words(SAMPLE_RATE)[word][0] for word in ("four", "thousand")]
    assert clip.duration == pytest.approx(
        sum(c.duration for c in alone) + 0.06 + 2 * 0.05, abs=1e-3
    )


def test_the_frames_of_a_batch_are_those_of_its_sounds():
    batch = reading_batches(letters_of, size=2, seed=5)(0)
    assert batch.targets.shape[2] == frames_of(read_from_recordings(("one",))).shape[1]
    assert batch.targets.shape[0] == batch.target_counts.max()


def test_even_pauses_are_of_one_length(monkeypatch):
    heard = []
    monkeypatch.setattr(sentences_module, "join_words", lambda clips, pauses: heard.append(pauses))
    for even in (True, False):
        joined(("one",) * 5, np.random.default_rng(6), even=even)
    assert len(set(heard[0])) == 1
    assert len(set(heard[1])) == 4
    assert heard[0][0] == heard[1][0]


def test_scheduled_sampling_begins_at_its_step():
    batches = reading_batches(letters_of, size=2, seed=5, scheduled_sampling=0.5, scheduled_from=3)
    assert [batches(index).scheduled_sampling for index in (0, 2, 3, 9)] == [0, 0, 0.5, 0.5]
