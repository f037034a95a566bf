"""Claims: sentences of the text that are checked each time a notebook runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.teaching import margins


class ClaimError(AssertionError):
    """A sentence of a notebook does not hold."""


def claim(sentence: str, holds: bool | np.bool_, *, measured: Any = None) -> None:
    """Print ``✓ sentence`` where it holds; the printed line is the same on every machine.

    Parameters
    ----------
    sentence : what the text claims, with thresholds and without measured figures
    holds : the truth of it, as one True or False
    measured : the figures behind it, shown only where the claim fails

    Raises
    ------
    ClaimError
        Where the sentence does not hold; the message carries `measured`.
    TypeError
        Where `holds` is not one boolean: an array, a number or None would pass by accident.
    ValueError
        For an empty sentence, or one of several lines.
    """
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(
            f"need one True or False for {sentence!r}, got {type(holds).__name__}; "
            "compare the value with a threshold, or reduce an array with .all()"
        )
    if not sentence.strip() or "\n" in sentence:
        raise ValueError(f"need one line that says what is claimed, got {sentence!r}")
    if file := os.environ.get(margins.VARIABLE):
        margins.record(Path(file), sentence, bool(holds), sys._getframe(1))
    if not holds:
        figures = "" if measured is None else f" (measured: {measured})"
        raise ClaimError(f"does not hold: {sentence}{figures}")
    print(f"✓ {sentence}")
