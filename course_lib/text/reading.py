"""Written text into spoken words: numbers, ordinals, years, dates and times of day.

Two kinds of functions stand here. The first turn a value into words, and words back into a value:
`number_words(4012)` is ("four", "thousand", "and", "twelve"), and `number_of` undoes it. The last,
`normalise`, cuts a text into pieces and reads them from left to right. Only pieces with digits are
rewritten; words stay as they stand. What cannot be read is refused, never guessed or left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from course_lib.text.pieces import (
    MAX_CHARACTERS,
    Piece,
    _advice,
    _unreadable,
    split_pieces,
)
from course_lib.text.words import (
    AFTER_HOUR,
    MONTHS,
    SPELLED_DAYS,
    Words,
    _check_date,
    date_words,
    number_words,
    ordinal_suffix,
    ordinal_words,
    time_words,
    year_words,
)

LEADING = (("the",), ("at",), ("of",), ("and",), ("minus",))
"""Words that lead to the next, from which `clauses` does not part them."""


# Values into words


# Words into values


# A text into pieces


# Pieces into words: each rule reads one thing at a place, or returns None

Reading: TypeAlias = tuple[Words, int]  # the words, and how many pieces they took


class Number(NamedTuple):
    """A number in digits; `bare` has neither sign nor commas, as days and years are written."""

    value: int
    ordinal: bool
    bare: bool


def normalise(text: str) -> Words:
    """Return the spoken words of a written text, all in lower case.

    "Tuesday, 5:43pm" gives ("tuesday", "five", "forty", "three", "pm"). Read are whole numbers to
    999,999 ("4,012", "-5"), ordinals ("22nd"), dates ("the 22nd of November", "22 November 2026",
    "November 22nd, 2026", "2026-11-22") and times ("5:43 pm", "17:43", "5 o'clock"), in the digits
    of any script. Four digits are a year only in a date. Words, right or wrong, stay as they stand,
    and the words that come out are read as themselves: normalise(" ".join(words)) == words.

    Parameters
    ----------
    text : 1 to 1000 characters

    Raises
    ------
    TypeError
        For anything but a string.
    ValueError
        For a text that is empty or too long, or has a piece that cannot be read; it is quoted.

    Notes
    -----
    Notebook: 13.
    """
    if not isinstance(text, str):
        raise TypeError(f"need a text, got {type(text).__name__}; pass a string")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"need a text of at most {MAX_CHARACTERS} characters, got {len(text):,} that begin "
            f"{text[:20]!r}; say it in parts"
        )
    pieces = split_pieces(text)
    if not pieces:
        raise ValueError(f'need a text with words or numbers, got {text[:20]!r}; try "4,012"')
    words: list[str] = []
    at = 0
    while at < len(pieces):
        spoken, used = _read(pieces, at)
        words += spoken
        at += used
    return tuple(words)


def clauses(text: str) -> list[list[Words]]:
    """Return the words of `normalise`, from one punctuation mark to the next, thing by thing.

    A number, date or time is one thing, with a small word that leads to it, and so is every other
    word: "at 5:43, oh two" is [[("at", "five", "forty", "three")], [("oh",), ("two",)]].

    Raises
    ------
    TypeError, ValueError
        As `normalise`.
    """
    normalise(text)  # says what cannot be read
    pieces = split_pieces(text)
    found: list[list[Words]] = [[]]
    at = 0
    while at < len(pieces):
        spoken, used = _read(pieces, at)
        leading = found[-1].pop() if found[-1] and found[-1][-1] in LEADING else ()
        found[-1].append((*leading, *spoken))
        at += used
        if pieces[at - 1].marks and at < len(pieces):
            found.append([])
    return found


def _read(pieces: list[Piece], at: int) -> Reading:
    for rule in RULES:
        reading = rule(pieces, at)
        if reading is not None:
            return reading
    raise _unreadable(pieces[at].written, _advice(pieces[at].text))


def _read_word(pieces: list[Piece], at: int) -> Reading | None:
    text = pieces[at].text
    return ((text,), 1) if re.fullmatch("[a-z]+('[a-z]+)*", text) else None


def _read_number(pieces: list[Piece], at: int) -> Reading | None:
    """Read "4012", "4,012", "-5" or "22nd"."""
    number = _number(pieces[at])
    if number is None:
        return None
    written = pieces[at].written
    if re.match(r"-?0\d", pieces[at].text):
        raise _unreadable(written, 'a number begins with no 0; write digits one by one, as "0, 7"')
    if abs(number.value) < 1000 and re.fullmatch(r"\d{3}(st|nd|rd|th)?", _after(pieces, at)):
        both = _written(pieces, at, at + 1)
        raise _unreadable(both, 'it may be one number or two; write "1,234" or "1, 234"')
    spoken = ordinal_words if number.ordinal else number_words
    return _quoting(written, spoken, number.value), 1


def _read_time(pieces: list[Piece], at: int) -> Reading | None:
    """Read "5:43", "17:43", "5:43 pm", "5 pm" or "5 o'clock"."""
    text, after = pieces[at].text, _after(pieces, at)
    time = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?", text)
    hour, minute = (int(time[1]), int(time[2] or 0)) if time else (-1, -1)
    if time and after in ("am", "pm"):
        return _quoting(_written(pieces, at, at + 1), time_words, hour, minute, after), 2
    if after == "o'clock" and ":" not in text and 1 <= hour <= 12:
        return time_words(hour, 0), 2
    if after in AFTER_HOUR and text[-1].isdigit():
        advice = 'hours go from 1 to 12: write "5 pm", "5:43 pm" or "5 o\'clock"'
        raise _unreadable(_written(pieces, at, at + 1), advice)
    if time is None or ":" not in text:
        return None
    return _quoting(pieces[at].written, time_words, hour, minute), 1


def _read_numeric_date(pieces: list[Piece], at: int) -> Reading | None:
    """Read "2026-11-22"."""
    date = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", pieces[at].text)
    if date is None:
        return None
    year, month, day = (int(part) for part in date.groups())
    words = _quoting(pieces[at].written, date_words, day, month, year)
    return _without_second_the(words, pieces, at), 1


def _read_day_first(pieces: list[Piece], at: int) -> Reading | None:
    """Read "22 November" or "the 22nd of November 2026"."""
    number = _number(pieces[at])
    month_at = at + 2 if _after(pieces, at) == "of" else at + 1
    if number is None or not number.bare or _after(pieces, month_at - 1) not in MONTHS:
        return None
    month, year = _month(pieces[month_at]), _year(pieces, month_at)
    last = month_at if year is None else month_at + 1
    words = _quoting(_written(pieces, at, last), date_words, number.value, month, year)
    return _without_second_the(words, pieces, at), last + 1 - at


def _read_month_first(pieces: list[Piece], at: int) -> Reading | None:
    """Read "November 22", "November the 22nd, 2026" or "November 2026"."""
    if pieces[at].text not in MONTHS:
        return None
    year = _year(pieces, at)
    if year is not None:
        return (pieces[at].text, *year_words(year)), 2
    day_at = at + 2 if _after(pieces, at) == "the" else at + 1
    if not _after(pieces, day_at - 1):
        return None
    number, last = _day(pieces, day_at)
    if number is None:
        return None
    if _read_day_first(pieces, day_at):
        both = _written(pieces, at, last + 1)
        raise _unreadable(both, "the day may belong to either month; put a comma after one of them")
    year = _year(pieces, last)
    used = last + 1 - at if year is None else last + 2 - at
    written = _written(pieces, at, at + used - 1)
    _quoting(written, _check_date, number, _month(pieces[at]), year)
    the = ("the",) if day_at == at + 2 else ()
    said = () if year is None else year_words(year)
    return (pieces[at].text, *the, *ordinal_words(number), *said), used


RULES: tuple[Callable[[list[Piece], int], Reading | None], ...] = (
    _read_numeric_date,
    _read_time,
    _read_day_first,
    _read_month_first,
    _read_number,
    _read_word,
)


# What the rules ask


def _after(pieces: list[Piece], at: int) -> str:
    """Return the text after a piece if no mark comes between, else nothing."""
    return pieces[at + 1].text if at + 1 < len(pieces) and not pieces[at].marks else ""


def _number(piece: Piece) -> Number | None:
    """Return the number that a piece writes in digits; its suffix has to fit."""
    parts = re.fullmatch(r"(-?)(\d+|\d{1,3}(?:,\d{3})+)(st|nd|rd|th)?", piece.text)
    if parts is None:
        return None
    sign, digits, suffix = parts.groups()
    value = int(digits.replace(",", ""))
    if sign and (suffix or value == 0):
        raise _unreadable(piece.written, "zero and ordinals have no sign; leave out the minus")
    if suffix and suffix != ordinal_suffix(value):
        raise _unreadable(piece.written, f'write "{digits}{ordinal_suffix(value)}"')
    bare = not sign and "," not in digits
    return Number(-value if sign else value, bool(suffix), bare)


def _month(piece: Piece) -> int:
    return MONTHS.index(piece.text) + 1


def _day(pieces: list[Piece], at: int) -> tuple[int | None, int]:
    """Return the day after a month, and its last piece; a spelled one only if a year follows."""
    number = _number(pieces[at])
    if number is not None and number.bare and _after(pieces, at) not in AFTER_HOUR:
        return number.value, at
    for last in (at + 1, at):
        day = SPELLED_DAYS.get(tuple(piece.text for piece in pieces[at : last + 1]))
        joined = last == at or not pieces[at].marks
        if day is not None and joined and _year(pieces, last) is not None:
            return day, last
    return None, at


def _year(pieces: list[Piece], at: int) -> int | None:
    """Return the year after a month or a day, with or without a comma between them."""
    if at + 1 >= len(pieces) or pieces[at].marks not in ("", ","):
        return None
    year = re.fullmatch(r"[12]\d{3}", pieces[at + 1].text)
    return int(year[0]) if year and _after(pieces, at + 1) not in AFTER_HOUR else None


def _hour_and_minute(text: str) -> tuple[int, int]:
    hour, _, minute = text.partition(":")
    return int(hour), int(minute or 0)


def _without_second_the(words: Words, pieces: list[Piece], at: int) -> Words:
    the = at > 0 and pieces[at - 1].text == "the" and not pieces[at - 1].marks
    return words[1:] if the else words


def _written(pieces: list[Piece], first: int, last: int) -> str:
    return " ".join(piece.written for piece in pieces[first : last + 1])


def _quoting(written: str, function: Callable[..., Any], *values: Any) -> Any:
    """Return what the function makes of the values; its error quotes what was written."""
    try:
        return function(*values)
    except ValueError as error:
        raise _unreadable(written, str(error)) from None
