"""Models of states, seen and unseen: Markov chains, mixtures of Gaussians, hidden Markov models."""

from course_lib.models.states.emissions import (
    CategoricalEmissions,
    GaussianEmissions,
    MixtureEmissions,
)
from course_lib.models.states.gaussians import Gaussians, normalised_by_hand
from course_lib.models.states.gmm import (
    EMStep,
    GaussianMixture,
    expectation_maximisation,
    last_step,
    mixture_start,
    spread_centres,
)
from course_lib.models.states.hmm import HMM, baum_welch, left_right_transitions, maximised, stays
from course_lib.models.states.inference import (
    Posterior,
    backward_by_hand,
    forward_by_hand,
    log_backward,
    log_forward,
    log_posterior,
    viterbi_by_hand,
)
from course_lib.models.states.markov import (
    Histogram,
    MarkovChain,
)

__all__ = [
    "HMM",
    "CategoricalEmissions",
    "EMStep",
    "GaussianEmissions",
    "GaussianMixture",
    "Gaussians",
    "Histogram",
    "MarkovChain",
    "MixtureEmissions",
    "Posterior",
    "backward_by_hand",
    "baum_welch",
    "expectation_maximisation",
    "forward_by_hand",
    "last_step",
    "left_right_transitions",
    "log_backward",
    "log_forward",
    "log_posterior",
    "maximised",
    "mixture_start",
    "normalised_by_hand",
    "spread_centres",
    "stays",
    "viterbi_by_hand",
]
