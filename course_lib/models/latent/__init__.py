"""Models of what is not seen: restricted Boltzmann machines."""

from course_lib.models.latent.energies import (
    Parameters,
    statistics,
)
from course_lib.models.latent.learning import (
    Learning,
)
from course_lib.models.latent.rbm import (
    RBM,
)

__all__ = [
    "RBM",
    "Learning",
    "Parameters",
    "statistics",
]
