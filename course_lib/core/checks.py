"""Input checks: every public function that takes a sound or a setting meets bad input here.

Each error says what was needed, what came, and what would work.
"""

from __future__ import annotations

import math
import numbers
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import ArrayLike


@runtime_checkable
class HasSamples(Protocol):
    """Anything that carries its waveform in ``samples``, such as ``audio.Clip``."""

    @property
    def samples(self) -> np.ndarray: ...


SignalLike: TypeAlias = HasSamples | ArrayLike
"""A sound: an ``audio.Clip``, or a one-dimensional array of floating-point samples."""


def check_signal(x: Any, *, name: str = "signal", min_length: int = 1) -> Float[np.ndarray, "time"]:
    """Return a mono signal as a float64 array, or say what is wrong with it.

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    name : what the error message calls it
    min_length : the fewest samples that will do

    Raises
    ------
    TypeError
        For integers, booleans, complex numbers and objects: scale integer samples first.
    ValueError
        For stereo or batched input, too few samples, NaN or infinity.
    """
    array = np.asarray(x.samples if isinstance(x, HasSamples) else x)
    if array.ndim != 1:
        raise ValueError(
            f"need a mono {name} of shape (time,), got shape {array.shape}; "
            "pass one channel, for instance x[:, 0], or the mean over channels"
        )
    if array.size < min_length:
        raise ValueError(f"need at least {min_length} samples in {name}, got {array.size}")
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(
            f"need floating-point samples in {name}, got {array.dtype}; "
            "scale 16-bit integers with x / 32768.0"
        )
    if not np.isfinite(array).all():
        first = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(
            f"need finite samples in {name}, got {array[first]} at index {first}; "
            "cut it out or repair it with np.nan_to_num"
        )
    return np.ascontiguousarray(array, dtype=np.float64)


def check_codes(codes: Any, levels: int, *, name: str = "codes") -> Int[np.ndarray, "time"]:
    """Return a sequence of one or more levels, 0 to `levels` - 1, as an int64 array.

    Raises
    ------
    TypeError
        For codes that are not whole numbers.
    ValueError
        For no codes, a shape other than (time,), or codes out of range.
    """
    array = np.asarray(codes)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"need one or more {name} of shape (time,), got shape {array.shape}")
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"need whole-number {name}, got {array.dtype}; make them with encode")
    if not 0 <= array.min() <= array.max() < levels:
        raise ValueError(
            f"need {name} from 0 to {levels - 1}, got {array.min()} to {array.max()}; "
            "encode the sound with the encoding that is passed along"
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def check_count(value: Any, name: str, *, minimum: int = 1) -> int:
    """Return a whole number of at least `minimum`, or say what came instead."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"need a whole number for {name}, got {value!r}")
    if value < minimum:
        raise ValueError(f"need {name} of at least {minimum}, got {value}")
    return int(value)


def check_number(
    value: Any, name: str, *, above: float = -math.inf, below: float = math.inf
) -> float:
    """Return a finite number strictly between `above` and `below`, or say what came instead."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"need a number for {name}, got {value!r}")
    if not above < float(value) < below:  # also catches NaN
        raise ValueError(f"need {name} strictly between {above:g} and {below:g}, got {value}")
    return float(value)


def check_order(order: Any, length: int, *, name: str = "order", minimum: int = 0) -> int:
    """Return a model order that a signal of `length` samples can support.

    Raises
    ------
    TypeError, ValueError
        For an order that is not a whole number, is too small, or needs a longer signal.
    """
    order = check_count(order, name, minimum=minimum)
    if length < order + 1:
        raise ValueError(
            f"need at least {name} + 1 = {order + 1} samples, got {length}; "
            f"shorten the {name} or pass a longer clip"
        )
    return order


def check_generator(rng: Any) -> np.random.Generator:
    """Return a numpy Generator; randomness is always the caller's, never hidden in a model."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"need a numpy Generator for rng, got {type(rng).__name__}; "
            "make one with np.random.default_rng(seed)"
        )
    return rng
