"""Models of what is not seen: autoencoders whose latents are continuous, or codes."""

from course_lib.models.latent.tables import LogMelTable, TableConfig
from course_lib.models.latent.vae import (
    VAE,
    Bound,
    Gaussian,
    SoundVAE,
    SoundVAEConfig,
    importance_weighted_bound,
)

__all__ = [
    "VAE",
    "Bound",
    "Gaussian",
    "LogMelTable",
    "SoundVAE",
    "SoundVAEConfig",
    "TableConfig",
    "importance_weighted_bound",
]
