"""Models of discrete states, counted: histograms and Markov chains."""

from course_lib.models.states.markov import (
    Histogram,
    MarkovChain,
)

__all__ = [
    "Histogram",
    "MarkovChain",
]
