"""Hidden Markov models: a Markov chain whose states are seen through noise.

    P(s_1) = pi,  P(s_t | s_{t-1}) = a[s_{t-1}, s_t],  x_t ~ the emission of state s_t

The chain of notebook 02 walks from state to state; what is heard is not the state but a symbol or
a frame that the state emits. Notebook: 06.

References
----------
Rabiner (1989), "A tutorial on hidden Markov models and selected applications in speech
recognition", Proc. IEEE 77(2). Baum, Petrie, Soules and Weiss (1970), "A maximization technique
occurring in the statistical analysis of probabilistic functions of Markov chains", Annals of
Mathematical Statistics 41(1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from course_lib.core import Likelihood, check_codes, check_count, check_number, settle, spawn
from course_lib.kernels import states as kernels
from course_lib.models.states import inference
from course_lib.models.states.emissions import (
    Emissions,
    GaussianEmissions,
    MixtureEmissions,
    shares,
)
from course_lib.models.states.gaussians import Covariance, Gaussians, check_frames
from course_lib.models.states.gmm import (
    EMStep,
    check_distributions,
    last_step,
    nearest_centre,
    spread_centres,
)


class Path(NamedTuple):
    """The likeliest sequence of states, and the log density of it and the data together."""

    states: Int[np.ndarray, "time"]
    nats: float


class Run(NamedTuple):
    """A stay in one state, and how many frames it lasts."""

    state: int
    frames: int


@dataclass(frozen=True, eq=False)
class HMM:
    """A hidden Markov model.

    Parameters
    ----------
    start : pi, (states,), summing to one
    transitions : a, (states, states), a[i, j] = P(j | i), each row summing to one
    emissions : what each state shows

    Raises
    ------
    TypeError, ValueError
        For probabilities that do not sum to one, or not one state for each emission.
    """

    start: Float[np.ndarray, "states"]
    transitions: Float[np.ndarray, "states states"]
    emissions: Emissions

    def __post_init__(self) -> None:
        count = self.emissions.states
        settle(
            self,
            start=check_distributions(self.start, "start probabilities", (count,)),
            transitions=check_distributions(self.transitions, "transitions", (count, count)),
        )

    def __repr__(self) -> str:
        return f"HMM({self.states} states, {type(self.emissions).__name__})"

    @property
    def states(self) -> int:
        """The number of states."""
        return self.emissions.states

    @property
    def expected_stays(self) -> Float[np.ndarray, "states"]:
        """Return 1 / (1 - a[i, i]), the mean frames of a stay; infinite in a state without exit.

        A stay of d frames has probability a^(d-1) (1 - a): the geometric distribution, whose
        likeliest stay is always one frame.

        References
        ----------
        Rabiner (1989), eq. 5-6.
        """
        with np.errstate(divide="ignore"):
            return 1 / (1 - np.diag(self.transitions))

    @classmethod
    def fit(
        cls,
        sequences: Sequence[Any],
        states: int,
        *,
        left_right: bool = False,
        components: int = 1,
        covariance: Covariance = "diagonal",
        floor: float = 1e-6,
        tolerance: float = 1e-3,
        steps: int = 50,
        rng: np.random.Generator,
    ) -> HMM:
        """Fit frames by Baum and Welch's EM, several sequences together.

        Parameters
        ----------
        sequences : of frames, (time, dims) each
        states : how many
        left_right : start in the first, stay or go on to the next, end in the last; each sequence
            is cut into equal parts to begin with. Otherwise every move is allowed, and the
            states begin as the components of a mixture
        components : Gaussians a state; with more than one the emissions are mixtures
        covariance, floor : as in ``GaussianMixture.fit``
        tolerance : nats a frame that a step must win for another to follow
        steps : how many at most
        rng : for the start

        Raises
        ------
        TypeError, ValueError
            For bad sequences or settings, or a sequence with fewer frames than left-right states.
        """
        frames = [check_frames(x) for x in check_sequences(sequences)]
        states, floor = check_count(states, "states"), check_number(floor, "floor", above=0)
        first = start_model(
            frames, states, left_right=left_right, components=components, covariance=covariance,
            floor=floor, rng=rng,
        )  # fmt: skip
        total = sum(map(len, frames))
        return last_step(
            baum_welch(first, frames, floor=floor),
            tolerance=check_number(tolerance, "tolerance", minimum=0) * total,
            steps=check_count(steps, "steps"),
        )

    def log_likelihood(self, x: Any) -> Likelihood:
        """Return log p(x) of one sequence, over all ways through the states.

        Raises
        ------
        TypeError, ValueError
            For data that the emissions refuse, or that no way through the states can make.
        """
        logs = self.emissions.log_densities(x)
        return Likelihood(inference.log_likelihood(self.start, self.transitions, logs))

    def posterior(self, x: Any) -> inference.Posterior:
        """Return P(state at t | x) and the expected moves.

        Raises
        ------
        TypeError, ValueError
            As ``log_likelihood``.
        """
        logs = self.emissions.log_densities(x)
        return inference.posterior(self.start, self.transitions, logs)

    def viterbi(self, x: Any) -> Path:
        """Return the likeliest way through the states.

        Raises
        ------
        TypeError, ValueError
            As ``log_likelihood``.
        """
        with np.errstate(divide="ignore"):
            log_start, log_transitions = np.log(self.start), np.log(self.transitions)
        path, nats = kernels.viterbi(log_start, log_transitions, self.emissions.log_densities(x))
        if not np.isfinite(nats):
            raise ValueError(inference.IMPOSSIBLE)
        return Path(path, float(nats))

    def sample_states(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Int[np.ndarray, "count length"]:
        """Draw ways through the states: what the Markov chain does, unseen."""
        length = check_count(length, "length")
        return np.stack([self._walk(child.random(length)) for child in spawn(rng, count)])

    def sample(self, length: int, *, count: int = 1, rng: np.random.Generator) -> np.ndarray:
        """Draw `count` sequences of symbols (count, length) or frames (count, length, dims)."""
        length = check_count(length, "length")
        drawn = [
            self.emissions.draw(self._walk(child.random(length)), child)
            for child in spawn(rng, count)
        ]
        return np.stack(drawn)

    def _walk(self, uniforms: Float[np.ndarray, "time"]) -> Int[np.ndarray, "time"]:
        """Turn uniform numbers into states, one each."""
        edges = np.cumsum(self.transitions, axis=1)[:, :-1]
        path = np.empty(len(uniforms), np.int64)
        bounds = np.cumsum(self.start)[:-1]
        for t, uniform in enumerate(uniforms):
            path[t] = np.searchsorted(bounds, uniform, side="right")
            bounds = edges[path[t]]
        return path


def baum_welch(start: HMM, sequences: Sequence[Any], *, floor: float = 1e-6) -> Iterator[EMStep]:
    """Yield the start, then ever likelier models of several sequences, without end.

    E: the posterior of states and moves in each sequence. M: pi is the mean of the first frames'
    posteriors, a[i, j] the share of j among the expected moves from i, and the emissions are
    fitted to all frames, weighted. What is zero stays zero, so a left-right model stays one.
    A state that is never left keeps its row, and one that is never visited its emission.

    Raises
    ------
    TypeError, ValueError
        For no sequences, bad ones, or one that no way through the states can make.

    References
    ----------
    Rabiner (1989), eq. 40a-40c and, for several sequences, 109-110.
    """
    data = [start.emissions.check(x) for x in check_sequences(sequences)]
    floor = check_number(floor, "floor", above=0)
    everything, model = np.concatenate(data), start
    while True:
        found = [model.posterior(x) for x in data]
        yield EMStep(model, sum(each.nats for each in found))
        model = maximised(model, everything, found, floor=floor)


def maximised(
    model: HMM, everything: np.ndarray, found: Sequence[inference.Posterior], *, floor: float
) -> HMM:
    """Return the likeliest model given the posteriors of each sequence, the M of Baum and Welch.

    Parameters
    ----------
    everything : the data of all sequences, one after another
    found : what is known of the states of each
    """
    first = np.mean([each.states[0] for each in found], axis=0)
    moves = np.sum([each.moves for each in found], axis=0)
    weights = np.concatenate([each.states for each in found])
    return HMM(
        first / first.sum(),
        shares(moves, model.transitions),
        model.emissions.fitted(everything, weights, floor=floor),
    )


def left_right_transitions(
    states: int, stay: float = 0.5
) -> tuple[Float[np.ndarray, "states"], Float[np.ndarray, "states states"]]:
    """Return start and transitions of a chain that begins in its first state and never goes back.

    Raises
    ------
    TypeError, ValueError
        For no states, or a probability of staying outside [0, 1).

    References
    ----------
    Rabiner (1989), section IV.B, "Bakis model", eq. 45-48.
    """
    states = check_count(states, "states")
    stay = check_number(stay, "stay", minimum=0, below=1)
    transitions = stay * np.eye(states) + (1 - stay) * np.eye(states, k=1)
    transitions[-1, -1] = 1
    return np.eye(states)[0], transitions


def start_model(
    frames: Sequence[Float[np.ndarray, "time dims"]],
    states: int,
    *,
    left_right: bool,
    components: int = 1,
    covariance: Covariance = "diagonal",
    floor: float = 1e-6,
    rng: np.random.Generator,
) -> HMM:
    """Return the model that ``HMM.fit`` starts from.

    Left-right states are equal parts of every sequence. Otherwise they are the frames nearest to
    centres that lie apart, and stay with a probability of 0.8.

    Raises
    ------
    TypeError, ValueError
        As ``HMM.fit``.
    """
    x, lengths = np.concatenate(frames), [len(each) for each in frames]
    components = check_count(components, "components")
    count = states * components
    shortest = min(lengths) if left_right else len(x)
    if shortest < states or len(x) < count:
        raise ValueError(
            f"need at least {states} frames, one a state, in every left-right sequence, and "
            f"{count}, one a Gaussian, in all, got {shortest} and {len(x)}; take fewer states or "
            "components, or a shorter hop"
        )
    if left_right:
        part = np.concatenate([np.arange(length) * states // length for length in lengths])
        stay = max(0.1, 1 - states / float(np.mean(lengths)))
        start, transitions = left_right_transitions(states, stay)
    else:
        part = nearest_centre(x, spread_centres(x, states, rng=rng))
        start, others = np.full(states, 1 / states), 0.2 / max(states - 1, 1)
        transitions = np.full((states, states), others) + (0.8 - others) * np.eye(states)
        transitions /= transitions.sum(axis=1, keepdims=True)  # of a single state, 1
    centres = np.concatenate([
        spread_centres(x[part == j] if (part == j).any() else x, components, rng=rng)
        for j in range(states)
    ])  # fmt: skip
    within = [nearest_centre(x, centres[j * components :][:components]) for j in range(states)]
    owner = part * components + np.stack(within)[part, np.arange(len(x))]
    weights = np.eye(count)[owner]
    begin = Gaussians.around(centres, x, covariance, floor=floor)
    gaussians = begin.fitted(x, weights, floor=floor)
    if components == 1:
        return HMM(start, transitions, GaussianEmissions(gaussians))
    even = np.full((states, components), 1 / components)
    split = shares(weights.sum(axis=0).reshape(even.shape), even)
    return HMM(start, transitions, MixtureEmissions(split, gaussians))


def stays(path: Any) -> list[Run]:
    """Return the runs of equal states in a path, in order: how long each stay lasted.

    Raises
    ------
    TypeError, ValueError
        For a path that is empty or not of whole numbers of 0 or more.
    """
    path = check_codes(path, np.iinfo(np.int64).max, name="states")
    ends = np.append(np.flatnonzero(np.diff(path)), len(path) - 1)
    lengths = np.diff(ends, prepend=-1)
    return [Run(int(path[end]), int(count)) for end, count in zip(ends, lengths, strict=True)]


def check_sequences(sequences: Sequence[Any]) -> list[Any]:
    """Return a list of sequences, or say that a single one came, or none.

    Raises
    ------
    TypeError, ValueError
        For one array in place of a list of them, or no sequence.
    """
    if isinstance(sequences, np.ndarray):
        raise TypeError("need a list of sequences, got one array; pass [x]")
    found = list(sequences)
    if not found:
        raise ValueError("need at least one sequence to fit, got none")
    return found
