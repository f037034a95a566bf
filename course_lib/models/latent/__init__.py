"""Models of what is not seen: autoencoders whose latents are continuous, or codes."""

from course_lib.models.latent.quantise import (
    Quantised,
    VectorQuantiser,
    nearest_codes,
    perplexity,
    straight_through,
)
from course_lib.models.latent.residual import CodecConfig, ResidualQuantiser, SpeechCodec
from course_lib.models.latent.tables import LogMelTable, TableConfig
from course_lib.models.latent.vae import (
    VAE,
    Bound,
    Gaussian,
    SoundVAE,
    SoundVAEConfig,
    importance_weighted_bound,
)
from course_lib.models.latent.vqvae import CodePrior, SoundVQVAE, SoundVQVAEConfig

__all__ = [
    "VAE",
    "Bound",
    "CodePrior",
    "CodecConfig",
    "Gaussian",
    "LogMelTable",
    "Quantised",
    "ResidualQuantiser",
    "SoundVAE",
    "SoundVAEConfig",
    "SoundVQVAE",
    "SoundVQVAEConfig",
    "SpeechCodec",
    "TableConfig",
    "VectorQuantiser",
    "importance_weighted_bound",
    "nearest_codes",
    "perplexity",
    "straight_through",
]
