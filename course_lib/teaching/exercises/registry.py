"""Exercises: a registry of checks, and `check` and `hint` for the learner.

A check is a function that takes the learner's answer, tries it on inputs of its own, and raises
`Wrong` with a sentence in the learner's terms.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import inspect
import linecache
import numbers
import pkgutil
import re
import reprlib
import signal
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from course_lib.core import shown

Check = TypeVar("Check", bound=Callable[[Any], None])

SECONDS = 20.0
"""How long an answer may take before it is taken for an endless loop."""

NOTHING_WRITTEN = "write your solution in the cell above, run it, then this one"
RELATIVE = 2e-6
"""The share of a value by which an answer in float32, of some thirty roundings, may be off."""

STILL_STOPS = (
    "write your solution in the cell above and delete its line `raise NotImplementedError(...)`: "
    "nothing below that line runs; then run the cell, and this one"
)

_MISSING: Any = object()
"""What an argument is that was not passed; None is an answer."""


class Wrong(Exception):
    """What is wrong with an answer, in the learner's terms."""


class TookTooLong(BaseException):
    """Raised inside an answer that does not end; not an Exception, so that none swallows it."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: its id, its title, the hints, and the function that checks an answer."""

    id: str
    title: str
    hints: tuple[str, ...]
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    kind : "right"; "wrong" (the check says what); "failed" (the answer raised, or could not be
        used at all); "not done" (nothing written yet)
    """

    kind: Literal["right", "wrong", "failed", "not done"]
    message: str = ""


_EXERCISES: dict[str, Exercise] = {}
_HINTS_GIVEN: dict[str, int] = {}


def exercise(id: str, title: str, *, hints: Sequence[str]) -> Callable[[Check], Check]:
    """Register the decorated function as the check of exercise `id`, such as "03.1".

    Raises
    ------
    ValueError
        For an id that is taken or does not look like "03.1", or no hints.
    """

    def register(function: Check) -> Check:
        chapter = id.partition(".")[0]
        expected = f"chapter_{chapter}"
        if id in _EXERCISES and _EXERCISES[id].check.__module__ != function.__module__:
            raise ValueError(f"exercise {id} is registered twice")
        if not hints:
            raise ValueError(f"exercise {id} needs at least one hint")
        if function.__module__.startswith(__package__ or "") and not function.__module__.endswith(
            expected
        ):
            raise ValueError(f"exercise {id} belongs in {expected}, not in {function.__module__}")
        _EXERCISES[id] = Exercise(id, title, tuple(hints), function)
        return function

    return register


def load(chapter: str) -> None:
    """Import the checks of one chapter, such as "03", where it has any."""
    name = f"{__package__}.chapter_{chapter}"
    if importlib.util.find_spec(name) is not None:
        importlib.import_module(name)


def exercises() -> dict[str, Exercise]:
    """Return every exercise of every chapter, by id."""
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("chapter_"):
            load(module.name.removeprefix("chapter_"))
    return dict(sorted(_EXERCISES.items()))


def judge(id: str, answer: Any, *, seconds: float = SECONDS) -> Verdict:
    """Try an answer to exercise `id` and return what its check found.

    Raises
    ------
    KeyError
        Where there is no such exercise.
    """
    found = _find(id)
    if answer is None or answer is Ellipsis:
        return Verdict("not done", NOTHING_WRITTEN)
    if _wants_callable(found.check) and not callable(answer):
        return Verdict(
            "failed",
            f"pass your function itself, without calling it; got {_brief(answer)}",
        )
    last_inputs: list[str] = []
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"), _time_limit(seconds):
            warnings.simplefilter("ignore")
            found.check(_watched(answer, last_inputs) if inspect.isfunction(answer) else answer)
    except Wrong as wrong:
        return Verdict("wrong", " ".join(str(wrong).split()))
    except NotImplementedError:
        return Verdict("not done", STILL_STOPS)
    except TookTooLong:
        return Verdict(
            "failed", f"your answer did not end within {seconds:g} s; is there an endless loop?"
        )
    except Exception as error:
        return Verdict("failed", _explain(error, answer, last_inputs))
    return Verdict("right")


def check(id: str = _MISSING, answer: Any = _MISSING) -> None:
    """Check an answer and print one line: ✓, what is wrong (✗), or that it is not done yet (○)."""
    if _is_exercise(answer) and not _is_exercise(id):
        print(f'✗ the name of the exercise comes first: check("{answer}", my_answer)')
        return
    try:
        found = _find(id)
    except KeyError as error:
        print(f"✗ {error.args[0]}")
        return
    name = f"{found.id} {found.title}"
    if answer is _MISSING:
        print(f'✗ {name}: pass your answer, too: check("{found.id}", my_answer)')
        return
    verdict = judge(id, answer)
    if verdict.kind == "right":
        print(f"✓ {name}")
    elif verdict.kind == "not done":
        print(f"○ {name}: not done yet; {verdict.message}")
    else:
        print(f'✗ {name}: {verdict.message} (for a hint: hint("{found.id}"))')


def hint(id: str = _MISSING) -> None:
    """Print the next hint for exercise `id`; after the last one, the last again."""
    try:
        found = _find(id)
    except KeyError as error:
        print(f"✗ {error.args[0]}")
        return
    hints = found.hints
    number = min(_HINTS_GIVEN.get(found.id, 0) + 1, len(hints))
    _HINTS_GIVEN[found.id] = number
    print(f"hint {number} of {len(hints)}: {hints[number - 1]}")


def expect_close(got: Any, expected: Any, what: str, *, atol: float = 1e-6) -> None:
    """Raise Wrong unless `got` has the shape and, to `atol` + 2e-6 |expected|, the values.

    The usual tolerance lets an answer in float32 pass, as the course's sound is.

    `what` names the quantity and its input, such as "the autocorrelation of [1, 2, 3]".
    """
    want = np.asarray(expected, dtype=np.float64)
    values = expect_array(got, want.shape, what)
    excess = np.abs(values - want) - (atol + RELATIVE * np.abs(want))
    if not (excess <= 0).all():
        place = np.unravel_index(int(np.argmax(excess)), want.shape)
        where = f" at index {', '.join(map(str, place))}" if want.ndim else ""
        right, wrong = float(want[place]), float(values[place])
        raise Wrong(
            f"{what}{where} should be {shown(right, wrong, digits=6)}, "
            f"got {shown(wrong, right, digits=6)}"
        )


def expect_array(got: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    """Return `got` as a float64 array, or raise Wrong unless it is finite numbers of `shape`.

    Lists, arrays and tensors of any kind of real number will do: float32, whole numbers, exact
    fractions, and tensors that require gradients.
    """
    wanted = "a number" if shape == () else f"an array of shape {shape}"
    if got is None:
        raise Wrong(f"{what} should be {wanted}, got None; does your function return its result?")
    try:
        values = np.asarray(_detached(got))
        exact = values.dtype.kind == "O" and all(isinstance(v, numbers.Real) for v in values.flat)
        if values.dtype.kind not in "biuf" and not exact:
            raise TypeError
        values = values.astype(np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{what} should be {wanted}, got {_brief(got)}") from None
    if values.shape != shape:
        raise Wrong(f"{what} should be {wanted}, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise Wrong(f"{what} should be finite, got NaN or infinity")
    return values


def expect_pair(got: Any, what: str) -> tuple[Any, Any]:
    """Return both members of a pair, be it a tuple, a list or an array of two rows."""
    if not isinstance(got, tuple | list | np.ndarray) or len(got) != 2:
        raise Wrong(f"return {what}, two things, got {_brief(got)}")
    return got[0], got[1]


def _detached(value: Any) -> Any:
    """Return a tensor, or the tensors in a list, without their gradients."""
    if isinstance(value, tuple | list):
        return [_detached(one) for one in value]
    return value.detach().cpu() if hasattr(value, "detach") else value


def _watched(answer: Callable[..., Any], last_inputs: list[str]) -> Callable[..., Any]:
    """Return the answer as a function that keeps its last inputs and refuses to change them."""

    @functools.wraps(answer)
    def watched(*given: Any, **named: Any) -> Any:
        before = _copied([*given, *named.values()])
        try:
            names = list(inspect.signature(answer).bind(*given, **named).arguments)
        except TypeError:  # the call below says what is missing
            names = []
        last_inputs[:] = [
            f"{name} = {_short(value)}"
            for name, value in zip(names, before, strict=False)
            if not callable(value)
        ]
        result = answer(*given, **named)
        for name, was, now in zip(names, before, [*given, *named.values()], strict=False):
            if _differs(was, now):
                raise Wrong(
                    f"your function changes its argument {name}; leave what you are given as it "
                    f"was, and work on a copy, such as {name}.copy()"
                )
        return result

    return watched


def _copied(value: Any) -> Any:
    """Return a copy of arrays, tensors and of what lists hold; anything else as it is."""
    if isinstance(value, list):
        return [_copied(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.copy()
    return value.detach().clone() if hasattr(value, "detach") else value


def _differs(was: Any, now: Any) -> bool:
    if isinstance(was, list):
        return len(was) != len(now) or any(map(_differs, was, now))
    if isinstance(was, np.ndarray):
        return was.tobytes() != now.tobytes()
    return bool((was != now.detach()).any()) if hasattr(was, "detach") else False


def _short(value: Any) -> str:
    """Return a value as a message shows it: large arrays by their shape."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        if value.size > 6:
            return f"an array of shape {value.shape}"
        return str(np.round(value, 4).tolist() if value.dtype.kind == "f" else value.tolist())
    return reprlib.repr(value) if isinstance(value, str | list | tuple | int | float) else "..."


def _find(id: object) -> Exercise:
    if isinstance(id, str):
        id = re.sub(r"^\s*([0-9]\.[0-9]+)\s*$", r"0\1", id)  # "5.1" is 05.1
        if id not in _EXERCISES:
            load(id.partition(".")[0])
        if id in _EXERCISES:
            return _EXERCISES[id]
    raise KeyError(_no_such_exercise(id))


def _is_exercise(id: object) -> bool:
    return isinstance(id, str) and id in exercises()


def _no_such_exercise(id: object) -> str:
    """Say in one line which exercise may be meant, or how exercises are named."""
    known = list(exercises())
    rule = f'it is named by notebook and number in quotation marks, such as "{known[0]}"'
    if id is _MISSING:
        return f"say which exercise: {rule}"
    numbers = re.search(r"([0-9]+)(?:[^0-9]+([0-9]+))?", str(id))
    if not isinstance(id, str | int | float) or numbers is None:
        return f"need an exercise, got {_brief(id)}: {rule}"
    chapter, number = int(numbers[1]), int(numbers[2] or 0)
    siblings = [name for name in known if name.startswith(f"{chapter:02d}.")]
    near = f"{chapter:02d}.{number}"
    if near in siblings:
        advice = f'did you mean "{near}"?'
    elif siblings:
        advice = f'notebook {chapter:02d} has "{siblings[0]}" to "{siblings[-1]}"'
    else:
        advice = rule
    return f"there is no exercise {reprlib.repr(id)}; {advice}"


def _wants_callable(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()))
    return "Callable" in str(first.annotation)


def _brief(value: Any) -> str:
    text = " ".join(repr(value).split())
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '...'}"


def _explain(error: Exception, answer: Any, last_inputs: Sequence[str]) -> str:
    """Say where the answer itself raised, and on which inputs, or that it could not be used."""
    text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    code = getattr(answer, "__code__", None)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_code is code:
            source = linecache.getline(frame.f_code.co_filename, line).strip()
            inputs = f", for {', '.join(last_inputs)}" if last_inputs else ""
            return f"your {answer.__name__} raised {text} (at `{source}`{inputs})"
    return f"your answer could not be used: {text}"


def _time_limit(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Return what raises TookTooLong inside it after `seconds`, in this thread."""
    here = threading.current_thread() is threading.main_thread()
    return _alarm(seconds) if here and hasattr(signal, "setitimer") else _interrupt(seconds)


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise at once, even out of a sleep: by a signal, which only a main thread hears."""

    def ring(number: int, frame: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _interrupt(seconds: float) -> Iterator[None]:
    """Raise at the next step of Python code, so that a sleep ends first."""
    thread = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    finished = False

    def interrupt() -> None:
        with lock:
            if not finished:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TookTooLong))

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            finished = True
        timer.cancel()  # an interrupt of the last instant arrives here at the latest
