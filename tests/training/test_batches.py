"""Batches: every place equally likely, silence in front, frames beside their samples."""

import numpy as np
import pytest
import tiny
import torch

from course_lib.training import crops, streams

COUNTING = [np.arange(1, 101), np.arange(201, 231)]  # each sample tells where it is from


def test_a_batch_depends_on_the_seed_and_the_index_alone():
    def batches(seed):
        return crops(tiny.sounds(), length=20, context=8, size=3, seed=seed)

    first, again = batches(1), batches(1)
    again(0)
    assert torch.equal(first(5).inputs, again(5).inputs)
    assert not torch.equal(first(5).inputs, first(6).inputs)
    assert not torch.equal(first(5).inputs, batches(2)(5).inputs)


def test_pieces_are_cut_from_sounds_with_silence_in_front():
    batches = crops(COUNTING, length=12, context=8, size=5, seed=1, silence=7)
    stream = np.concatenate([np.full(8, 7), COUNTING[0], np.full(8, 7), COUNTING[1], np.full(8, 7)])
    places = np.lib.stride_tricks.sliding_window_view(stream, 20)
    found = set()
    for index in range(400):
        batch = batches(index)
        assert batch.inputs.shape == (20, 5)
        assert batch.inputs.dtype == torch.int64
        assert (batch.voice, batch.mel, batch.fresh) == (None, None, True)
        for piece in batch.inputs.T.numpy():
            (start, *others) = np.flatnonzero((places == piece).all(1))
            assert not others
            found.add(start)
    assert found == set(range(len(places)))  # the first and the last place, too


def test_every_place_is_equally_likely():
    batches = crops([np.arange(1, 9)], length=4, context=2, size=50, seed=3)
    starts = np.concatenate([batches(i).inputs[2].numpy() for i in range(200)])
    counts = np.array([np.count_nonzero(starts == value) for value in range(1, 8)])
    assert counts.sum() == 10_000 - np.count_nonzero(starts == 0)
    expected = 10_000 / 7  # 7 places: 8 + 2 * 2 - 6 + 1
    chi_squared = ((counts - expected) ** 2 / expected).sum()
    assert chi_squared < 22.5  # 6 degrees of freedom: exceeded once in a thousand


def test_voices_keep_to_themselves_and_small_ones_are_heard():
    low, high = np.arange(900), np.arange(10_000, 10_100)
    batches = crops([low, high], length=10, context=5, size=100, seed=1, voices=[4, 2])
    shares = []
    for index in range(40):
        batch = batches(index)
        assert set(batch.voice.tolist()) <= {2, 4}
        speaks_high = (batch.inputs >= 10_000).any(0)
        assert torch.equal(speaks_high, batch.voice == 2)
        shares.append(float((batch.voice == 2).float().mean()))
    expected = np.sqrt(110) / (np.sqrt(110) + np.sqrt(910))
    assert np.mean(shares) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("extra", [0, 1])
def test_frame_m_goes_with_sample_m_times_the_hop(extra):
    hop, lengths = 10, (95, 40, 101)
    clips, mels, first = [], [], 0
    for length in lengths:
        clips.append(np.arange(first, first + length) + 1)
        frames = -(-length // hop) + (extra if length % hop == 0 else 0)
        mels.append(1.0 + first + hop * np.arange(frames)[:, None] * np.ones(3))
        first += 1000
    settings = {"length": 30, "context": 20, "size": 4, "seed": 1, "hop_length": hop}
    batches = crops(clips, mels=mels, silent_mel=-9.0, **settings)
    spoken = 0
    for index in range(100):
        batch = batches(index)
        assert batch.mel.shape == (6, 4, 3)
        assert batch.mel.dtype == torch.float32
        for sound in range(4):
            for m in range(5):
                sample, frame = batch.inputs[m * hop, sound], batch.mel[m, sound, 0]
                assert frame == (sample if sample else -9.0)
                spoken += bool(sample)
    assert spoken > 200


def test_streams_go_on_where_they_ended_and_read_everything():
    batches = streams(COUNTING, length=9, size=2, seed=1, gap=3)
    total = 100 + 30 + 2 * 3
    steps = (total // 2 - 1) // 9
    heard = []
    for step in range(steps):
        batch = batches(step)
        assert batch.inputs.shape == (10, 2)
        assert batch.fresh == (step == 0)
        if heard:
            assert torch.equal(heard[-1][-1], batch.inputs[0])
        heard.append(batch.inputs)
    readers = torch.cat([batch[:-1] for batch in heard]).T.flatten().numpy()
    for value in (*COUNTING[0][10:90], *COUNTING[1][10:20]):
        assert np.count_nonzero(readers == value) <= 1
    assert np.count_nonzero(readers) > 110
    assert batches(steps).fresh
    passes = [batches(steps * number).inputs for number in range(6)]
    assert any(not torch.equal(first, passes[0]) for first in passes)  # shuffled anew
    assert torch.equal(batches(0).inputs, heard[0])  # after another pass was read


def test_streams_of_two_seeds_differ():
    one, other = (streams(tiny.sounds(6), length=9, size=2, seed=s, gap=3)(0) for s in (1, 2))
    assert not torch.equal(one.inputs, other.inputs)


def test_silence_stands_between_streamed_sounds():
    batches = streams(COUNTING, length=60, size=1, seed=1, gap=3, silence=7)
    assert batches(0).inputs[:3, 0].tolist() == [7, 7, 7]


CROPS = {"length": 10, "context": 5, "size": 2, "seed": 1}
STREAMS = {"length": 10, "size": 2, "seed": 1, "gap": 5}


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"sounds": []}, ValueError, "at least one sound"),
        ({"sounds": [np.zeros((4, 4))]}, ValueError, r"shape \(time,\)"),
        ({"sounds": [np.zeros(9), np.zeros(9, int)]}, ValueError, "one kind of number"),
        ({"length": 0}, ValueError, "length of at least 1"),
        ({"size": 2.5}, TypeError, "whole number for size"),
        ({"seed": -1}, ValueError, "seed of at least 0"),
    ],
)
@pytest.mark.parametrize(("make", "settings"), [(crops, CROPS), (streams, STREAMS)])
def test_what_no_batch_can_be_cut_from(make, settings, changes, error, said):
    with pytest.raises(error, match=said):
        make(**{"sounds": COUNTING, **settings, **changes})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hop_length": 3}, "multiples of the hop of 3 samples, got 10 and 5"),
        ({"voices": [0]}, "one of voices a sound, 2, got 1"),
        ({"mels": [np.zeros((100, 2))]}, "one of mels a sound, 2, got 1"),
        ({"mels": [np.zeros((50, 2)), np.zeros((30, 2))]}, "100 or 101 frames for 100 samples"),
        ({"length": 1000}, "995 samples or more of sound to .*length 1000 from, got 135"),
        ({"length": 50, "voices": [0, 1]}, "of voice 1 .*got 30"),
    ],
)
def test_conditions_and_lengths_that_do_not_fit(changes, said):
    with pytest.raises(ValueError, match=said):
        crops(**{"sounds": COUNTING, **CROPS, **changes})


def test_too_many_readers():
    with pytest.raises(ValueError, match="at least 1100 samples for 100 readers, got 140"):
        streams(COUNTING, **{**STREAMS, "size": 100})
