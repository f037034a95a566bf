"""Networks that learn from an opponent: the games, a WaveGAN of hits, a vocoder, and points."""

from course_lib.models.adversarial.discriminators import (
    Panel,
    PeriodDiscriminator,
    ScaleDiscriminator,
    feature_matching,
)
from course_lib.models.adversarial.gan import (
    HitGame,
    WaveDiscriminator,
    WaveGAN,
    WaveGANConfig,
    augmented,
    phase_shuffle,
)
from course_lib.models.adversarial.hifigan import (
    MelVocoder,
    MelVocoderConfig,
    SpectralDistance,
    VocoderGame,
)
from course_lib.models.adversarial.losses import (
    GAMES,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    optimal_discriminator,
    r1_penalty,
    slopes,
)
from course_lib.models.adversarial.points import (
    Coverage,
    PointGame,
    PointGameConfig,
    modes_found,
    point_batches,
    ring,
    scattered,
)
from course_lib.models.adversarial.spectral_norm import (
    SpectralNorm,
    power_iteration,
    spectral_norm,
)

__all__ = [
    "GAMES",
    "Coverage",
    "HitGame",
    "MelVocoder",
    "MelVocoderConfig",
    "Panel",
    "PeriodDiscriminator",
    "PointGame",
    "PointGameConfig",
    "ScaleDiscriminator",
    "SpectralDistance",
    "SpectralNorm",
    "VocoderGame",
    "WaveDiscriminator",
    "WaveGAN",
    "WaveGANConfig",
    "augmented",
    "discriminator_loss",
    "feature_matching",
    "generator_loss",
    "gradient_penalty",
    "modes_found",
    "optimal_discriminator",
    "phase_shuffle",
    "point_batches",
    "power_iteration",
    "r1_penalty",
    "ring",
    "scattered",
    "slopes",
    "spectral_norm",
]
