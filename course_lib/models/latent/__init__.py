"""Models of what is not seen: restricted Boltzmann machines, and conditional ones."""

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
from course_lib.models.latent.rbm import (
    RBM,
)

__all__ = [
    "RBM",
    "ConditionalRBM",
    "Learner",
    "Learning",
    "Parameters",
    "annealed_log_partition",
    "chain",
    "every_configuration",
    "free_energy",
    "hidden_probabilities",
    "statistics",
    "tempered_chain",
]
