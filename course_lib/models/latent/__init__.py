"""Models of what is not seen: restricted Boltzmann machines, and conditional ones."""

from course_lib.models.latent.conditional_rbm import (
    ConditionalRBM,
)
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
    "ConditionalRBM",
    "Learning",
    "Parameters",
    "statistics",
]
