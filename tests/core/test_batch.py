"""A batch: what it refuses, and how processes share it."""

import pytest
import torch

from course_lib.core import Batch, LabelledBatch, PairBatch

INPUTS = torch.arange(12).reshape(3, 4)


def test_shares_put_together_are_the_whole():
    whole = Batch(INPUTS, torch.arange(4), torch.arange(40.0).reshape(2, 4, 5), fresh=False)
    first, second = whole.shard(0, 2), whole.shard(1, 2)
    assert (len(whole), len(first), len(second)) == (4, 2, 2)
    assert first.voice.tolist() == [0, 2]
    assert second.voice.tolist() == [1, 3]
    for name in ("inputs", "mel"):
        parts = [getattr(first, name), getattr(second, name)]
        together = torch.stack(parts, dim=2).flatten(1, 2)
        assert torch.equal(together, getattr(whole, name))
    assert not first.fresh


def test_moving_keeps_everything():
    batch = Batch(INPUTS, torch.arange(4), None, fresh=False).to(torch.device("cpu"))
    assert torch.equal(batch.inputs, INPUTS)
    assert batch.voice.tolist() == [0, 1, 2, 3]
    assert (batch.mel, batch.fresh) == (None, False)


def test_sounds_that_do_not_divide_evenly():
    with pytest.raises(ValueError, match="divides among 3 processes, got 4 sounds"):
        Batch(INPUTS).shard(0, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((torch.arange(4),), r"shape \(time, batch\), got \(4,\)"),
        ((torch.zeros(0, 4),), r"got \(0, 4\)"),
        ((INPUTS, torch.arange(3)), "a voice for each of 4 sounds, got 3"),
        ((INPUTS, None, torch.zeros(4, 2, 5)), "a mel for each of 4 sounds, got 2"),
    ],
)
def test_what_is_no_batch(arguments, said):
    with pytest.raises(ValueError, match=said):
        Batch(*arguments)


# -------------------------------------------------------------------- pairs

TOKENS = torch.arange(12).reshape(3, 4)
COUNTS = torch.tensor([3, 1, 2, 3])
FRAMES = torch.arange(40.0).reshape(2, 4, 5)
FRAME_COUNTS = torch.tensor([1, 2, 2, 1])


def some_pairs(**changes):
    given = {
        "tokens": TOKENS,
        "token_counts": COUNTS,
        "targets": FRAMES,
        "target_counts": FRAME_COUNTS,
    }
    return PairBatch(**{**given, **changes})


def test_shares_of_pairs_put_together_are_the_whole():
    whole = some_pairs(seed=7, scheduled_sampling=0.5)
    shares = [whole.shard(rank, 2) for rank in range(2)]
    assert [len(share) for share in (whole, *shares)] == [4, 2, 2]
    for name, axis in (("tokens", 1), ("token_counts", 0), ("targets", 1), ("target_counts", 0)):
        parts = [getattr(share, name) for share in shares]
        together = torch.stack(parts, dim=axis + 1).flatten(axis, axis + 1)
        assert torch.equal(together, getattr(whole, name)), name
    assert [share.seed for share in shares] == [7, 8]  # each process draws its own numbers
    assert [share.scheduled_sampling for share in shares] == [0.5, 0.5]


def test_moving_pairs_keeps_everything():
    batch = some_pairs(seed=3, scheduled_sampling=0.25).to(torch.device("cpu"))
    for name in ("tokens", "token_counts", "targets", "target_counts"):
        assert torch.equal(getattr(batch, name), getattr(some_pairs(), name)), name
    assert (batch.seed, batch.scheduled_sampling) == (3, 0.25)


def test_answers_may_be_symbols():
    assert len(some_pairs(targets=torch.ones(2, 4, dtype=torch.int64))) == 4


def test_pairs_that_do_not_divide_evenly():
    with pytest.raises(ValueError, match="divides among 3 processes, got 4 pairs"):
        some_pairs().shard(0, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tokens": torch.arange(4)}, r"need tokens of shape \(tokens, batch\), got \(4,\)"),
        ({"tokens": torch.zeros(0, 4)}, r"got \(0, 4\)"),
        ({"token_counts": torch.tensor([3])}, r"token_counts for each of 4 texts.*\(1,\)"),
        ({"targets": torch.ones(2, 3, 5)}, r"targets and target_counts for each of 4"),
        ({"targets": torch.ones(4)}, r"targets and target_counts for each of 4"),
        ({"target_counts": torch.ones(3)}, r"target_counts for each of 4 texts.*\(3,\)"),
        ({"token_counts": torch.tensor([3, 0, 2, 3])}, r"token_counts from 1 to 3, got \[3, 0"),
        (
            {"target_counts": torch.tensor([1, 2, 3, 1])},
            r"target_counts from 1 to 2, got \[1, 2, 3",
        ),
    ],
)
def test_what_are_no_pairs(changes, said):
    with pytest.raises(ValueError, match=said):
        some_pairs(**changes)


def some_labelled(**changes):
    given = {"sounds": torch.arange(12.0).reshape(4, 3), "labels": torch.tensor([0, 1, 2, 0])}
    return LabelledBatch(**{**given, **changes})


def test_shares_of_labelled_sounds_put_together_are_the_whole():
    whole = some_labelled(seed=7)
    shares = [whole.shard(rank, 2) for rank in range(2)]
    assert [len(share) for share in (whole, *shares)] == [4, 2, 2]
    sounds = torch.stack([share.sounds for share in shares], dim=1).flatten(0, 1)
    assert torch.equal(sounds, whole.sounds)
    labels = torch.stack([share.labels for share in shares], dim=1).flatten()
    assert torch.equal(labels, whole.labels)
    assert [share.seed for share in shares] == [7, 8]  # each process draws its own noise


def test_moving_labelled_sounds_keeps_everything():
    batch = some_labelled(seed=3).to(torch.device("cpu"))
    assert torch.equal(batch.sounds, some_labelled().sounds)
    assert torch.equal(batch.labels, some_labelled().labels)
    assert batch.seed == 3


def test_labelled_sounds_that_do_not_divide_evenly():
    with pytest.raises(ValueError, match="divides among 3 processes, got 4 sounds"):
        some_labelled().shard(0, 3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sounds": torch.ones(3)}, r"need sounds of shape \(batch, time\), got \(3,\)"),
        ({"sounds": torch.ones(4, 0)}, r"got \(4, 0\)"),
        ({"labels": torch.tensor([1, 2])}, r"a label for each of 4 sounds, got \(2,\)"),
        ({"labels": torch.ones(4, 1)}, r"a label for each of 4 sounds, got \(4, 1\)"),
    ],
)
def test_what_are_no_labelled_sounds(changes, said):
    with pytest.raises(ValueError, match=said):
        some_labelled(**changes)
