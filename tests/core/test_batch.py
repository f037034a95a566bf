"""A batch: what it refuses, and how processes share it."""

import pytest
import torch

from course_lib.core import Batch

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
