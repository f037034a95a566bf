"""How the autoencoders were trained: of hits, and the codec of speech."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

import torch

from course_lib.core import Batches, LabelledBatch, check_count
from course_lib.models.latent.vae import SoundVAE, SoundVAEConfig
from course_lib.training import Schedule
from course_lib.zoo.exams.latent import bounds, rebuilding_error
from course_lib.zoo.exams.percussion import judged, loss_on
from course_lib.zoo.hits import CLASSES
from course_lib.zoo.recipes.percussion import HitRecipe


@dataclass(frozen=True)
class PooledRecipe(HitRecipe):
    """As `HitRecipe`, but varied hits come again: small networks learn faster than hits vary.

    Parameters
    ----------
    configuration, schedule, variation, size, seed, validate_every, begins_with : as there
    pool : batches that are made; step i sees batch i mod pool, with noise of its own

    Raises
    ------
    TypeError, ValueError
        As there, or for a pool below 1.
    """

    pool: int = 60

    def __post_init__(self) -> None:
        super().__post_init__()
        check_count(self.pool, "pool")

    def batches(self, network: torch.nn.Module) -> Batches:
        """Return what the network learns from: hits varied at random, rare classes more often."""
        fresh = cache(super().batches(network))

        def batch(index: int) -> LabelledBatch:
            return replace(fresh(index % self.pool), seed=index)

        return batch


@dataclass(frozen=True)
class VAERecipe(PooledRecipe):
    """How a variational autoencoder of hits is trained and examined; as in `PooledRecipe`."""

    configuration: SoundVAEConfig

    unit: ClassVar[str] = "nats per value"
    """Of `validate`."""

    def build(self) -> SoundVAE:
        """Return the untrained network."""
        return SoundVAE(self.configuration, seed=self.seed)

    def validate(self, network: SoundVAE) -> float:
        """Return minus the ELBO of the validation hits, per value of their tables."""
        return loss_on(network, "validation", seed=0)

    def examine(self, network: SoundVAE) -> dict[str, Any]:
        """Return what the card says of the test hits and of sounds drawn like them."""
        found: dict[str, Any] = {"rebuilding error": rebuilding_error(network)}
        return found | bounds(network) | judged(network)

    def describe(self, network: SoundVAE) -> str:
        """Return in a sentence what the network is and what it can do."""
        config, table = network.config, network.config.table
        return (
            f"variational autoencoder of {config.latents} latents over {table.frames} x "
            f"{table.bands} log-mel tables, {table.sample_rate} Hz; draws and mixes single hits "
            f"of {table.duration:.3f} s: {', '.join(config.classes)}"
        )

    def headline(self, found: dict[str, Any]) -> str:
        """Return in words the most telling of what `examine` found."""
        return f"{found['recognised']:.0%} of drawn hits recognised as what they should be"


LATENT: dict[str, VAERecipe] = {
    "vae-percussion": VAERecipe(
        SoundVAEConfig(CLASSES),
        Schedule(600, 4e-3, warmup=30, precision="auto"),
        size=16,
        validate_every=100,
    ),
}
"""The autoencoders, by name."""
