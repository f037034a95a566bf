"""Batches cut from recordings; a step's batch depends on a seed and the step's index alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Shaped

from course_lib.core import Batch, Batches, check_count

Sounds = Sequence[Shaped[np.ndarray, "time"]]


def crops(
    sounds: Sounds,
    *,
    length: int,
    context: int,
    size: int,
    seed: int,
    silence: float = 0,
    voices: Sequence[int] | None = None,
    mels: Sequence[Float[np.ndarray, "frames bands"]] | None = None,
    silent_mel: float = 0.0,
    hop_length: int = 1,
) -> Batches:
    """Return batches of pieces cut at random, for networks that see `context` samples back.

    The sounds are laid end to end with `context` samples of silence before each. A piece is
    `context` + `length` inputs long, of which the last `length` are predicted; every place is as
    likely as any other. With `voices`, a piece holds one voice, and a voice is drawn with a
    probability in proportion to the square root of its seconds, so that small ones are heard.

    Parameters
    ----------
    sounds : codes (whole numbers) or amplitudes, each of shape (time,)
    length, context : in samples, multiples of `hop_length`
    size : pieces in a batch
    seed : of the whole run
    silence : the code or amplitude of silence
    voices : who speaks in each sound
    mels : log-mel frames of each sound, frame m centred on sample m * hop_length
    silent_mel : what the frames of silence hold
    hop_length : samples between two frames

    Raises
    ------
    TypeError, ValueError
        For no sounds, counts below 1, or conditions that do not go with the sounds.
    """
    _check(sounds, seed, length=length, context=context, size=size, hop_length=hop_length)
    if length % hop_length or context % hop_length:
        raise ValueError(
            f"need a length and context that are multiples of the hop of {hop_length} samples, "
            f"got {length} and {context}"
        )
    for name, conditions in (("voices", voices), ("mels", mels)):
        if conditions is not None and len(conditions) != len(sounds):
            raise ValueError(f"need one of {name} a sound, {len(sounds)}, got {len(conditions)}")
    # One stream of sound a voice, and the frames beside it
    of_sound = np.zeros(len(sounds), int) if voices is None else np.asarray(voices)
    names = np.unique(of_sound)
    members = [np.flatnonzero(of_sound == name).tolist() for name in names]
    joined = [
        _joined([sounds[i] for i in group], context, silence, hop_length) for group in members
    ]
    weights = np.sqrt([len(stream) for stream in joined])
    frames = (
        None
        if mels is None
        else [
            _joined_frames(
                [sounds[i] for i in group],
                [mels[i] for i in group],
                context,
                silent_mel,
                hop_length,
            )
            for group in members
        ]
    )
    piece = context + length
    for name, stream in zip(names, joined, strict=True):
        if len(stream) < piece:
            whose = "" if voices is None else f" of voice {name}"
            raise ValueError(
                f"need {piece - 2 * context} samples or more of sound{whose} to cut pieces of "
                f"length {length} from, got {len(stream) - 2 * context}; shorten the length"
            )

    def batch(index: int) -> Batch:
        # A voice for each piece, and a place in its stream
        rng = np.random.default_rng([seed, index])
        chosen = rng.choice(len(names), size, p=weights / weights.sum())
        places = [(len(joined[g]) - piece) // hop_length + 1 for g in chosen]
        starts = hop_length * rng.integers(places)
        inputs = np.stack(
            [joined[g][s : s + piece] for g, s in zip(chosen, starts, strict=True)], axis=1
        )
        # The frames that lie over it
        mel = None
        if frames is not None:
            first = [s // hop_length for s in starts]
            count = piece // hop_length + 1
            cut = [frames[g][f : f + count] for g, f in zip(chosen, first, strict=True)]
            mel = torch.from_numpy(np.stack(cut, axis=1))
        voice = None if voices is None else torch.from_numpy(names[chosen])
        return Batch(torch.from_numpy(inputs), voice, mel)

    return batch


def streams(
    sounds: Sounds, *, length: int, size: int, seed: int, gap: int, silence: float = 0
) -> Batches:
    """Return batches that go on where the last one ended, for networks that carry a state.

    The sounds are shuffled and laid end to end with `gap` samples of silence before each; `size`
    readers start at equal distances and read on together, `length` samples a step. A piece
    holds one sample more than that: the first of the next one. When they have read all, the
    sounds are shuffled anew, and the batch is `fresh`.

    Parameters
    ----------
    sounds : codes (whole numbers) or amplitudes, each of shape (time,)
    length : samples predicted in a step
    size : readers
    seed : of the whole run
    gap : samples of silence before each sound
    silence : the code or amplitude of silence

    Raises
    ------
    TypeError, ValueError
        For no sounds, counts below 1, or sounds that are too short for so many readers.
    """
    _check(sounds, seed, length=length, size=size, gap=gap)
    total = sum(len(sound) + gap for sound in sounds)
    each = total // size
    steps = (each - 1) // length
    if steps < 1:
        raise ValueError(
            f"need at least {size * (length + 1)} samples for {size} readers, got {total}; "
            "take fewer readers or shorter pieces"
        )
    passes: dict[int, np.ndarray] = {}

    def batch(index: int) -> Batch:
        number, step = divmod(index, steps)
        if number not in passes:
            order = np.random.default_rng([seed, number]).permutation(len(sounds))
            stream = _joined([sounds[i] for i in order], gap, silence)
            passes.clear()
            passes[number] = stream[: each * size].reshape(size, each).T
        inputs = passes[number][step * length : (step + 1) * length + 1]
        return Batch(torch.from_numpy(np.ascontiguousarray(inputs)), fresh=step == 0)

    return batch


def _check(sounds: Sounds, seed: int, **counts: int) -> None:
    if not sounds:
        raise ValueError("need at least one sound to cut batches from, got none")
    if len({sound.dtype for sound in sounds}) > 1 or any(sound.ndim != 1 for sound in sounds):
        raise ValueError("need sounds of one kind of number, each of shape (time,)")
    check_count(seed, "seed", minimum=0)
    for name, count in counts.items():
        check_count(count, name)


def _joined(sounds: Sounds, gap: int, silence: float, hop_length: int = 1) -> np.ndarray:
    """Return the sounds end to end, silence before each, each filled up to whole hops."""
    kind = sounds[0].dtype
    parts = []
    for sound in sounds:
        fill = -len(sound) % hop_length
        parts += [np.full(gap, silence, kind), sound, np.full(fill, silence, kind)]
    return np.concatenate([*parts, np.full(gap, silence, kind)])


def _joined_frames(
    sounds: Sounds, mels: Sequence[np.ndarray], gap: int, silent_mel: float, hop_length: int
) -> Float[np.ndarray, "frames bands"]:
    """Return the frames that go with `_joined`: one a hop, and one at the end."""
    floor = np.full((1, mels[0].shape[1]), silent_mel, np.float32)
    parts = []
    for sound, mel in zip(sounds, mels, strict=True):
        hops = -(-len(sound) // hop_length)
        if len(mel) not in (hops, hops + 1):
            raise ValueError(
                f"need {hops} or {hops + 1} frames for {len(sound)} samples at a hop of "
                f"{hop_length}, got {len(mel)}"
            )
        parts += [floor.repeat(gap // hop_length, 0), mel[:hops].astype(np.float32)]
    return np.concatenate([*parts, floor.repeat(gap // hop_length + 1, 0)])
