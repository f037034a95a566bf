"""Filling gaps: what a telephone plays while a packet is lost.

Linear models hear the pitch and the formants of the sound beside a gap and let them ring on.
Forwards they know only what came before; the Kalman smoother knows both sides, and returns the
expectation of the gap given them. An expectation minimises the squared error, and for that it
gives up what it cannot know: in the middle of a long gap it fades. A draw from the same
distribution does not.
Notebook: 05.

References
----------
Janssen, Veldhuis and Vries (1986), Adaptive interpolation of discrete-time signals that can be
modeled as autoregressive processes, IEEE Trans. ASSP 34(2).
Kauppinen and Roth (2002), Audio signal extrapolation: theory and applications, Proc. DAFx.
Goodman, Lockhart, Wasem and Wong (1986), Waveform substitution techniques for recovering missing
speech segments in packet voice communications, IEEE Trans. ASSP 34(6).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip
from course_lib.core import check_count, check_generator, check_number
from course_lib.models.linear.ar import AR
from course_lib.models.linear.arma import ARMA
from course_lib.models.linear.estimation import NotConverged

Gap = tuple[int, int]
Method = Literal[
    "silence", "repetition", "forward", "backward", "crossfade", "arma", "two-sided", "drawn"
]

HIGHEST_PITCH, LOWEST_PITCH = 400.0, 70.0
"""Hz between which "repetition" looks for the pitch of a voice."""

ARMA_ORDER = (8, 2)
"""Poles and zeros of the "arma" model: maximum likelihood wants few."""

ROUNDS = 3
"""How often "two-sided" fits its models again, to a sound whose gap it has filled."""


def conceal(
    clip: Clip,
    gaps: Sequence[Gap],
    *,
    method: Method = "two-sided",
    order: int = 64,
    context: float = 0.05,
    rng: np.random.Generator | None = None,
) -> Clip:
    """Replace what is inside the gaps by what a model of their surroundings expects there.

    - ``silence``: zeros.
    - ``repetition``: the last pitch period, over and over.
    - ``forward``, ``backward``: an AR model of the sound before (after) the gap plays on.
    - ``crossfade``: from the one to the other.
    - ``arma``: an ARMA(8, 2) model, fitted by exact maximum likelihood, plays on forward.
    - ``two-sided``: the expectation given both sides, by the Kalman smoother. The sound changes
      across a gap, so each side's AR model is asked, and the answers crossfaded; then the models
      are fitted again to their side and the filled gap, as Janssen et al. do.
    - ``drawn``: what ``two-sided`` expects, and around it a draw of what cannot be known.

    Parameters
    ----------
    clip : the sound; what it holds inside the gaps is not looked at
    gaps : (start, stop) in samples each, ascending and apart, `order` + 1 samples or more from
        each other and the ends
    method : one of these
    order : of the AR models; speech wants one that spans a pitch period, 8 ms or so
    context : seconds on either side that models are fitted to and conditioned on
    rng : for "drawn", and only for it

    Raises
    ------
    TypeError, ValueError
        For gaps that are out of order or too near each other or the ends, another method, or bad
        settings.

    References
    ----------
    Janssen et al. (1986); Kauppinen and Roth (2002), crossfade; Goodman et al. (1986),
    repetition. Notebook: 05.
    """
    if not isinstance(clip, Clip):
        raise TypeError(
            f"need a Clip, got {type(clip).__name__}; wrap an array as Clip(samples, sample_rate)"
        )
    if method not in get_args(Method):
        raise ValueError(f"need a method out of {', '.join(get_args(Method))}, got {method!r}")
    order = check_count(order, "order")
    context = check_number(context, "context", above=0)
    reach = round(context * clip.sample_rate)
    needed = order + 1
    if reach < needed:
        raise ValueError(
            f"need a context of at least order + 1 = {needed} samples, got {reach} (of "
            f"{context:g} s); shorten the order or lengthen the context"
        )
    if method == "drawn":
        check_generator(rng)
    # Fill each gap from what was heard on both sides, as far as the next gap or the reach
    heard = clip.samples.astype(np.float64)
    result = heard.copy()
    ends = [(0, 0), *_check_gaps(gaps, len(clip), needed), (len(clip), len(clip))]
    for (_, before), (start, stop), (after, _) in zip(ends, ends[1:], ends[2:], strict=False):
        surroundings = _Surroundings(
            heard[max(before, start - reach) : start],
            heard[stop : min(after, stop + reach)],
            stop - start,
            order,
            clip.sample_rate,
        )
        result[start:stop] = surroundings.fill(method, rng if method == "drawn" else None)
    return clip.with_samples(result)


@dataclass(frozen=True, eq=False)
class _Surroundings:
    """What is known of one gap."""

    past: Float[np.ndarray, "before"]
    future: Float[np.ndarray, "after"]
    length: int
    order: int
    sample_rate: int

    def fill(self, method: Method, rng: np.random.Generator | None) -> np.ndarray:
        """What stands in the gap, (length,)."""
        if method == "silence":
            return np.zeros(self.length)
        if method == "repetition":
            period = pitch_period(self.past, self.sample_rate)
            return np.resize(self.past[-period:], self.length)
        if method == "forward":
            return _play_on(self.past, self.order, self.length)
        if method == "backward":
            return _play_on(self.future[::-1], self.order, self.length)[::-1]
        if method == "crossfade":
            return self._crossfade(self.fill("forward", None), self.fill("backward", None))
        if method == "arma":
            return _play_on_with_zeros(self.past, self.length)
        models = self._models(np.zeros(0))
        filled = self._expected(models)
        for _ in range(ROUNDS):
            filled = self._expected(self._models(filled))
        return filled if rng is None else filled + self._unexpected(models, rng)

    def _models(self, filled: np.ndarray) -> tuple[ARMA, ARMA]:
        """AR models of either side, and of the gap where it is filled."""
        sides = np.append(self.past, filled), np.append(filled, self.future)
        fits = [AR.fit(side, self.order) for side in sides]
        first, second = (ARMA(fit.phi, np.zeros(0), fit.variance) for fit in fits)
        return first, second

    def _expected(self, models: tuple[ARMA, ARMA]) -> np.ndarray:
        """What either model expects between both sides, crossfaded."""
        x = np.concatenate([self.past, np.full(self.length, np.nan), self.future])
        first, second = (model.fill_missing(x)[self._inside] for model in models)
        return self._crossfade(first, second)

    def _unexpected(self, models: tuple[ARMA, ARMA], rng: np.random.Generator) -> np.ndarray:
        """A draw of what is missing around its expectation, of either model, crossfaded in power.

        How far a gap may be from its expectation does not depend on the sound beside it; a draw
        between two silences is just that.
        """
        x = np.zeros(len(self.past) + self.length + len(self.future))
        x[self._inside] = np.nan
        first, second = (model.draw_missing(x, rng=rng)[0][self._inside] for model in models)
        return np.cos(self._angle) * first + np.sin(self._angle) * second

    def _crossfade(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """From the first to the second, along cos^2."""
        return np.cos(self._angle) ** 2 * first + np.sin(self._angle) ** 2 * second

    @property
    def _inside(self) -> slice:
        return slice(len(self.past), len(self.past) + self.length)

    @property
    def _angle(self) -> np.ndarray:
        return np.pi / 2 * (np.arange(self.length) + 0.5) / self.length


def _play_on_with_zeros(past: np.ndarray, length: int) -> Float[np.ndarray, "time"]:
    """Return what an ARMA model of `past` expects next."""
    with warnings.catch_warnings():  # a fit that stops a little short plays on as well
        warnings.simplefilter("ignore", NotConverged)
        model = ARMA.fit(past, ARMA_ORDER)
    return model.forecast(past, length).mean


def _play_on(past: np.ndarray, order: int, length: int) -> np.ndarray:
    """The expectation of what comes after, under an AR model of the past."""
    return AR.fit(past, order).forecast(past, length).mean


def pitch_period(x: Float[np.ndarray, "time"], sample_rate: int) -> int:
    """Return the lag, in samples, at which the end of x resembles what came before most.

    The largest normalised correlation between the last samples and those a lag earlier, over
    lags of 1/400 to 1/70 s, or to a half of x where that is shorter.

    Raises
    ------
    ValueError
        For fewer samples than two of the shortest periods.

    References
    ----------
    Goodman et al. (1986). Notebook: 05.
    """
    shortest = max(round(sample_rate / HIGHEST_PITCH), 1)
    longest = min(round(sample_rate / LOWEST_PITCH), len(x) // 2)
    if longest < shortest:
        raise ValueError(
            f"need at least {2 * shortest} samples to look for a pitch period, got {len(x)}"
        )
    window = len(x) - longest
    tail = x[-window:]
    lags = np.arange(shortest, longest + 1)
    earlier = np.array([x[len(x) - window - lag : len(x) - lag] for lag in lags])
    energy = np.sqrt(np.sum(earlier**2, axis=1) * (tail @ tail))
    correlation = np.divide(earlier @ tail, energy, out=np.zeros(len(lags)), where=energy > 0)
    return int(lags[np.argmax(correlation)])


def _check_gaps(gaps: Sequence[Gap], length: int, apart: int) -> list[Gap]:
    """Return the gaps, ascending and with enough sound between them, or say what is wrong."""
    checked, last = [], 0
    for gap in gaps:
        if not isinstance(gap, tuple | list) or len(gap) != 2:
            raise TypeError(f"need gaps as (start, stop) in samples, got {gap!r}")
        start, stop = check_count(gap[0], "start", minimum=0), check_count(gap[1], "stop")
        if not last + apart <= start < stop <= length - apart:
            raise ValueError(
                f"need gaps in ascending order, inside the {length} samples and at least {apart} "
                f"(order + 1) from each other and the ends, got {start} to {stop} after {last}"
            )
        checked.append((start, stop))
        last = stop
    return checked


def lose_packets(
    clip: Clip,
    packet: float,
    *,
    fraction: float = 0.1,
    margin: float = 0.05,
    rng: np.random.Generator,
) -> list[Gap]:
    """Choose packets to lose among those in which there is something to hear.

    Packets are lost one at a time, `margin` seconds or more apart and from the ends; those 30 dB
    or more below the loudest are never lost, for any method conceals them.

    Parameters
    ----------
    clip : the sound
    packet : seconds a packet
    fraction : of the audible packets that are lost, at least one
    margin : seconds of sound that are left between lost packets
    rng : chooses

    Returns
    -------
    (start, stop) in samples of each lost packet, ascending; for ``conceal``

    Raises
    ------
    TypeError, ValueError
        For bad settings, or a clip in which no packet can be lost.
    """
    check_generator(rng)
    fraction = check_number(fraction, "fraction", above=0, below=1)
    size = round(check_number(packet, "packet", above=0) * clip.sample_rate)
    gap = round(check_number(margin, "margin", above=0) * clip.sample_rate)
    starts = np.arange(gap, len(clip) - gap - size + 1, max(size, 1))
    if size < 1 or len(starts) == 0:
        raise ValueError(
            f"need a packet of 1 sample or more and a clip of at least {size + 2 * gap} samples, "
            f"got {size} and {len(clip)}; pass a longer clip or a shorter margin"
        )
    power = np.array([np.sum(clip.samples[s : s + size].astype(np.float64) ** 2) for s in starts])
    audible = starts[(power > 0) & (power >= power.max() * 1e-3)]
    if len(audible) == 0:
        raise ValueError("need a clip that sounds, got no packet that can be heard")
    wanted = max(round(fraction * len(audible)), 1)
    lost: list[Gap] = []
    for start in rng.permutation(audible):
        far = all(start >= stop + gap or start + size + gap <= begin for begin, stop in lost)
        if far and len(lost) < wanted:
            lost.append((int(start), int(start) + size))
    return sorted(lost)
