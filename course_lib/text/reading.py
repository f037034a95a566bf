"""Written text into spoken words: numbers, ordinals, years, dates and times of day.

Two kinds of functions stand here. The first turn a value into words, and words back into a value:
`number_words(4012)` is ("four", "thousand", "and", "twelve"), and `number_of` undoes it. The last,
`normalise`, cuts a text into pieces and reads them from left to right. Only pieces with digits are
rewritten; words stay as they stand. What cannot be read is refused, never guessed or left out.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from course_lib.core import check_count

MAX_CHARACTERS = 1000
"""The longest text that `normalise` takes."""

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
LEADING = (("the",), ("at",), ("of",), ("and",), ("minus",))
"""Words that lead to the next, from which `clauses` does not part them."""


# Values into words


def number_words(number: int) -> Words:
    """Return a whole number as British English says it: 4012 is "four thousand and twelve".

    The "and" follows a hundred, and comes before a last part below one hundred.

    Parameters
    ----------
    number : from -999,999 to 999,999; below zero it begins with "minus"

    Raises
    ------
    TypeError, ValueError
        For anything but a whole number, or one out of range.

    Notes
    -----
    Notebook 13 tells its story.
    """
    number = _check_range(number, "the number", -LARGEST_NUMBER, LARGEST_NUMBER)
    if number < 0:
        return ("minus", *number_words(-number))
    thousands, rest = divmod(number, 1000)
    if thousands == 0:
        return _below_thousand(rest)
    return _with_rest((*_below_thousand(thousands), "thousand"), rest)


def ordinal_words(number: int) -> Words:
    """Return the words of an ordinal, from 1 to 999,999: 22 is "twenty second".

    Raises
    ------
    TypeError, ValueError
        For anything but a whole number, or one out of range.
    """
    number = _check_range(number, "an ordinal", 1, LARGEST_NUMBER)
    *first, last = number_words(number)
    return (*first, ORDINAL_OF_CARDINAL[last])


def year_words(year: int) -> Words:
    """Return a year from 1000 to 2999 as it is said in a date: 1905 is "nineteen oh five".

    Two halves are said one after the other; only 1000 to 1009 and 2000 to 2009 are said as numbers.

    Raises
    ------
    TypeError, ValueError
        For anything but a whole number, or one out of range.
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


# Words into values


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


# A text into pieces

DASHES = "‐‑‒–—―−﹣－"
PUNCTUATION = ",.;!?"
PLAIN = {
    **dict.fromkeys("\t\n\r", " "),
    **dict.fromkeys(DASHES, "-"),
    **dict.fromkeys("’ʼ＇", "'"),
    **dict.fromkeys("，،٬", ","),
    "：": ":",
}
READABLE = frozenset("abcdefghijklmnopqrstuvwxyz0123456789':-" + PUNCTUATION)
ADVICE = (  # what a piece that no rule reads contains, and what would work
    ("/", 'write a date as "2026-11-22" or "22 November 2026", which mean the same everywhere'),
    (r"[^a-z0-9':,.;!?-]", "use English words, the digits of one script and , . ; ! ? : ' -"),
    (":", 'a colon belongs to a time: write "5:43", "17:43" or "5:43 pm"'),
    (r"\d,\d", 'a comma stands before three digits, as in "1,234"; write a list as "1, 234"'),
    (r"\d\.\d", 'numbers are whole, and a time has a colon, as in "5:43 pm"'),
    (r"\d-|-.*-", 'write a range as "5 to 6", a date as "2026-11-22" or "22 November 2026"'),
    ("-", "a dash joins two words, or stands directly before the digits of a negative number"),
    (r"\d", "put a space between a number and a word"),
    ("", 'write words with the letters a to z, with an apostrophe only inside, as in "o\'clock"'),
)


class Piece(NamedTuple):
    """A word, number, date or time: as written, in plain characters, and the marks after it."""

    written: str
    text: str
    marks: str


def split_pieces(text: str) -> list[Piece]:
    """Return the pieces of a text in lower case, with the digits 0 to 9.

    Spaces and commas separate pieces, and so do hyphens between words; a comma between two digits
    belongs to the number. "5pm" is two pieces. Punctuation goes into the marks of the piece before.

    Raises
    ------
    ValueError
        For a character that nothing here reads, or a text that begins with punctuation.
    """
    plain = "".join(_plain(character) for character in text)  # one for one: places stay the same
    pieces: list[Piece] = []
    for run in re.finditer(r"([^ ,]|(?<=\d),(?=\d))+|,", plain):
        written = text[run.start() : run.end()]
        _check_characters(written, run[0])
        body = run[0].rstrip(PUNCTUATION)
        marks = run[0][len(body) :]
        pieces += [Piece(written[a:b], _word(body[a:b]), "") for a, b in _spans(body)]
        if not pieces:
            raise _unreadable(written, "begin with a word or a number")
        pieces[-1] = pieces[-1]._replace(marks=pieces[-1].marks + marks)
    return pieces


def _plain(character: str) -> str:
    """Return one character in lower case, or what it stands for: a digit, space, dash, comma."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if unicodedata.category(character) == "Zs":
        return " "
    return PLAIN.get(character, character.lower() if character.isascii() else character)


def _check_characters(written: str, plain: str) -> None:
    for character in plain:
        if character not in READABLE:
            name = unicodedata.name(character, "a character without a name")
            raise _unreadable(written, f"U+{ord(character):04X} ({name}); {_advice(character)}")
    zeros = {ord(digit) - unicodedata.decimal(digit) for digit in written if digit.isdecimal()}
    if len(zeros) > 1:
        raise _unreadable(written, "its digits come from several scripts; write them in one")


def _spans(body: str) -> list[tuple[int, int]]:
    """Return where the words of "forty-two" are, or the two parts of "5pm", or the one piece."""
    if re.fullmatch("[a-z']+(-[a-z']+)+", body):
        return [word.span() for word in re.finditer("[a-z']+", body)]
    glued = re.fullmatch(r"(.*\d)([ap]\.?m)", body)
    if glued:
        return [glued.span(1), glued.span(2)]
    return [(0, len(body))] if body else []


def _word(text: str) -> str:
    return {"a.m": "am", "p.m": "pm"}.get(text, text)  # its last stop is punctuation


def _advice(text: str) -> str:
    return next(advice for pattern, advice in ADVICE if re.search(pattern, text))


def _unreadable(written: str, advice: str) -> ValueError:
    return ValueError(f"cannot read {written!r}: {advice}")


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
    Notebook 13 tells its story.
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


def ordinal_suffix(value: int) -> str:
    """Return what is written behind the digits of an ordinal: st, nd, rd or th."""
    if value // 10 % 10 == 1:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


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
