"""How a comparison is taken: both sides in turn, one thread, the median of seven.

Processor time is compared, not time on the wall, so that other work on the machine hardly counts.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import threadpoolctl

from course_lib.core import checkout
from course_lib.zoo.records import hardware

REPEATS = 7
SHORTEST = 0.1
"""Processor seconds of one measurement, at least; a faster function is called several times."""


BUDGET = 40.0
"""Seconds that one comparison may take; a slow peer is measured fewer than seven times."""


@dataclass(frozen=True)
class Row:
    """One line of a table: how we compare with a peer, and the goal.

    Attributes
    ----------
    name : what was measured
    ratio : for speed, the peer's time over ours (5 is five times as fast); for size, our size
        over the peer's
    goal : what the ratio should be, at least or at most
    peer : library and version
    ours, theirs : the two measurements
    unit : of the measurements, such as s or bytes
    at_most : whether the goal is an upper limit (sizes) rather than a lower one (speeds)
    """

    name: str
    ratio: float
    goal: float
    peer: str
    ours: float
    theirs: float
    unit: str
    at_most: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal

    def cells(self) -> list[str]:
        """Return name, ours, theirs, ratio, goal (with a tick or a cross) and peer as text."""
        sides = [
            f"{value:{',.0f' if value >= 1000 else '.3g'}} {self.unit}"
            for value in (self.ours, self.theirs)
        ]
        goal = f"{'≤' if self.at_most else '≥'} {self.goal:g} {'✓' if self.met else '✗'}"
        return [self.name, *sides, f"{self.ratio:.2f}", goal, self.peer]

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain data, with ``met``."""
        return asdict(self) | {"met": self.met}


@dataclass(frozen=True)
class Missing:
    """A line that could not be measured, and why, in a sentence for the reader."""

    name: str
    peer: str
    reason: str


def place() -> dict[str, str | None]:
    """Return on which machine and at which commit a table is measured.

    The commit is that of the checkout, with "-dirty" where files differ from it, and None for an
    installed copy or a checkout without git.
    """
    root, commit = checkout(), None
    if root is not None and (root / ".git").exists():
        words = ["git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
        commit = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    return {"machine": hardware(), "commit": commit}


def if_installed(peer: str, compare: Callable[[], Iterator[Row]]) -> Iterator[Row | Missing]:
    """Yield the rows of a comparison, or the Missing that says its peer is not here."""
    if importlib.util.find_spec(peer) is None:
        yield Missing(
            f"comparison with {peer}", peer, f"{peer} is not installed; pip install {peer}"
        )
        return
    yield from compare()


def faster(
    name: str,
    ours: Callable[[], np.ndarray],
    theirs: Callable[[], np.ndarray],
    *,
    goal: float,
    peer: str,
    tolerance: float = 1e-8,
) -> Row:
    """Compare two functions that compute the same numbers.

    Raises
    ------
    ArithmeticError
        Where the results differ by more than `tolerance`: then speed means nothing.
    """
    difference = float(np.abs(ours() - theirs()).max())  # also compiles and warms both up
    if not difference <= tolerance:
        raise ArithmeticError(
            f"{name}: results differ from {peer}'s by {difference:.2g}, above {tolerance:g}"
        )
    our_seconds, their_seconds = interleaved(ours, theirs)
    ratio = their_seconds / our_seconds
    return Row(name, ratio, goal, versioned(peer), our_seconds, their_seconds, "s")


def versioned(package: str) -> str:
    """Return a package's name with its installed version."""
    return f"{package} {importlib.metadata.version(package)}"


def interleaved(*functions: Callable[[], Any]) -> list[float]:
    """Return the median processor seconds of each; taking turns spreads the machine's moods.

    Seven turns, or as many (one at least) as fit into the time that a comparison may take.
    """
    with threadpoolctl.threadpool_limits(1):
        calls = [_calls(function) for function in functions]
        turn = sum(
            count * _seconds(function, count)
            for function, count in zip(functions, calls, strict=True)
        )
        repeats = max(1, min(REPEATS, round(BUDGET / turn)))
        times = [
            [_seconds(function, count) for function, count in zip(functions, calls, strict=True)]
            for _ in range(repeats)
        ]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def _calls(function: Callable[[], Any]) -> int:
    """Return how often to call a function so that one measurement lasts long enough."""
    calls = 1
    while (seconds := _seconds(function, calls)) * calls < SHORTEST / 4:
        calls *= 2
    return max(1, round(SHORTEST / seconds))


def _seconds(function: Callable[[], Any], calls: int) -> float:
    start = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - start) / calls
