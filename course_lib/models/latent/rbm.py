"""The restricted Boltzmann machine: many hidden units vote on what is seen, all at once.

p(v) = sum_h exp(-E(v, h)) / Z = prod_i exp(b_i v_i) prod_j (1 + exp(c_j + sum_i v_i W_ij)) / Z

A product of experts: each hidden unit is one, and can veto. The energy and what follows from it
stands in ``energies``, Z in ``partition``, learning in ``learning``. Notebook: 07.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float

from course_lib.core import (
    Likelihood,
    check_count,
    check_generator,
    check_values,
    settle,
    spawn,
)
from course_lib.models.latent import energies, learning, partition
from course_lib.models.latent.energies import Parameters
from course_lib.models.latent.learning import Learning
from course_lib.models.latent.partition import LogPartition

Units = Literal["binary", "gaussian"]


@dataclass(frozen=True, eq=False)
class RBM:
    """A restricted Boltzmann machine with binary hidden and binary or Gaussian visible units.

    Attributes
    ----------
    weights : W, (visible, hidden)
    visible_bias : b, (visible,)
    hidden_bias : c, (hidden,)
    deviation : s of Gaussian visible units, (visible,); None where they are binary

    Raises
    ------
    TypeError, ValueError
        For parameters that are not finite or whose shapes do not go together, or a deviation
        that is not above 0.

    References
    ----------
    Smolensky (1986), "Information processing in dynamical systems: foundations of harmony
    theory" (the machine); Hinton (2002), Neural Computation 14 (its learning). Notebook: 07.
    """

    weights: Float[np.ndarray, "visible hidden"]
    visible_bias: Float[np.ndarray, "visible"]
    hidden_bias: Float[np.ndarray, "hidden"]
    deviation: Float[np.ndarray, "visible"] | None = None

    def __post_init__(self) -> None:
        weights = _kept(self.weights, "weights", ("visible", "hidden"))
        visible, hidden = weights.shape
        checked = {"weights": weights}
        for name, units in (("visible_bias", visible), ("hidden_bias", hidden)):
            checked[name] = _of_length(getattr(self, name), name, units)
        if self.deviation is not None:
            checked["deviation"] = _of_length(self.deviation, "deviation", visible)
            if not (checked["deviation"] > 0).all():
                raise ValueError(
                    f"need every deviation above 0, got {checked['deviation'].min():g}"
                )
        settle(self, **checked)

    def __repr__(self) -> str:
        visible, hidden = self.weights.shape
        return f"RBM({visible} {self.units} visible units, {hidden} hidden)"

    @classmethod
    def fit(
        cls,
        v: Any,
        hidden: int = 64,
        *,
        units: Units = "binary",
        epochs: int = 20,
        settings: Learning | None = None,
        rng: np.random.Generator,
    ) -> RBM:
        """Learn from rows of data: the last of `RBM.epochs`, which raises the same."""
        *_, last = cls.epochs(v, hidden, units=units, epochs=epochs, settings=settings, rng=rng)
        return last

    @classmethod
    def epochs(
        cls,
        v: Any,
        hidden: int = 64,
        *,
        units: Units = "binary",
        epochs: int = 20,
        settings: Learning | None = None,
        rng: np.random.Generator,
    ) -> Iterator[RBM]:
        """Yield the machine after each pass over the data, beginning with small random weights.

        Parameters
        ----------
        v : rows of data, (rows, visible); zeros and ones (or probabilities) for binary units
        hidden : number of hidden units
        units : "binary" or "gaussian"
        epochs : passes over the data
        settings : method, rate and batch; None takes `Learning()`
        rng : draws the first weights, the order of the rows and the chains

        Raises
        ------
        TypeError, ValueError
            For bad data or settings, or fewer rows than a batch holds.
        ArithmeticError
            Where a rate too high makes the weights leave the range of numbers.
        """
        if units not in get_args(Units):
            raise ValueError(f"need units out of {', '.join(get_args(Units))}, got {units!r}")
        v = _rows(v, binary=units == "binary")
        hidden, count = check_count(hidden, "hidden"), check_count(epochs, "epochs")
        settings = Learning() if settings is None else settings
        if len(v) < settings.batch:
            raise ValueError(
                f"need at least a batch of {settings.batch} rows, got {len(v)}; "
                "lower Learning.batch or pass more rows"
            )
        rng = check_generator(rng)
        start = learning.beginning(v, hidden, binary=units == "binary", rng=rng)
        return (cls._of(p) for p in learning.epochs(start, v, count, settings, rng))

    @classmethod
    def _of(cls, p: Parameters) -> RBM:
        deviation = None if p.log_variance is None else np.exp(0.5 * p.log_variance)
        return cls(p.weights, p.visible_bias, p.hidden_bias, deviation)

    @property
    def units(self) -> Units:
        """The kind of the visible units."""
        return "binary" if self.deviation is None else "gaussian"

    @property
    def parameters(self) -> Parameters:
        """The same numbers as the functions of ``energies`` take them."""
        log_variance = None if self.deviation is None else 2 * np.log(self.deviation)
        return Parameters(self.weights, self.visible_bias, self.hidden_bias, log_variance)

    def hidden_given(self, v: Any) -> Float[np.ndarray, "rows hidden"]:
        """Return P(h_j = 1 | v) of each row."""
        return energies.hidden_probabilities(self.parameters, self._check(v))

    def visible_given(self, h: Any) -> Float[np.ndarray, "rows visible"]:
        """Return E[v | h] of each row of hidden units.

        Raises
        ------
        TypeError, ValueError
            For rows that are not as long as there are hidden units.
        """
        h = check_values(h, "h", shape=("rows", "hidden"))
        if h.shape[1] != self.weights.shape[1]:
            raise ValueError(f"need {self.weights.shape[1]} hidden units a row, got {h.shape[1]}")
        return energies.visible_mean(self.parameters, h)

    def free_energy(self, v: Any) -> Float[np.ndarray, "rows"]:
        """Return F(v) = -ln p(v) - ln Z of each row."""
        return energies.free_energy(self.parameters, self._check(v))

    def gibbs(
        self, v: Any, *, sweeps: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "rows visible"]:
        """Move each row by Gibbs sweeps: all hidden units given v, then all of v given those.

        The i-th row does not depend on how many there are.
        """
        v, p = self._check(v), self.parameters
        generators = spawn(rng, len(v))
        for _ in range(check_count(sweeps, "sweeps")):
            v = partition.gibbs_sweep(p, v, generators)
        return v

    def sample(
        self, count: int, *, sweeps: int = 1000, rng: np.random.Generator
    ) -> Float[np.ndarray, "count visible"]:
        """Draw rows by Markov chains: nearly from p(v), the nearer the more sweeps.

        Each chain begins with independent units. In the first half of its sweeps the weights grow
        from 0 to their size, so that chains part before the walls between them rise; in the
        second they have it. The i-th row does not depend on `count`.

        Raises
        ------
        TypeError, ValueError
            For a bad count, number of sweeps, or generator.
        """
        count, sweeps = check_count(count, "count"), check_count(sweeps, "sweeps", minimum=2)
        p, generators = self.parameters, spawn(rng, count)
        free = energies.tempered(p, 0.0)
        h = np.zeros((count, self.weights.shape[1]))
        v = energies.visible_from(free, h, partition.noise(free, generators))
        for k in range(1, sweeps + 1):
            strength = min(1.0, 2 * k / sweeps)
            v = partition.gibbs_sweep(energies.tempered(p, strength), v, generators)
        return v

    def log_partition(
        self, *, chains: int = 100, steps: int = 1000, rng: np.random.Generator | None = None
    ) -> LogPartition:
        """Return ln Z: exact without `rng`, and with it estimated by annealing.

        Raises
        ------
        ValueError
            Without `rng`, where there are too many units to enumerate.
        """
        if rng is None:
            return LogPartition(float(partition.exact_log_partition(self.parameters)), 0.0, "exact")
        return partition.annealed_log_partition(
            self.parameters, chains=chains, steps=steps, rng=rng
        )

    def log_likelihood(self, v: Any, *, log_partition: LogPartition | None = None) -> Likelihood:
        """Return sum over rows of ln p(v) = -F(v) - ln Z.

        A probability of binary rows, a density of Gaussian ones.

        Parameters
        ----------
        v : rows, (rows, visible)
        log_partition : ln Z where it is known already, or was estimated; None enumerates

        Raises
        ------
        TypeError, ValueError
            For bad rows; without `log_partition`, where there are too many units to enumerate.
        """
        v = self._check(v)
        z = self.log_partition() if log_partition is None else log_partition
        nats = -energies.free_energy(self.parameters, v).sum() - len(v) * z.nats
        return Likelihood(float(nats), z.kind)

    def _check(self, v: Any) -> Float[np.ndarray, "rows visible"]:
        v = _rows(v, binary=self.deviation is None)
        if v.shape[1] != len(self.visible_bias):
            raise ValueError(f"need {len(self.visible_bias)} numbers a row, got {v.shape[1]}")
        return v


def _rows(v: Any, *, binary: bool) -> Float[np.ndarray, "rows visible"]:
    """Return rows of data, or say what is wrong with them."""
    v = check_values(v, "v", shape=("rows", "visible"), squared=not binary)
    if binary and (v.min() < 0 or v.max() > 1):
        raise ValueError(
            f"need numbers from 0 to 1 for binary units, got {v.min():g} to {v.max():g}; "
            'pass units="gaussian" for other numbers'
        )
    return v


def _kept(values: Any, name: str, shape: tuple[str, ...]) -> np.ndarray:
    array = check_values(values, name, shape=shape).copy()
    array.setflags(write=False)
    return array


def _of_length(values: Any, name: str, length: int) -> Float[np.ndarray, "length"]:
    array = _kept(values, name, ("units",))
    if len(array) != length:
        raise ValueError(f"need {length} numbers for {name}, got {len(array)}")
    return array
