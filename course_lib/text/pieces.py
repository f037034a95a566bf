"""A written text into pieces: words, numbers and punctuation, in letters that can be read."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MAX_CHARACTERS = 1000
"""The longest text that `normalise` takes."""

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
