"""Quantisers: grids of levels that amplitudes are rounded to (``core.Encoding``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from course_lib.core import (
    SignalLike,
    check_count,
    check_levels,
    check_number,
    check_signal,
    settle,
    shown,
)


def mu_law_compress(x: SignalLike, mu: float = 255.0) -> Float[np.ndarray, "time"]:
    """Compress amplitudes, so that equal steps of the result are equal ratios of loud samples.

    f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu), which maps [-1, 1] onto [-1, 1].

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    mu : strength of the compression, above 0; 255 in telephony

    Raises
    ------
    TypeError, ValueError
        For a signal that is not mono, finite and floating point, or a `mu` of 0 or less.

    References
    ----------
    ITU-T G.711 (1988), whose table of segments approximates this law; van den Oord et al.
    (2016), WaveNet, section 2.2. Notebook: 01.
    """
    x, mu = check_signal(x), check_number(mu, "mu", above=0)
    return np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)


def mu_law_expand(y: SignalLike, mu: float = 255.0) -> Float[np.ndarray, "time"]:
    """Undo `mu_law_compress`.

    x = sign(y) ((1 + mu)^|y| - 1) / mu.

    Raises
    ------
    TypeError, ValueError
        As `mu_law_compress`.
    """
    y, mu = check_signal(y), check_number(mu, "mu", above=0)
    return np.sign(y) * np.expm1(np.abs(y) * np.log1p(mu)) / mu


class _Grid:
    """What every grid does, given its `edges` and the amplitude of each level, `values`."""

    @property
    def levels(self) -> int:
        raise NotImplementedError

    def edges(self) -> Float[np.ndarray, "levels_plus_1"]:
        raise NotImplementedError

    def values(self) -> Float[np.ndarray, "levels"]:
        raise NotImplementedError

    def encode(self, x: SignalLike) -> Int[np.ndarray, "time"]:
        """Return the code c of each amplitude: edges[c] <= x < edges[c + 1] (or x = 1 in the last).

        Raises
        ------
        TypeError, ValueError
            For a signal that is not mono, finite, floating point and within [-1, 1].
        """
        x = check_signal(x)
        if x.min() < -1 or x.max() > 1:
            raise ValueError(
                f"need samples within [-1, 1] to quantise, got "
                f"{shown(x.min(), -1)} to {shown(x.max(), 1)}; "
                "scale the clip with clip.with_peak(0.9), or clip it with np.clip(x, -1, 1)"
            )
        return np.searchsorted(self.edges()[1:-1], x, side="right").astype(np.int64)

    def decode(self, codes: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return the amplitude that stands for each code; it lies inside the code's bin.

        Raises
        ------
        TypeError, ValueError
            For codes that are not whole numbers from 0 to levels - 1.
        """
        return self.values()[check_levels(codes, self.levels)]

    def log_width(self, codes: Int[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """Return ln(edges[c + 1] - edges[c]) for each code c.

        Raises
        ------
        TypeError, ValueError
            As `decode`.
        """
        return np.log(np.diff(self.edges()))[check_levels(codes, self.levels)]


@dataclass(frozen=True)
class MuLaw(_Grid):
    """Mu-law levels: bins of equal width after compression, mu = levels - 1.

    edges[c] = f^-1(2 c / levels - 1) and decode(c) = f^-1((2 c + 1) / levels - 1), with f as in
    `mu_law_compress`. Zero is an edge, so silence decodes to a very small constant
    (8.6e-5 for 256 levels).

    Parameters
    ----------
    levels : from 2 to 65536; 256 in the WaveNet paper

    Raises
    ------
    TypeError, ValueError
        For a number of levels outside that range.

    References
    ----------
    van den Oord et al. (2016), WaveNet, section 2.2. Notebook: 01.
    """

    levels: int = 256

    def __post_init__(self) -> None:
        settle(self, levels=check_count(self.levels, "levels", minimum=2, maximum=65536))

    @property
    def name(self) -> str:
        bits = np.log2(self.levels)
        return f"{bits:.0f}-bit µ-law" if bits % 1 == 0 else f"{self.levels}-level µ-law"

    def edges(self) -> Float[np.ndarray, "levels_plus_1"]:
        """Return the ascending amplitudes between which the bins lie, from -1 to 1."""
        edges = mu_law_expand(2 * np.arange(self.levels + 1) / self.levels - 1, self.levels - 1)
        edges[[0, -1]] = -1.0, 1.0  # where rounding may have missed them
        return edges

    def values(self) -> Float[np.ndarray, "levels"]:
        """Return the amplitude that stands for each code, in the middle of its compressed bin."""
        middles = (2 * np.arange(self.levels) + 1) / self.levels - 1
        return mu_law_expand(middles, self.levels - 1)


@dataclass(frozen=True)
class LinearQuantiser(_Grid):
    """Equally spaced levels, as in a PCM file of `bits` bits: amplitude k / 2^(bits - 1).

    decode(c) = c / 2^(bits - 1) - 1, so that the samples of a 16-bit file come back exactly.
    Amplitudes are rounded to the nearest level; bins have the width 2 / levels, except that the
    outermost edges are -1 and 1: there is no level at +1, so the last bin is half as wide
    again, and the first is half as wide.

    Parameters
    ----------
    bits : from 2 to 16

    Raises
    ------
    TypeError, ValueError
        For a number of bits outside that range.
    """

    bits: int = 16

    def __post_init__(self) -> None:
        settle(self, bits=check_count(self.bits, "bits", minimum=2, maximum=16))

    @property
    def name(self) -> str:
        return f"{self.bits}-bit linear"

    @property
    def levels(self) -> int:
        """The number of levels, 2^bits."""
        return 2**self.bits

    def edges(self) -> Float[np.ndarray, "levels_plus_1"]:
        """Return the ascending amplitudes between which the bins lie, from -1 to 1."""
        middles = self.values()
        return np.concatenate([[-1.0], (middles[1:] + middles[:-1]) / 2, [1.0]])

    def values(self) -> Float[np.ndarray, "levels"]:
        """Return the amplitude that stands for each code."""
        return 2 * np.arange(self.levels) / self.levels - 1
