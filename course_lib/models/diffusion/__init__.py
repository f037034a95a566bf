"""Diffusion models: the process, samplers, likelihoods, bodies, and those that draw sounds."""

from course_lib.models.diffusion.configuration import SoundDiffusionConfig
from course_lib.models.diffusion.diffwave import (
    DiffWave,
    DiffWaveConfig,
)
from course_lib.models.diffusion.known_denoisers import (
    GaussianProcess,
    MixtureDenoiser,
)
from course_lib.models.diffusion.likelihood import (
    bound_log_likelihood,
    bound_terms,
    ode_log_likelihood,
    variational_bound,
)
from course_lib.models.diffusion.process import (
    alpha_bar,
    cosine_betas,
    diffuse,
    edm_sigmas,
    flow_times,
    linear_betas,
    posterior,
    sigmas_of,
)
from course_lib.models.diffusion.samplers import (
    ddim,
    ddpm,
    flow_euler,
    flow_midpoint,
    heun,
    last,
    multistep,
    noises,
    subsequence,
)
from course_lib.models.diffusion.small_denoisers import (
    SmallDenoiser,
    SmallDenoiserConfig,
    fresh_batches,
)
from course_lib.models.diffusion.sounds import SoundDiffusion
from course_lib.models.diffusion.targets import preconditioned, simple_loss
from course_lib.models.diffusion.transforms import CompressedMDCT
from course_lib.models.diffusion.unet import (
    UNet,
    UNetConfig,
)

__all__ = [
    "CompressedMDCT",
    "DiffWave",
    "DiffWaveConfig",
    "GaussianProcess",
    "MixtureDenoiser",
    "SmallDenoiser",
    "SmallDenoiserConfig",
    "SoundDiffusion",
    "SoundDiffusionConfig",
    "UNet",
    "UNetConfig",
    "alpha_bar",
    "bound_log_likelihood",
    "bound_terms",
    "cosine_betas",
    "ddim",
    "ddpm",
    "diffuse",
    "edm_sigmas",
    "flow_euler",
    "flow_midpoint",
    "flow_times",
    "fresh_batches",
    "heun",
    "last",
    "linear_betas",
    "multistep",
    "noises",
    "ode_log_likelihood",
    "posterior",
    "preconditioned",
    "sigmas_of",
    "simple_loss",
    "subsequence",
    "variational_bound",
]
