"""Models of states, seen and unseen: histograms, Markov chains, mixtures of Gaussians."""

from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import (
    EMStep,
    GaussianMixture,
    expectation_maximisation,
    last_step,
    mixture_start,
    spread_centres,
)
from course_lib.models.states.markov import (
    Histogram,
    MarkovChain,
)

__all__ = [
    "EMStep",
    "GaussianMixture",
    "Gaussians",
    "Histogram",
    "MarkovChain",
    "expectation_maximisation",
    "last_step",
    "mixture_start",
    "spread_centres",
]
