"""Values into spoken words, and words back into values: numbers, ordinals, years, dates, times."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from typing import TypeAlias

from course_lib.core import check_count

LARGEST_NUMBER = 999_999
"""The largest number that has words here; the smallest is its negative."""

Words: TypeAlias = tuple[str, ...]


def _table(words: str) -> Words:
    return tuple(words.split())


ONES = _table(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)

TENS = _table("- - twenty thirty forty fifty sixty seventy eighty ninety")

IRREGULAR_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}

MONTHS = _table(
    "january february march april may june july august september october november december"
)

AFTER_HOUR = ("am", "pm", "o'clock")


def number_words(number: int) -> Words:
    """Return a whole number as British English says it: 4012 is "four thousand and twelve".

    The "and" follows a hundred, and comes before a last part below one hundred.

    Parameters
    ----------
    number : from -999,999 to 999,999; below zero it begins with "minus"

    Notes
    -----
    Notebook: 13.
    """
    number = _check_range(number, "the number", -LARGEST_NUMBER, LARGEST_NUMBER)
    if number < 0:
        return ("minus", *number_words(-number))
    thousands, rest = divmod(number, 1000)
    if thousands == 0:
        return _below_thousand(rest)
    return _with_rest((*_below_thousand(thousands), "thousand"), rest)


def ordinal_words(number: int) -> Words:
    """Return the words of an ordinal, from 1 to 999,999: 22 is "twenty second"."""
    number = _check_range(number, "an ordinal", 1, LARGEST_NUMBER)
    *first, last = number_words(number)
    return (*first, ORDINAL_OF_CARDINAL[last])


def year_words(year: int) -> Words:
    """Return a year from 1000 to 2999 as it is said in a date: 1905 is "nineteen oh five".

    Two halves are said one after the other; only 1000 to 1009 and 2000 to 2009 are said as numbers.
    """
    century, rest = divmod(_check_range(year, "the year", 1000, 2999), 100)
    if century % 10 == 0 and rest < 10:
        return number_words(year)
    if rest == 0:
        return (*_below_hundred(century), "hundred")
    return (*_below_hundred(century), *_with_oh(rest))


def date_words(day: int, month: int, year: int | None = None) -> Words:
    """Return a date: (22, 11, 2026) is "the twenty second of november twenty twenty six".

    Parameters
    ----------
    day, month : from 1; without a year, the 29th of February exists
    year : from 1000 to 2999, or None for a date without one

    Raises
    ------
    TypeError, ValueError
        For a date that no calendar has.
    """
    _check_date(day, month, year)
    words = ("the", *ordinal_words(day), "of", MONTHS[month - 1])
    return words if year is None else (*words, *year_words(year))


def time_words(hour: int, minute: int, meridiem: str | None = None) -> Words:
    """Return a time of day: (17, 43) is "seventeen forty three", (5, 0) is "five o'clock".

    With `meridiem` "am" or "pm" the hours go from 1 to 12, and (5, 0, "pm") is "five pm". Without
    it they go from 0 to 23; full hours are "zero hundred", "one o'clock" ... "twelve o'clock",
    "thirteen hundred" ... "twenty three hundred", so that no two times sound alike.

    Raises
    ------
    TypeError, ValueError
        For a time that no clock shows.
    """
    if meridiem not in (None, "am", "pm"):
        raise ValueError(f'need "am", "pm" or None for meridiem, got {meridiem!r}')
    if meridiem is None:
        _check_range(hour, "an hour of the 24-hour clock", 0, 23)
    else:
        _check_range(hour, f"an hour before {meridiem!r}", 1, 12)
    _check_range(minute, "the minutes", 0, 59)
    tail = () if meridiem is None else (meridiem,)
    if minute:
        return (*_below_hundred(hour), *_with_oh(minute), *tail)
    if meridiem is None:
        tail = ("o'clock",) if 1 <= hour <= 12 else ("hundred",)
    return (*_below_hundred(hour), *tail)


def _check_date(day: int, month: int, year: int | None = None) -> None:
    """Raise a ValueError unless the calendar has the day; without a year, it is a leap year's."""
    _check_range(month, "the month", 1, 12)
    if year is not None:
        _check_range(year, "the year", 1000, 2999)
    days = calendar.monthrange(2000 if year is None else year, month)[1]
    name = MONTHS[month - 1].capitalize() + ("" if year is None else f" {year}")
    _check_range(day, f"the day in {name}", 1, days)


def _below_hundred(number: int) -> Words:
    if number < 20:
        return (ONES[number],)
    tens, ones = divmod(number, 10)
    return (TENS[tens],) if ones == 0 else (TENS[tens], ONES[ones])


def _below_thousand(number: int) -> Words:
    hundreds, rest = divmod(number, 100)
    if hundreds == 0:
        return _below_hundred(rest)
    return _with_rest((ONES[hundreds], "hundred"), rest)


def _with_rest(words: Words, rest: int) -> Words:
    """Return "... hundred" or "... thousand" and what follows it, with "and" below one hundred."""
    if rest == 0:
        return words
    return (*words, *(("and",) if rest < 100 else ()), *_below_thousand(rest))


def _with_oh(number: int) -> Words:
    """Return two digits of a year or of the minutes: 5 is "oh five"."""
    return ("oh", ONES[number]) if number < 10 else _below_hundred(number)


def _ordinal(word: str) -> str:
    return IRREGULAR_ORDINALS.get(word, re.sub("y$", "ie", word) + "th")


ORDINAL_OF_CARDINAL = {
    word: _ordinal(word) for word in (*ONES[1:], *TENS[2:], "hundred", "thousand")
}

CARDINAL_OF_ORDINAL = {ordinal: word for word, ordinal in ORDINAL_OF_CARDINAL.items()}


def _check_range(value: int, name: str, smallest: int, largest: int) -> int:
    value = check_count(value, name, minimum=smallest)
    if value > largest:
        raise ValueError(f"need {name} from {smallest:,} to {largest:,}, got {value:,}")
    return value


SPELLED_DAYS = {ordinal_words(day): day for day in range(1, 32)}


def number_of(words: Sequence[str]) -> int:
    """Return the number that the words say: the inverse of `number_words`.

    Any "and" may be missing, as in American English.

    Raises
    ------
    TypeError
        For a string, or a sequence of anything but strings.
    ValueError
        For words that `number_words` never says.
    """
    words = _check_words(words)
    unsigned = words[1:] if words[:1] == ("minus",) else words
    value = _sum_up(unsigned)
    if value is None or not _same_but_for_and(unsigned, number_words(value)):
        raise ValueError(
            f"need the words of one whole number from -{LARGEST_NUMBER:,} to {LARGEST_NUMBER:,}, "
            f'such as "four thousand and twelve", got {" ".join(words)!r}'
        )
    if unsigned != words and value == 0:
        raise ValueError('zero has no sign, got "minus zero"; say "zero"')
    return value if unsigned == words else -value


def ordinal_of(words: Sequence[str]) -> int:
    """Return the number of an ordinal: the inverse of `ordinal_words`.

    Raises
    ------
    TypeError
        For a string, or a sequence of anything but strings.
    ValueError
        For words that `ordinal_words` never says.
    """
    words = _check_words(words)
    last = CARDINAL_OF_ORDINAL.get(words[-1] if words else "")
    if last is None or words[0] == "minus":
        raise ValueError(
            f'need the words of one ordinal, such as "twenty second", got {" ".join(words)!r}'
        )
    return number_of((*words[:-1], last))


def _check_words(words: Sequence[str]) -> Words:
    listed = isinstance(words, Sequence) and not isinstance(words, str)
    if not listed or not all(isinstance(word, str) for word in words):
        raise TypeError(f"need a sequence of words, got {words!r}; split a text with normalise")
    return tuple(words)


def _sum_up(words: Words) -> int | None:
    """Return what the words add up to, grammatical or not; None for a word of no number."""
    thousands, below = 0, 0
    for word in words:
        if word in ONES:
            below += ONES.index(word)
        elif word in TENS[2:]:
            below += 10 * TENS.index(word)
        elif word == "hundred":
            below *= 100
        elif word == "thousand":
            thousands, below = thousands + 1000 * below, 0
        elif word != "and":
            return None
    total = thousands + below
    return total if total <= LARGEST_NUMBER else None


def _same_but_for_and(words: Words, grammatical: Words) -> bool:
    """Return whether leaving out some "and" of `grammatical` gives `words`."""
    at = 0
    for word in grammatical:
        if words[at : at + 1] == (word,):
            at += 1
        elif word != "and":
            return False
    return at == len(words)


def ordinal_suffix(value: int) -> str:
    """Return what is written behind the digits of an ordinal: st, nd, rd or th."""
    if value // 10 % 10 == 1:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
