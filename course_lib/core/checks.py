"""Input checks: every public function that takes a sound or a setting meets bad input here.

Each error says what was needed, what came, and what would work. A check returns what it checked
as the type that the course computes with: whoever goes on with the argument as it came meets
uint8 that wraps around, or float32 that rounds.
"""

from __future__ import annotations

import decimal
import difflib
import math
import numbers
from collections.abc import Iterable, Sequence
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

QUIETEST, LOUDEST = 1e-130, 1e150
"""Peaks between which powers fit into float64, sums of a hundred million and errors 250 dB down."""


def check_signal(
    x: Any, *, name: str = "signal", min_length: int = 1, squared: bool = False
) -> Float[np.ndarray, "time"]:
    """Return a mono signal as a float64 array, or say what is wrong with it.

    Parameters
    ----------
    x : Clip or array of float, shape (time,)
    name : what the error message calls it
    min_length : the fewest samples that will do
    squared : whether the caller sums squares, and needs a peak whose square float64 can hold

    Raises
    ------
    TypeError
        For integers, booleans, complex numbers and objects (scale integer samples first), masked
        arrays, and tensors that numpy cannot read.
    ValueError
        For stereo or batched input, too few samples, NaN, infinity, or what float64 cannot hold.
    """
    array = as_array(x, name)
    if array.ndim != 1:
        raise ValueError(
            f"need a mono {name} of shape (time,), got shape {array.shape}; "
            "pass one channel, for instance x[:, 0], or the mean over channels"
        )
    if array.size < min_length:
        needed = "1 sample" if min_length == 1 else f"{min_length} samples"
        raise ValueError(f"need at least {needed} in {name}, got {array.size}")
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(
            f"need floating-point samples in {name}, got {array.dtype}; "
            "scale 16-bit integers with x / 32768.0"
        )
    samples = _finite(array, f"samples in {name}")
    if squared:
        _check_peak(samples, name)
    return samples


def check_values(
    values: Any,
    name: str,
    *,
    shape: tuple[str, ...] | None = None,
    whole: bool = True,
    squared: bool = False,
) -> Float[np.ndarray, "*shape"]:
    """Return real numbers in float64, or say what is wrong with them.

    Parameters
    ----------
    values : array
    name : what the error message calls it
    shape : the names of its axes, none of which may be empty; None takes any shape
    whole : whether whole numbers will do, too
    squared : as in `check_signal`

    Raises
    ------
    TypeError
        For complex numbers, booleans, text and objects, masked arrays, and tensors that numpy
        cannot read.
    ValueError
        For another number of axes, nothing along one of them, NaN, infinity, or what float64
        cannot hold.
    """
    array = as_array(values, name)
    if not np.issubdtype(array.dtype, np.floating) and not (
        whole and np.issubdtype(array.dtype, np.integer)
    ):
        kind = "real" if whole else "floating-point"
        raise TypeError(f"need {kind} numbers for {name}, got {array.dtype}")
    if shape is not None and (array.ndim != len(shape) or array.size == 0):
        raise ValueError(f"need {name} of shape ({', '.join(shape)}), got shape {array.shape}")
    found = _finite(array, name)
    if squared:
        _check_peak(found, name)
    return found


def check_codes(codes: Any, levels: int, *, name: str = "codes") -> Int[np.ndarray, "time"]:
    """Return a sequence of one or more levels, 0 to `levels` - 1, as an int64 array.

    Raises
    ------
    TypeError
        For codes that are not whole numbers.
    ValueError
        For no codes, a shape other than (time,), or codes out of range.
    """
    array = as_array(codes, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"need one or more {name} of shape (time,), got shape {array.shape}")
    return check_levels(array, levels, name=name)


def check_levels(codes: Any, levels: int, *, name: str = "codes") -> Int[np.ndarray, "*shape"]:
    """Return levels, 0 to `levels` - 1, of any shape as an int64 array; raises as `check_codes`."""
    array = as_array(codes, name)
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"need whole-number {name}, got {array.dtype}; make them with encode")
    if array.size and not 0 <= array.min() <= array.max() < levels:
        raise ValueError(
            f"need {name} from 0 to {levels - 1}, got {array.min()} to {array.max()}; "
            "encode the sound with the encoding that is passed along"
        )
    return np.ascontiguousarray(array, dtype=np.int64)


def as_array(values: Any, name: str) -> np.ndarray:
    """Return a clip's samples or any array as numpy's, if that loses nothing.

    Raises
    ------
    TypeError
        For a masked array, whose mask would be lost, or a tensor that numpy cannot read.
    ValueError
        For rows of different lengths.
    """
    values = values.samples if isinstance(values, HasSamples) else values
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"need an array without a mask for {name}, got a masked one; "
            "x.filled(np.nan) marks what is missing, x.compressed() leaves it out"
        )
    try:
        return np.asarray(values)
    except (TypeError, RuntimeError) as error:  # torch's: gradients, bfloat16, another device
        raise TypeError(
            f"need {name} that numpy can read, got {_described(values)}; of a tensor pass "
            "x.detach().float().cpu()"
        ) from error
    except ValueError as error:
        raise ValueError(f"need rows of one length in {name}, got different ones") from error


def _described(values: Any) -> str:
    kind = f"{type(values).__name__} of {getattr(values, 'dtype', 'objects')}"
    return f"{kind} that requires gradients" if getattr(values, "requires_grad", False) else kind


def _finite(array: np.ndarray, what: str) -> np.ndarray:
    """Return numbers as float64, all finite there: a long double may be so only where it was."""
    with np.errstate(over="ignore"):
        found = np.ascontiguousarray(array, dtype=np.float64).reshape(array.shape)
    if not np.isfinite(found).all():
        first = np.unravel_index(int(np.argmin(np.isfinite(found))), found.shape)
        place = f" at index {', '.join(map(str, first))}" if first else ""
        raise ValueError(
            f"need finite {what}, got {shown(array[first])}{place}; "
            "cut it out or repair it with np.nan_to_num"
        )
    return found


def _check_peak(samples: np.ndarray, name: str) -> None:
    peak = float(np.abs(samples).max(initial=0.0))
    if peak and not QUIETEST <= peak <= LOUDEST:
        raise ValueError(
            f"need a peak between {QUIETEST:g} and {LOUDEST:g} (or silence) in {name}, whose power "
            f"float64 can hold, got {shown(peak, QUIETEST, LOUDEST)}; scale it"
        )


def check_count(value: Any, name: str, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Return a whole number from `minimum` to `maximum`, or say what came instead."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"need a whole number for {name}, got {value!r}")
    value = int(value)
    if maximum is not None and not minimum <= value <= maximum:
        raise ValueError(f"need {name} from {minimum} to {maximum}, got {shown(value)}")
    if value < minimum:
        raise ValueError(f"need {name} of at least {minimum}, got {shown(value)}")
    return value


def check_number(
    value: Any,
    name: str,
    *,
    above: float | int = -math.inf,
    below: float | int = math.inf,
    minimum: float | int | None = None,
    maximum: float | int | None = None,
) -> float:
    """Return a finite number in a range, or say what came instead.

    Parameters
    ----------
    above, below : the ends of the range, where they do not belong to it
    minimum, maximum : the ends of the range, where they do; no maximum without a minimum
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"need a number for {name}, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(
            f"need {name} within float64's range, up to 1.8e308, got {shown(value)}"
        ) from None
    low = above if minimum is None else minimum
    high = below if maximum is None else maximum
    fits = (low < number or number == minimum) and (number < high or number == maximum)
    if fits and math.isfinite(number):
        return number
    left, right = shown(low, number, digits=6), shown(high, number, digits=6)
    if minimum is None:
        wanted = f"strictly between {left} and {right}"
    elif maximum is not None:
        wanted = f"from {left} to {right}"
    else:
        wanted = f"of {left} or more" + (f" and below {right}" if high < math.inf else "")
    raise ValueError(f"need {name} {wanted}, got {shown(value, low, high, digits=6)}")


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
            f"need at least {name} + 1 = {shown(order + 1)} samples, got {length}; "
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


def nearest(name: Any, known: Iterable[str]) -> str:
    """Return what to offer in place of an unknown name: all of a few, or the nearest of many."""
    known = list(known)
    if not known:
        return "there is none yet"
    if len(known) <= 16:
        return f"there are {', '.join(map(repr, known))}"
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.3)
    return f"did you mean {' or '.join(map(repr, close or known[:3]))}?"


def class_index(label: str, classes: Sequence[str]) -> int:
    """Return the place of a class among those that a model was told of.

    Raises
    ------
    ValueError
        For a label that is no class; near ones are offered.
    """
    if label not in classes:
        raise ValueError(f"no class is called {label!r}; {nearest(label, classes)}")
    return classes.index(label)


def check_kept(length: int | None, longest: int, sample_rate: int) -> int:
    """Return how many samples of each drawn hit are kept: all of them where `length` is None.

    Raises
    ------
    TypeError, ValueError
        For a count below 1, or one above `longest`, which is all that the model draws.
    """
    length = check_count(longest if length is None else length, "length")
    if length > longest:
        raise ValueError(
            f"need a length of at most {longest} samples, which is {longest / sample_rate} s, "
            f"got {length}; this network draws single hits"
        )
    return length


def settle(settings: Any, **checked: Any) -> None:
    """Put what its checks returned into a frozen dataclass, from its ``__post_init__``."""
    for name, value in checked.items():
        object.__setattr__(settings, name, value)


def shown(value: Any, *bounds: float, digits: int = 4) -> str:
    """Return a number for a message, in as many digits as tell it from the bounds it is held to.

    A peak of 1.00001 is not told as "within [-1, 1], got 1".

    Parameters
    ----------
    value : a number, of whatever size
    bounds : what it is compared with
    digits : significant ones, where fewer would do; whole numbers below 10^20 keep all of theirs
    """
    value = int(value) if isinstance(value, numbers.Integral) else value
    exact = isinstance(value, numbers.Rational)
    if exact and abs(value) >= 10**20:
        return f"{decimal.Decimal(math.trunc(value)):.{digits}g}"
    if isinstance(value, int):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return str(value)  # a long double may be larger
    for count in range(digits, 17):
        text = f"{number:.{count}g}"
        near = float(text)
        ends = (*bounds, -math.inf, math.inf)
        if all((near > b) == (number > b) and (near < b) == (number < b) for b in ends):
            return text
    return repr(number)
