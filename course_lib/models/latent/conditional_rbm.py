"""A Boltzmann machine for sequences of frames: the past moves its biases.

    b[t] = b + A u[t],    c[t] = c + B u[t],    u[t] = (x[t-1], ..., x[t-p]) in one row

Without hidden units it is a vector autoregression, x[t] = b + A u[t] + noise, and learning begins
there. Each hidden unit that is on moves the prediction: 2^hidden predictions share the parameters.
Notebook: 07.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from course_lib.core import (
    Likelihood,
    check_count,
    check_generator,
    check_number,
    check_values,
    settle,
    spawn,
)
from course_lib.models.latent import energies, partition
from course_lib.models.latent.energies import Parameters
from course_lib.models.latent.learning import (
    Fantasy,
    Learner,
    Learning,
    add_products,
    chain,
    sharing,
)

RIDGE = 1e-3
"""Times the power of the past: keeps the vector autoregression finite where bands go together."""

SHARE = 0.1
"""Of the variance that the regression leaves: what hidden units begin with."""

ROWS = 64
"""Frames whose hidden configurations are summed at once."""


@dataclass(frozen=True, eq=False)
class ConditionalRBM:
    """A conditional restricted Boltzmann machine with Gaussian visible units.

    Attributes
    ----------
    weights : W, (bands, hidden)
    visible_bias, hidden_bias : b, (bands,), and c, (hidden,)
    deviation : s of each band, (bands,)
    past_to_visible : A transposed, (order * bands, bands), the newest frame first
    past_to_hidden : B transposed, (order * bands, hidden)
    before : what fills the frames before the first one

    References
    ----------
    Taylor, Hinton and Roweis (2007), "Modeling human motion using binary latent variables",
    NIPS 19 (with unit deviations). Notebook: 07.
    """

    weights: Float[np.ndarray, "bands hidden"]
    visible_bias: Float[np.ndarray, "bands"]
    hidden_bias: Float[np.ndarray, "hidden"]
    deviation: Float[np.ndarray, "bands"]
    past_to_visible: Float[np.ndarray, "past bands"]
    past_to_hidden: Float[np.ndarray, "past hidden"]
    before: float = 0.0

    def __post_init__(self) -> None:
        weights = check_values(self.weights, "weights", shape=("bands", "hidden"))
        bands, hidden = weights.shape
        past = len(check_values(self.past_to_visible, "past_to_visible", shape=("past", "bands")))
        if past % bands:
            raise ValueError(f"need whole frames of {bands} bands in the past, got {past} numbers")
        shapes = {
            "visible_bias": (bands,),
            "hidden_bias": (hidden,),
            "deviation": (bands,),
            "past_to_visible": (past, bands),
            "past_to_hidden": (past, hidden),
        }
        checked = {"weights": weights.copy()}
        for name, shape in shapes.items():
            checked[name] = check_values(getattr(self, name), name).copy()
            if checked[name].shape != shape:
                raise ValueError(f"need {name} of shape {shape}, got {checked[name].shape}")
        if not (checked["deviation"] > 0).all():
            raise ValueError(f"need every deviation above 0, got {checked['deviation'].min():g}")
        for array in checked.values():
            array.setflags(write=False)
        settle(self, **checked, before=check_number(self.before, "before"))

    def __repr__(self) -> str:
        bands, hidden = self.weights.shape
        return f"ConditionalRBM(order {self.order}, {bands} bands, {hidden} hidden units)"

    @property
    def order(self) -> int:
        """The number of past frames that move the biases, p."""
        return len(self.past_to_visible) // len(self.weights)

    @classmethod
    def fit(
        cls,
        sequences: Sequence[Any],
        hidden: int = 16,
        *,
        order: int = 2,
        before: float = 0.0,
        epochs: int = 20,
        settings: Learning | None = None,
        rng: np.random.Generator,
    ) -> ConditionalRBM:
        """Learn from sequences: the last of `ConditionalRBM.epochs`, which raises the same."""
        *_, last = cls.epochs(
            sequences,
            hidden,
            order=order,
            before=before,
            epochs=epochs,
            settings=settings,
            rng=rng,
        )
        return last

    @classmethod
    def epochs(
        cls,
        sequences: Sequence[Any],
        hidden: int = 16,
        *,
        order: int = 2,
        before: float = 0.0,
        epochs: int = 20,
        settings: Learning | None = None,
        rng: np.random.Generator,
    ) -> Iterator[ConditionalRBM]:
        """Yield the vector autoregression (with hidden units that do nothing yet), then each epoch.

        Parameters
        ----------
        sequences : of frames, (frames, bands) each
        hidden : number of hidden units; up to 16, the likelihood is exact
        order : past frames, 1 or more
        before : what fills the frames before the first: not like silence, if it should tell
            the beginning of a sound from its end
        epochs : passes over all frames
        settings : of contrastive divergence; None takes ``Learning("cd", rate=0.005)``
        rng : draws the first weights, the order of the frames and the chains

        Raises
        ------
        TypeError, ValueError
            For bad sequences or settings, fewer frames than a batch holds, or another method than
            "cd": every past has a distribution of its own, in which no chain persists.
        ArithmeticError
            Where a rate too high makes the weights leave the range of numbers.
        """
        settings = Learning("cd", rate=0.005) if settings is None else settings
        if settings.method != "cd":
            raise ValueError(f'need method "cd" for a conditional machine, got {settings.method!r}')
        hidden, epochs = check_count(hidden, "hidden"), check_count(epochs, "epochs")
        order, before = check_count(order, "order"), check_number(before, "before")
        past, v = _pairs(sequences, order, before)
        if len(v) < settings.batch:
            raise ValueError(f"need at least a batch of {settings.batch} frames, got {len(v)}")
        start = _autoregression(past, v, hidden, before)
        return _epochs(start, past, v, epochs, settings=settings, rng=check_generator(rng))

    def given(self, past: Float[np.ndarray, "rows past"]) -> Parameters:
        """Return the machine for each row of the past: biases of shape (rows, bands or hidden)."""
        return Parameters(
            self.weights,
            self.visible_bias + past @ self.past_to_visible,
            self.hidden_bias + past @ self.past_to_hidden,
            2 * np.log(self.deviation),
        )

    def log_likelihood(self, frames: Any) -> Likelihood:
        """Return sum_t ln p(x[t] | x[t-1], ..., x[t-p]), a density over the whole sequence.

        Raises
        ------
        TypeError, ValueError
            For bad frames, or more than 16 hidden units, whose configurations are summed for
            every frame.
        """
        frames, hidden = self._check(frames), len(self.hidden_bias)
        if hidden > partition.LARGEST:
            raise ValueError(
                f"need at most {partition.LARGEST} hidden units to score, got {hidden}"
            )
        past, v = _pairs([frames], self.order, self.before)
        nats = 0.0
        for first in range(0, len(v), ROWS):
            p, rows = self.given(past[first : first + ROWS]), v[first : first + ROWS]
            nats -= float((energies.free_energy(p, rows) + partition.exact_log_partition(p)).sum())
        return Likelihood(nats, "exact")

    def sample(
        self,
        length: int,
        *,
        count: int = 1,
        past: Any = None,
        sweeps: int = 50,
        rng: np.random.Generator,
    ) -> Float[np.ndarray, "count length bands"]:
        """Draw `count` sequences of frames, each frame by Gibbs sweeps given those before it.

        A frame's chain begins with hidden units that are all off. The i-th sequence does not
        depend on `count`, and a longer one starts with the shorter.

        Parameters
        ----------
        length : frames in a sequence
        count : how many
        past : the frames that each goes on from, (count, order, bands), the newest last; None
            begins with `before`
        sweeps : for each frame
        rng : draws everything

        Raises
        ------
        TypeError, ValueError
            For a bad length, count, past or number of sweeps, or no generator.
        """
        length, sweeps = check_count(length, "length"), check_count(sweeps, "sweeps")
        generators = spawn(rng, count)
        bands, hidden = self.weights.shape
        made = np.full((len(generators), self.order + length, bands), self.before)
        if past is not None:
            first = check_values(past, "past", shape=("count", "order", "bands"))
            if first.shape != (len(made), self.order, bands):
                wanted = (len(made), self.order, bands)
                raise ValueError(f"need a past of shape {wanted}, got {first.shape}")
            made[:, : self.order] = first
        for t in range(self.order, self.order + length):
            p = self.given(made[:, t - self.order : t][:, ::-1].reshape(len(made), -1))
            h = np.zeros((len(made), hidden))
            v = energies.visible_from(p, h, partition.noise(p, generators))
            for _ in range(sweeps):
                v = partition.gibbs_sweep(p, v, generators)
            made[:, t] = v
        return made[:, self.order :]

    def _check(self, frames: Any) -> Float[np.ndarray, "frames bands"]:
        frames = check_values(frames, "frames", shape=("frames", "bands"), squared=True)
        if frames.shape[1] != len(self.weights):
            raise ValueError(f"need {len(self.weights)} bands, got {frames.shape[1]}")
        return frames


def _pairs(
    sequences: Sequence[Any], order: int, before: float
) -> tuple[Float[np.ndarray, "rows past"], Float[np.ndarray, "rows bands"]]:
    """Return every frame and, in one row, the `order` frames before it, the newest first."""
    checked = [
        check_values(x, "sequence", shape=("frames", "bands"), squared=True) for x in sequences
    ]
    if not checked:
        raise ValueError("need at least one sequence, got none")
    if len({x.shape[1] for x in checked}) > 1:
        raise ValueError(
            f"need as many bands everywhere, got {sorted({x.shape[1] for x in checked})}"
        )
    pasts = []
    for x in checked:
        padded = np.concatenate([np.full((order, x.shape[1]), before), x])
        back = [padded[order - k : len(padded) - k] for k in range(1, order + 1)]
        pasts.append(np.concatenate(back, axis=1))
    return np.concatenate(pasts), np.concatenate(checked)


def _autoregression(past: np.ndarray, v: np.ndarray, hidden: int, before: float) -> ConditionalRBM:
    """Fit x = b + A u + noise by least squares with a little ridge; hidden units do nothing yet."""
    centre, mean = past.mean(axis=0), v.mean(axis=0)
    u = past - centre
    power = u.T @ u
    power[np.diag_indices_from(power)] += RIDGE * np.trace(power) / len(power) + 1e-12
    to_visible = np.linalg.solve(power, u.T @ (v - mean))
    errors = v - mean - u @ to_visible
    return ConditionalRBM(
        weights=np.zeros((v.shape[1], hidden)),
        visible_bias=mean - centre @ to_visible,
        hidden_bias=np.zeros(hidden),
        deviation=np.sqrt(np.maximum(errors.var(axis=0), 1e-4)),
        past_to_visible=to_visible,
        past_to_hidden=np.zeros((past.shape[1], hidden)),
        before=before,
    )


def _epochs(
    start: ConditionalRBM,
    past: np.ndarray,
    v: np.ndarray,
    count: int,
    *,
    settings: Learning,
    rng: np.random.Generator,
) -> Iterator[ConditionalRBM]:
    """Yield the beginning, and the machine after each pass over all frames."""
    yield start
    # What the regression leaves is shared with the hidden units; A u stays what is predicted, and
    # at the prediction all hidden units are on half of the time: B = -A W / s^2
    draws = rng.standard_normal(start.weights.shape)
    own = sharing(np.zeros(v.shape[1]), start.deviation**2, draws, share=SHARE)
    assert own.log_variance is not None  # the units are Gaussian
    seen = own.weights / np.exp(own.log_variance)[:, None]
    own = own._replace(
        visible_bias=start.visible_bias + own.visible_bias, hidden_bias=-start.visible_bias @ seen
    )
    core = Learner(own, settings, rng)
    to_visible, to_hidden = start.past_to_visible.copy(), -start.past_to_visible @ seen
    steps = np.zeros_like(to_visible), np.zeros_like(to_hidden)
    rate = settings.rate / max(1.0, float(np.mean(np.sum(past**2, axis=1))))
    for _ in range(count):
        order = rng.permutation(len(v))
        for at in range(0, len(v) - settings.batch + 1, settings.batch):
            rows = order[at : at + settings.batch]
            u, own = past[rows], core.parameters
            p = own._replace(
                visible_bias=own.visible_bias + u @ to_visible,
                hidden_bias=own.hidden_bias + u @ to_hidden,
            )
            # Chains begin at the data, as in CD-k
            expected = energies.hidden_probabilities(p, v[rows])
            fantasy = chain(p, energies.switched_on(expected, rng), settings.sweeps, rng)
            # The past moves the biases, so that its weights learn as they do, times the past (and
            # by its power more slowly, so that a loud past does not leap)
            for step, data, model in (
                (steps[0], v[rows], fantasy.v),
                (steps[1], expected, fantasy.expected),
            ):
                add_products(step, u, data - model, sign=1, keep=settings.momentum)
            core.climb(p, Fantasy(v[rows], expected, expected), fantasy)
            to_visible += rate * steps[0]
            to_hidden += rate * steps[1]
        p = core.parameters
        if not np.isfinite(p.weights).all():
            raise ArithmeticError(
                f"learning left the range of numbers at rate {settings.rate:g}; lower the rate"
            )
        yield ConditionalRBM(
            p.weights,
            p.visible_bias,
            p.hidden_bias,
            np.exp(0.5 * np.asarray(p.log_variance)),
            to_visible,
            to_hidden,
            start.before,
        )
