"""Front ends: quantisers, frames, spectra, mel, phase retrieval and upsampling."""

from course_lib.features.frames import frame, hann, overlap_add
from course_lib.features.griffin_lim import griffin_lim, inconsistency
from course_lib.features.mdct import imdct, mdct
from course_lib.features.mel import (
    hz_to_mel,
    log_mel,
    magnitude_from_log_mel,
    mel_cepstrum,
    mel_filter_bank,
    mel_to_hz,
)
from course_lib.features.pitch import track_pitch
from course_lib.features.quantise import (
    LinearQuantiser,
    MuLaw,
    mu_law_compress,
    mu_law_expand,
)
from course_lib.features.stft import istft, stft
from course_lib.features.upsampling import (
    gaussian_kernel,
    hold_kernel,
    linear_kernel,
    sinc_kernel,
    upsample,
)
from course_lib.features.warping import dynamic_time_warping

__all__ = [
    "LinearQuantiser",
    "MuLaw",
    "dynamic_time_warping",
    "frame",
    "gaussian_kernel",
    "griffin_lim",
    "hann",
    "hold_kernel",
    "hz_to_mel",
    "imdct",
    "inconsistency",
    "istft",
    "linear_kernel",
    "log_mel",
    "magnitude_from_log_mel",
    "mdct",
    "mel_cepstrum",
    "mel_filter_bank",
    "mel_to_hz",
    "mu_law_compress",
    "mu_law_expand",
    "overlap_add",
    "sinc_kernel",
    "stft",
    "track_pitch",
    "upsample",
]
