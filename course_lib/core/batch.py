"""What the training loop and the networks agree on: a batch, and a loss of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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
    """

    inputs: torch.Tensor
    voice: torch.Tensor | None = None
    mel: torch.Tensor | None = None
    fresh: bool = True

    def __len__(self) -> int:
        """The number of sounds."""
        return int(self.inputs.shape[1])

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        moved = self._with(lambda tensor: tensor.to(device))
        return moved if self.voice is None else replace(moved, voice=self.voice.to(device))

    def shard(self, rank: int, ranks: int) -> Batch:
        """Return every `ranks`-th sound, from the `rank`-th on: one process's share."""
        share = self._with(lambda tensor: tensor[:, rank::ranks])
        return share if self.voice is None else replace(share, voice=self.voice[rank::ranks])

    def _with(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Batch:
        fields = {
            name: change(tensor)
            for name in ("inputs", "mel")
            if (tensor := getattr(self, name)) is not None
        }
        return replace(self, **fields)


Batches: TypeAlias = Callable[[int], Batch]
"""The batch of a step, given the step's index and nothing else, so that a run can resume."""


@runtime_checkable
class Trainable(Protocol):
    """A network that the training loop can improve: an ``nn.Module`` with a loss."""

    def loss(self, batch: Batch, carry: Any = None) -> tuple[torch.Tensor, Any]:
        """Return the mean nats per predicted sample, and what to carry to the next batch.

        The carry is a tensor, a tuple of tensors, or None.
        """
