"""Front ends: quantisers, frames, spectra, mel, phase retrieval and upsampling."""

from course_lib.features.quantise import (
    LinearQuantiser,
    MuLaw,
    mu_law_compress,
    mu_law_expand,
)

__all__ = ["LinearQuantiser", "MuLaw", "mu_law_compress", "mu_law_expand"]
