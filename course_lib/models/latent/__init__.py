"""Models of what is not seen: Boltzmann machines, and autoencoders of numbers or of codes."""

from course_lib.models.latent.conditional_rbm import (
    ConditionalRBM,
)
from course_lib.models.latent.energies import (
    Parameters,
    every_configuration,
    free_energy,
    hidden_probabilities,
    statistics,
)
from course_lib.models.latent.learning import (
    Learner,
    Learning,
    chain,
    tempered_chain,
)
from course_lib.models.latent.partition import (
    annealed_log_partition,
)
from course_lib.models.latent.quantise import (
    Quantised,
    VectorQuantiser,
    nearest_codes,
    perplexity,
    straight_through,
)
from course_lib.models.latent.rbm import (
    RBM,
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
    "RBM",
    "VAE",
    "Bound",
    "CodePrior",
    "CodecConfig",
    "ConditionalRBM",
    "Gaussian",
    "Learner",
    "Learning",
    "LogMelTable",
    "Parameters",
    "Quantised",
    "ResidualQuantiser",
    "SoundVAE",
    "SoundVAEConfig",
    "SoundVQVAE",
    "SoundVQVAEConfig",
    "SpeechCodec",
    "TableConfig",
    "VectorQuantiser",
    "annealed_log_partition",
    "chain",
    "every_configuration",
    "free_energy",
    "hidden_probabilities",
    "importance_weighted_bound",
    "nearest_codes",
    "perplexity",
    "statistics",
    "straight_through",
    "tempered_chain",
]
