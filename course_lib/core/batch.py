"""What the training loop and the networks agree on: a batch, and a loss of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:  # networks need torch; the rest of the course does not
    import torch


@dataclass(frozen=True, eq=False)
class Batch:
    """Sounds that a network learns from in one step; time comes first, then the sounds.

    Attributes
    ----------
    inputs : codes, int64, or amplitudes, float32, of shape (time, batch)
    voice : who speaks, int64 of shape (batch,)
    mel : log-mel frames that go with the inputs, float32 of shape (frames, batch, bands)
    fresh : whether new sounds begin; if not, the batch goes on where the one before it ended

    Raises
    ------
    ValueError
        For inputs of another shape, or conditions for another number of sounds.
    """

    inputs: torch.Tensor
    voice: torch.Tensor | None = None
    mel: torch.Tensor | None = None
    fresh: bool = True

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or not self.inputs.numel():
            raise ValueError(
                f"need inputs of shape (time, batch), got {tuple(self.inputs.shape)}; "
                "time comes first, and a single sound is x[:, None]"
            )
        for name, axis in (("voice", 0), ("mel", 1)):
            condition = getattr(self, name)
            if condition is not None and condition.shape[axis] != len(self):
                raise ValueError(
                    f"need a {name} for each of {len(self)} sounds, got {condition.shape[axis]}"
                )

    def __len__(self) -> int:
        """The number of sounds."""
        return int(self.inputs.shape[1])

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return self._changed(lambda tensor, axis: tensor.to(device))

    def shard(self, rank: int, ranks: int) -> Batch:
        """Return every `ranks`-th sound, from the `rank`-th on: one process's share.

        Raises
        ------
        ValueError
            For sounds that do not divide evenly: the mean over shares would not be that over all.
        """
        _check_divides(len(self), ranks, "sounds")
        return self._changed(lambda x, axis: x[rank::ranks] if axis == 0 else x[:, rank::ranks])

    def _changed(self, change: Callable[[torch.Tensor, int], torch.Tensor]) -> Batch:
        """Return the batch with a function applied to each tensor and the axis of its sounds."""
        voice = None if self.voice is None else change(self.voice, 0)
        mel = None if self.mel is None else change(self.mel, 1)
        return Batch(change(self.inputs, 1), voice, mel, self.fresh)


@dataclass(frozen=True, eq=False)
class PairBatch:
    """Pairs of a text and what it should become, padded to one length; time comes first.

    Attributes
    ----------
    tokens : the texts, int64 of shape (tokens, batch)
    token_counts : how many tokens of each are not padding, int64 of shape (batch,)
    targets : log-mel frames, float32 of shape (frames, batch, bands), or the symbols of the
        answers, int64 of shape (symbols, batch)
    target_counts : how many frames or symbols of each are not padding, int64 of shape (batch,)
    seed : of whatever is drawn at random while the network learns from them
    scheduled_sampling : share of the steps that hear the network's own guess, not the truth,
        before they speak
    places : which token each target says, where that is known, int64 of shape (targets, batch)

    Raises
    ------
    ValueError
        For shapes that do not go together, or counts out of range.
    """

    tokens: torch.Tensor
    token_counts: torch.Tensor
    targets: torch.Tensor
    target_counts: torch.Tensor
    seed: int = 0
    scheduled_sampling: float = 0.0
    places: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.tokens.ndim != 2 or not self.tokens.numel():
            raise ValueError(
                f"need tokens of shape (tokens, batch), got {tuple(self.tokens.shape)}; "
                "time comes first, and a single text is x[:, None]"
            )
        for name in ("token", "target"):
            values = getattr(self, f"{name}s")
            counts = getattr(self, f"{name}_counts")
            if values.ndim < 2 or tuple(values.shape[1:2]) + tuple(counts.shape) != 2 * (
                len(self),
            ):
                raise ValueError(
                    f"need {name}s and {name}_counts for each of {len(self)} texts, got shapes "
                    f"{tuple(values.shape)} and {tuple(counts.shape)}"
                )
            if counts.min() < 1 or counts.max() > len(values):
                raise ValueError(
                    f"need {name}_counts from 1 to {len(values)}, got {counts.tolist()}"
                )
        if self.places is not None and self.places.shape != self.targets.shape[:2]:
            raise ValueError(
                f"need a place for each target, shape {tuple(self.targets.shape[:2])}, got "
                f"{tuple(self.places.shape)}"
            )

    def __len__(self) -> int:
        """The number of pairs."""
        return int(self.tokens.shape[1])

    def to(self, device: torch.device) -> PairBatch:
        """Return the batch on a device."""
        return PairBatch(
            self.tokens.to(device),
            self.token_counts.to(device),
            self.targets.to(device),
            self.target_counts.to(device),
            self.seed,
            self.scheduled_sampling,
            None if self.places is None else self.places.to(device),
        )

    def shard(self, rank: int, ranks: int) -> PairBatch:
        """Return every `ranks`-th pair, from the `rank`-th on: one process's share.

        Raises
        ------
        ValueError
            For pairs that do not divide evenly: the mean over shares would not be that over all.
        """
        _check_divides(len(self), ranks, "pairs")
        return PairBatch(
            self.tokens[:, rank::ranks],
            self.token_counts[rank::ranks],
            self.targets[:, rank::ranks],
            self.target_counts[rank::ranks],
            self.seed + rank,
            self.scheduled_sampling,
            None if self.places is None else self.places[:, rank::ranks],
        )


@dataclass(frozen=True, eq=False)
class LabelledBatch:
    """Whole sounds and what each one is, one sound a row.

    Attributes
    ----------
    sounds : amplitudes, float32 of shape (batch, time)
    labels : the class of each, int64 of shape (batch,)
    seed : of whatever is drawn at random while the network learns from them

    Raises
    ------
    ValueError
        For shapes that do not go together.
    """

    sounds: torch.Tensor
    labels: torch.Tensor
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sounds.ndim != 2 or not self.sounds.numel():
            raise ValueError(
                f"need sounds of shape (batch, time), got {tuple(self.sounds.shape)}; "
                "a single sound is x[None]"
            )
        if tuple(self.labels.shape) != (len(self),):
            raise ValueError(
                f"need a label for each of {len(self)} sounds, got {tuple(self.labels.shape)}"
            )

    def __len__(self) -> int:
        """The number of sounds."""
        return int(self.sounds.shape[0])

    def check(self, length: int, classes: int) -> None:
        """Refuse sounds of another length, and labels that are not below `classes`.

        Raises
        ------
        ValueError
            For these.
        """
        if (given := self.sounds.shape[1]) != length:
            raise ValueError(f"need sounds of {length} samples, got {given}")
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise ValueError(f"need labels from 0 to {classes - 1}, got {self.labels.tolist()}")

    def to(self, device: torch.device) -> LabelledBatch:
        """Return the batch on a device."""
        return LabelledBatch(self.sounds.to(device), self.labels.to(device), self.seed)

    def shard(self, rank: int, ranks: int) -> LabelledBatch:
        """Return every `ranks`-th sound, from the `rank`-th on: one process's share.

        Raises
        ------
        ValueError
            For sounds that do not divide evenly: the mean over shares would not be that over all.
        """
        _check_divides(len(self), ranks, "sounds")
        return LabelledBatch(self.sounds[rank::ranks], self.labels[rank::ranks], self.seed + rank)


def _check_divides(count: int, ranks: int, what: str) -> None:
    if count % ranks:
        raise ValueError(
            f"need a batch that divides among {ranks} processes, got {count} {what}; "
            "take another number of devices"
        )


Batches: TypeAlias = Callable[[int], Any]
"""The batch of a step, given the step's index and nothing else, so that a run can resume.

It is a `Batch`, a `PairBatch` or a `LabelledBatch`: whichever the network's loss takes."""


@runtime_checkable
class Trainable(Protocol):
    """A network that the training loop can improve: an ``nn.Module`` with a loss."""

    def loss(self, batch: Any, carry: Any = None) -> tuple[torch.Tensor, Any]:
        """Return what training makes smaller, such as mean nats, and what the next batch needs.

        The carry is a tensor, a tuple of tensors, or None.
        """


@runtime_checkable
class Adversarial(Protocol):
    """A game of two networks, one of which makes what the other tells from real: an ``nn.Module``.

    Attributes
    ----------
    generator, discriminator : the two, ``nn.Module``s without a weight in common
    kept : what training is for: a copy of the generator, whose weights are running means of its
    """

    if TYPE_CHECKING:  # from Python 3.12 on, isinstance overlooks what a module keeps for itself
        generator: Any
        discriminator: Any
        kept: Any

    def discriminator_loss(self, batch: Any) -> torch.Tensor:
        """Return what the discriminator makes smaller."""

    def generator_loss(self, batch: Any) -> torch.Tensor:
        """Return what the generator makes smaller."""
