"""Sentences in codes, and which word each set of codes says.

Notebook: 18.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.core import PairBatch


def misplaced(
    weights: Float[Tensor, "steps batch tokens"],
    places: Int[Tensor, "steps batch"],
    step_counts: Int[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """Return how much attention lies beside the word being said, from 0 (none) to 1 (all of it).

    The mean over an utterance's T steps of 1 - A[t, place of t]. `guided_penalty` assumes an even
    pace; this is for sentences of which it is known when each word is said.

    Parameters
    ----------
    weights : A
    places : the token that each step says
    step_counts : T of each utterance; the rest is padding

    Notebook: 18.
    """
    beside = 1 - weights.gather(2, places[..., None]).squeeze(-1)
    step = torch.arange(len(weights), device=weights.device)[:, None]
    return (beside * (step < step_counts) / step_counts).sum(0).mean()


def checked_places(places: object, sets: int, words: int, group: int) -> np.ndarray:
    """Return the places of a sentence's words, or say what is wrong with them.

    Raises
    ------
    TypeError, ValueError
        For places that are not one whole number for each set; that do not begin at 0, move by 0
        or 1, and end at the last word; or that move, or end, within a step.
    """
    array = np.asarray(places)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"need places that are whole numbers, got {array.dtype}")
    if array.shape != (sets,):
        raise ValueError(f"need a place for each of {sets} sets of codes, got shape {array.shape}")
    moves = np.diff(array)
    if array[0] != 0 or array[-1] != words - 1 or not np.isin(moves, (0, 1)).all():
        raise ValueError(f"need places from 0 to {words - 1} that move by 0 or 1, got {array}")
    if sets % group or ((np.flatnonzero(moves) + 1) % group).any():
        raise ValueError(f"need words of whole steps of {group} sets; fill them up with silence")
    return array.astype(np.int64)


def coded_pairs(
    examples: Sequence[
        tuple[Int[np.ndarray, "tokens"], Int[np.ndarray, "sets stages"], Int[np.ndarray, "sets"]]
    ],
    *,
    seed: int = 0,
) -> PairBatch:
    """Return words and codes of several sentences as a batch; zeros pad the codes.

    Parameters
    ----------
    examples : of each sentence `CodecTalker.tokens`, its codes, and the token that each set says
    seed : as in `PairBatch`

    Raises
    ------
    ValueError
        For no examples, or one without tokens or codes.
    """
    if not examples:
        raise ValueError("need at least one example for a batch, got none")
    tokens, codes, places = (
        [torch.from_numpy(part) for part in parts] for parts in zip(*examples, strict=True)
    )
    pad = nn.utils.rnn.pad_sequence
    return PairBatch(
        pad(tokens),
        torch.tensor([len(t) for t in tokens]),
        pad(codes),
        torch.tensor([len(c) for c in codes]),
        seed,
        places=pad(places),
    )
