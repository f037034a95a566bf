"""Models that count: the histogram, and Markov chains over the levels of an encoding.

Notebook: 02.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from course_lib.core import (
    Encoding,
    Likelihood,
    SignalLike,
    check_codes,
    check_count,
    check_number,
    check_signal,
    check_values,
    settle,
    shown,
    spawn,
)
from course_lib.core.checks import HasSamples


@dataclass(frozen=True, eq=False)
class Histogram:
    """Independent levels: P(c_1, ..., c_N) = prod_t p[c_t], the Markov chain of order 0.

    Parameters
    ----------
    probabilities : how likely each level is, shape (levels,), positive, summing to one
    encoding : the levels that are meant

    Raises
    ------
    ValueError
        For probabilities that are not positive, do not sum to one, or are not one a level.
    """

    probabilities: Float[np.ndarray, "levels"]
    encoding: Encoding

    def __post_init__(self) -> None:
        p = check_values(self.probabilities, "probabilities")
        if p.shape != (self.encoding.levels,) or not (p > 0).all() or abs(p.sum() - 1) > 1e-9:
            raise ValueError(
                f"need {self.encoding.levels} positive probabilities that sum to one, got shape "
                f"{p.shape} with the sum {shown(p.sum(), 1)} and the least "
                f"{shown(p.min(initial=np.inf), 0)}"
            )
        settle(self, probabilities=p)

    @classmethod
    def fit(cls, clips: HasSamples | Iterable[SignalLike], encoding: Encoding) -> Histogram:
        """Count the levels, adding one to each, so that none is impossible.

        p[c] = (n[c] + 1) / (N + levels), Laplace's rule of succession.

        Raises
        ------
        TypeError, ValueError
            For no clips, or clips that `encoding` refuses.
        """
        counts = np.ones(encoding.levels)
        for codes in _encode_all(clips, encoding):
            counts += np.bincount(codes, minlength=encoding.levels)
        return cls(counts / counts.sum(), encoding)

    def level_log_likelihood(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Likelihood:
        """Return sum_t ln p[c_t].

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the encoding that was fitted.
        """
        codes = _check_codes(codes, encoding, fitted=self.encoding)
        return Likelihood(float(np.log(self.probabilities[codes]).sum()))

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count length"]:
        """Draw every sample by itself: white noise with the loudness statistics of the clips."""
        length = check_count(length, "length")
        levels = self.encoding.levels
        codes = [child.choice(levels, length, p=self.probabilities) for child in spawn(rng, count)]
        return self.encoding.decode(np.stack(codes))


@dataclass(frozen=True, eq=False)
class ContextCounts:
    """How often each level followed each context of one length; only what was seen is stored.

    A run of codes is written as one whole number, in base `levels`, oldest code first; a
    "gram" is a context followed by one code.

    Parameters
    ----------
    contexts : the contexts seen, ascending
    starts : grams[starts[i]:starts[i + 1]] are those of contexts[i]
    grams : the grams seen, ascending
    cumulative : cumulative[g] is how many times the grams before the g-th were seen, all told
    """

    contexts: Int[np.ndarray, "contexts"]
    starts: Int[np.ndarray, "contexts_plus_1"]
    grams: Int[np.ndarray, "grams"]
    cumulative: Int[np.ndarray, "grams_plus_1"]

    @classmethod
    def from_grams(cls, grams: Int[np.ndarray, "time"], levels: int) -> ContextCounts:
        """Count grams, given in any order."""
        seen, counts = np.unique(grams, return_counts=True)
        contexts, first = np.unique(seen // levels, return_index=True)
        return cls(contexts, np.r_[first, len(seen)], seen, np.r_[0, np.cumsum(counts)])


@dataclass(frozen=True, eq=False)
class MarkovChain:
    """A level's probability given the `order` levels before it, counted, and smoothed.

    With n(h, c) the times that level c followed context h, n(h) = sum_c n(h, c), T(h) the number
    of different levels that followed h, h' the context without its oldest level, and s the
    strength of the smoothing::

        P(c | h) = (n(h, c) + s T(h) P(c | h')) / (n(h) + s T(h))

    down to P(c) = 1 / levels below the empty context. A context never seen has n = T = 0 and
    leaves the word to h'. Near a clip's start the context is as long as the past is.

    Parameters
    ----------
    tables : the counts for contexts of length 0, 1, ..., order
    encoding : the levels that are meant
    smoothing : s, above 0; 1 is Witten and Bell's choice, and what is near 0 trusts every count

    ``replace(chain, tables=chain.tables[:2])`` of ``dataclasses`` is the chain of order 1 that
    was fitted on the way, and ``replace(chain, smoothing=4.0)`` has the same counts.

    References
    ----------
    Witten and Bell (1991), "The zero-frequency problem", method C, is s = 1; interpolated as in
    Chen and Goodman (1999), "An empirical study of smoothing techniques for language modeling",
    section 2. Notebook: 02.
    """

    tables: tuple[ContextCounts, ...]
    encoding: Encoding
    smoothing: float = 1.0

    def __post_init__(self) -> None:
        settle(self, smoothing=check_number(self.smoothing, "smoothing", above=0))
        if not self.tables:
            raise ValueError("need the counts of at least the empty context, got no tables")

    @property
    def order(self) -> int:
        """The number of past levels that the next one depends on."""
        return len(self.tables) - 1

    @classmethod
    def fit(
        cls,
        clips: HasSamples | Iterable[SignalLike],
        order: int,
        encoding: Encoding,
        *,
        smoothing: float = 1.0,
    ) -> MarkovChain:
        """Count what followed every context of up to `order` levels; none spans two clips.

        Raises
        ------
        TypeError, ValueError
            For no clips, clips that `encoding` refuses, clips that are all too short for the
            order, or an order whose contexts do not fit into 63 bits (above 6 for 256 levels).
        """
        order, levels = check_count(order, "order", minimum=0), encoding.levels
        if levels ** (order + 1) > 2**63:
            raise ValueError(
                f"need levels^(order + 1) of at most 2^63, got {levels}^{order + 1}; "
                "lower the order or use fewer levels"
            )
        sequences = _encode_all(clips, encoding)
        if (longest := max(map(len, sequences))) <= order:
            raise ValueError(
                f"need a clip of at least order + 1 = {order + 1} samples, got at most {longest}; "
                "lower the order or pass longer clips"
            )
        tables = []
        grams = [np.zeros(len(codes), np.int64) for codes in sequences]
        for length in range(order + 1):
            grams = [_extended(g, c, length, levels) for g, c in zip(grams, sequences, strict=True)]
            tables.append(ContextCounts.from_grams(np.concatenate(grams), levels))
        return cls(tuple(tables), encoding, smoothing)

    def next_probabilities(self, context: Sequence[int]) -> Float[np.ndarray, "levels"]:
        """Return P(c | context) for every level c; only the last `order` codes matter.

        This is the definition, term by term; `level_log_likelihood` does the same for all times
        at once.

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the encoding.
        """
        levels = self.encoding.levels
        probabilities = np.full(levels, 1 / levels)
        past = check_codes(context, levels, name="context") if len(context) else np.empty(0, int)
        for length in range(min(self.order, len(past)) + 1):
            table = self.tables[length]
            h = _as_number(past[len(past) - length :], levels)
            row = int(np.searchsorted(table.contexts, h))
            if row == len(table.contexts) or table.contexts[row] != h:
                break  # then no longer context was seen either
            start, stop = table.starts[row], table.starts[row + 1]
            n = np.zeros(levels)
            n[table.grams[start:stop] % levels] = np.diff(table.cumulative[start : stop + 1])
            weight = self.smoothing * (stop - start)
            probabilities = (n + weight * probabilities) / (n.sum() + weight)
        return probabilities

    def level_log_likelihood(
        self, codes: Int[np.ndarray, "time"], encoding: Encoding
    ) -> Likelihood:
        """Return sum_t ln P(c_t | the `order` codes before it).

        Raises
        ------
        TypeError, ValueError
            For codes that are not levels of the encoding that was fitted.
        """
        codes = _check_codes(codes, encoding, fitted=self.encoding)
        levels = encoding.levels
        probabilities = np.full(len(codes), 1 / levels)
        grams = np.zeros(len(codes), np.int64)
        for length, table in enumerate(self.tables[: len(codes)]):
            grams = _extended(grams, codes, length, levels)
            total, types, n = _look_up(table, grams, levels)
            weight = np.where(total > 0, self.smoothing * types, 1.0)  # 1: all for the shorter
            late = probabilities[length:]  # those that have so long a past
            late[:] = (n + weight * late) / (total + weight)
        return Likelihood(float(np.log(probabilities).sum()))

    def sample(
        self, length: int, *, count: int = 1, rng: np.random.Generator
    ) -> Float[np.ndarray, "count length"]:
        """Draw level after level, each given the levels drawn before it."""
        length = check_count(length, "length")
        codes = [self._draw(child.random(length)) for child in spawn(rng, count)]
        return self.encoding.decode(np.stack(codes))

    def _draw(self, uniforms: Float[np.ndarray, "time"]) -> Int[np.ndarray, "time"]:
        """Turn uniform numbers into levels, one each.

        Of n(h) + s T(h) equal tickets, n(h) name a level that followed h, and s T(h) send us to
        the shorter context, with what is left of the uniform number to draw there.
        """
        levels = self.encoding.levels
        codes = np.empty(len(uniforms), np.int64)
        past = 0
        for t, uniform in enumerate(uniforms):
            for length in range(min(self.order, t), -1, -1):
                table = self.tables[length]
                h = past % levels**length
                row = table.contexts.searchsorted(h)
                if row == len(table.contexts) or table.contexts[row] != h:
                    continue
                start, stop = table.starts[row], table.starts[row + 1]
                first = table.cumulative[start]
                total, weight = table.cumulative[stop] - first, self.smoothing * (stop - start)
                ticket = uniform * (total + weight)
                if ticket < total:
                    gram = table.cumulative.searchsorted(first + int(ticket), side="right") - 1
                    codes[t] = table.grams[gram] % levels
                    break
                uniform = (ticket - total) / weight
            else:
                codes[t] = min(int(uniform * levels), levels - 1)  # rounding may reach 1.0
            past = (past * levels + int(codes[t])) % levels**self.order
        return codes


def _extended(
    grams: Int[np.ndarray, "longer"], codes: Int[np.ndarray, "time"], length: int, levels: int
) -> Int[np.ndarray, "time_minus_length"]:
    """Turn the grams that end at t = length - 1, ... into those one code longer, t = length, ...

    For length 0 the codes themselves are the grams.
    """
    if length == 0:
        return codes
    return grams[1:] + codes[: max(len(codes) - length, 0)] * levels**length


def _look_up(
    table: ContextCounts, grams: Int[np.ndarray, "time"], levels: int
) -> tuple[Int[np.ndarray, "time"], Int[np.ndarray, "time"], Int[np.ndarray, "time"]]:
    """Return n(h), T(h) and n(h, c) of each gram (h, c); zeros where it was never seen."""

    def found(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return place, keys[place] == wanted

    order = np.argsort(grams)  # neighbours in the table are looked up one after the other
    result = np.zeros((3, len(grams)), np.int64)
    row, known = found(table.contexts, grams[order] // levels)
    start, stop = table.starts[row], table.starts[row + 1]
    result[0, order] = np.where(known, table.cumulative[stop] - table.cumulative[start], 0)
    result[1, order] = np.where(known, stop - start, 0)
    gram, seen = found(table.grams, grams[order])
    result[2, order] = np.where(seen, table.cumulative[gram + 1] - table.cumulative[gram], 0)
    return result[0], result[1], result[2]


def _as_number(codes: Int[np.ndarray, "length"], levels: int) -> int:
    """Return a run of codes as one whole number, oldest code first."""
    number = 0
    for code in codes:
        number = number * levels + int(code)
    return number


def _encode_all(
    clips: HasSamples | Iterable[SignalLike], encoding: Encoding
) -> list[Int[np.ndarray, "time"]]:
    """Return the codes of each clip, of which there is at least one."""
    several = [clips] if isinstance(clips, HasSamples | np.ndarray) else clips
    sequences = [encoding.encode(check_signal(clip, name="clip")) for clip in several]
    if not sequences:
        raise ValueError("need at least one clip to fit, got none")
    return sequences


def _check_codes(
    codes: Int[np.ndarray, "time"], encoding: Encoding, *, fitted: Encoding
) -> Int[np.ndarray, "time"]:
    """Return codes as int64, or say why they are not a sequence of the fitted encoding's levels."""
    if encoding != fitted:
        raise ValueError(
            f"need codes of the encoding that was fitted, {fitted.name}, got {encoding.name}; "
            "fit the model again on that encoding"
        )
    return check_codes(codes, encoding.levels)
