"""Written text: values survive a round trip through words, and what cannot be read is refused."""

import itertools
import re
from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from num2words import num2words

from course_lib.text import (
    date_words,
    normalise,
    number_of,
    number_words,
    ordinal_of,
    ordinal_words,
    time_words,
    year_words,
)
from course_lib.text.pieces import MAX_CHARACTERS
from course_lib.text.reading import clauses
from course_lib.text.words import LARGEST_NUMBER

numbers = st.integers(-LARGEST_NUMBER, LARGEST_NUMBER)
ordinals = st.integers(1, LARGEST_NUMBER)

# Every part below one thousand stands alone, before "thousand", and after some thousands.
COVERING = (
    *range(1000),
    *(1000 * part + rest for part in range(1, 1000) for rest in (0, 7, 345)),
    *(740_000 + rest for rest in range(1000)),
)

MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
SCRIPTS = {
    "Arabic-Indic": "٠١٢٣٤٥٦٧٨٩",
    "fullwidth": "０１２３４５６７８９",
    "Devanagari": "०१२३४५६७८९",
}


def spoken(text):
    return tuple(re.sub("[,-]", lambda mark: " " if mark[0] == "-" else "", text).split())


def suffix(number):
    """The suffix of an ordinal, as another library writes it."""
    return num2words(number, to="ordinal_num").lstrip("0123456789")


# ------------------------------------------------------------------ values into words and back


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (-5, "minus five"),
        (12, "twelve"),
        (40, "forty"),
        (100, "one hundred"),
        (4012, "four thousand and twelve"),
        (1100, "one thousand one hundred"),
        (901_005, "nine hundred and one thousand and five"),
        (999_999, "nine hundred and ninety nine thousand nine hundred and ninety nine"),
    ],
)
def test_numbers_have_british_words(number, words):
    assert " ".join(number_words(number)) == words


@given(number=numbers)
def test_number_words_are_those_of_num2words(number):
    assert number_words(number) == spoken(num2words(number))


@given(number=ordinals)
def test_ordinal_words_are_those_of_num2words(number):
    assert ordinal_words(number) == spoken(num2words(number, to="ordinal"))


def test_all_parts_of_a_number_survive_a_round_trip():
    assert [number_of(number_words(number)) for number in COVERING] == list(COVERING)
    assert [ordinal_of(ordinal_words(number)) for number in COVERING[1:]] == list(COVERING[1:])


@given(number=numbers)
def test_every_number_survives_a_round_trip_with_and_without_and(number):
    words = number_words(number)
    assert number_of(words) == number
    assert number_of([word for word in words if word != "and"]) == number


@pytest.mark.parametrize(
    "words",
    [
        *("", "and", "minus", "minus zero", "minus minus five", "twenty twenty", "one and two"),
        *("zero five", "five zero", "hundred", "one hundred hundred", "two thousand one thousand"),
        *("one thousand thousand", "twelve hundred", "banana", "twenty-two", "five and", "twelfth"),
        *("one thousand and one hundred", "five minus", "one hundred and", "Five", "eleven one"),
    ],
)
def test_other_words_are_no_number(words):
    with pytest.raises(ValueError, match=r"need the words of one whole number|zero has no sign"):
        number_of(tuple(words.split()))


@pytest.mark.parametrize("words", ["", "two", "second two", "minus second", "and", "zeroth"])
def test_other_words_are_no_ordinal(words):
    with pytest.raises(ValueError, match="need the words of one"):
        ordinal_of(tuple(words.split()))


@pytest.mark.parametrize("read", [number_of, ordinal_of])
@pytest.mark.parametrize("words", ["five", None, 5, (5,), [b"five"]])
def test_a_number_is_read_from_a_sequence_of_words(read, words):
    with pytest.raises(TypeError, match="need a sequence of words"):
        read(words)


def test_years_are_said_in_halves():
    for year in itertools.chain(range(1010, 2000), range(2000, 3000)):
        assert year_words(year) == spoken(num2words(year, to="year")), year
    assert " ".join(year_words(1005)) == "one thousand and five"


def read_year(words):
    """Read a year, in the only way that its words can be cut."""
    if "thousand" in words:
        return number_of(words)
    if words[-1] == "hundred":
        return 100 * number_of(words[:-1])
    if "oh" in words:
        cut = words.index("oh")
        return 100 * number_of(words[:cut]) + number_of(words[cut + 1 :])
    found = []
    for cut in range(1, len(words)):
        try:
            found.append(100 * number_of(words[:cut]) + number_of(words[cut:]))
        except ValueError:
            continue
    (year,) = (year for year in found if 1000 <= year <= 2999)
    return year


def read_date(words):
    assert words[0] == "the"
    of = words.index("of")
    month = MONTHS.index(words[of + 1].capitalize()) + 1
    return date(read_year(words[of + 2 :]), month, ordinal_of(words[1:of]))


def read_time(words):
    """Read a time of the 24-hour clock, or of the 12-hour clock with "am" or "pm"."""
    *words, last = words
    if last in ("am", "pm"):
        hour, minute = read_clock(words)
        return hour % 12 + (12 if last == "pm" else 0), minute
    if last in ("o'clock", "hundred"):
        return number_of(words), 0
    return read_clock([*words, last])


def read_clock(words):
    if "oh" in words:
        cut = words.index("oh")
        return number_of(words[:cut]), number_of(words[cut + 1 :])
    readings = set()
    for cut in range(1, len(words) + 1):
        try:
            minute = number_of(words[cut:]) if words[cut:] else 0
            hour = number_of(words[:cut])
        except ValueError:
            continue
        if hour < 24 and (minute >= 10 or not words[cut:]):
            readings.add((hour, minute))
    (reading,) = readings  # "twenty two pm" would have two readings
    return reading


def test_every_year_survives_a_round_trip():
    assert [read_year(year_words(year)) for year in range(1000, 3000)] == list(range(1000, 3000))


EVERY_DAY = [date(1999, 9, 1) + timedelta(days) for days in range(500)]  # with a 29 February


def test_every_date_of_some_years_survives_a_round_trip_in_every_spelling():
    for day in EVERY_DAY:
        month, ordinal = MONTHS[day.month - 1], f"{day.day}{suffix(day.day)}"
        words = date_words(day.day, day.month, day.year)
        assert read_date(words) == day
        for text in (
            day.isoformat(),
            f"{day.day} {month} {day.year}",
            f"{day.day:02} {month.upper()}, {day.year}",
            f"{ordinal} {month} {day.year}",
            f"{day.day} of {month} {day.year}",
            f"the {ordinal} of {month}, {day.year}.",
        ):
            assert normalise(text) == words, text
        year = year_words(day.year)
        american = (month.lower(), *ordinal_words(day.day))
        assert normalise(f"{month} {day.day}, {day.year}") == (*american, *year)
        assert normalise(f"{month} {ordinal}") == american
        assert normalise(f"{month} the {ordinal}") == (american[0], "the", *american[1:])
        assert normalise(f"the {ordinal} of {month}") == words[: -len(year)]


@pytest.mark.parametrize("hour", range(24))
def test_every_time_of_day_survives_a_round_trip_on_both_clocks(hour):
    meridiem = "am" if hour < 12 else "pm"
    short = (hour - 1) % 12 + 1
    for minute in range(60):
        words = time_words(hour, minute)
        assert read_time(words) == (hour, minute)
        assert normalise(f"{hour}:{minute:02}") == normalise(f"{hour:02}:{minute:02}") == words
        words = time_words(short, minute, meridiem)
        assert read_time(words) == (hour, minute)
        clock = f"{short}:{minute:02}"
        for written in (f" {meridiem}", meridiem.upper(), f" {meridiem[0]}.m.", f"{meridiem[0]}.M"):
            assert normalise(clock + written) == words
    assert normalise(f"{short} {meridiem}") == normalise(f"{short}{meridiem}")
    assert normalise(f"{short}{meridiem}") == time_words(short, 0, meridiem)
    assert normalise(f"{short} o'clock") == (*number_words(short), "o'clock")


def test_no_two_times_of_the_24_hour_clock_sound_alike():
    assert len({time_words(hour, minute) for hour in range(24) for minute in range(60)}) == 1440


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: number_words(1_000_000), "from -999,999 to 999,999, got 1,000,000"),
        (lambda: number_words(-1_000_000), "at least -999999, got -1000000"),
        (lambda: ordinal_words(0), "at least 1, got 0"),
        (lambda: ordinal_words(1_000_000), "from 1 to 999,999, got 1,000,000"),
        (lambda: year_words(999), "the year of at least 1000, got 999"),
        (lambda: year_words(3000), "from 1,000 to 2,999, got 3,000"),
        (lambda: date_words(31, 2), "the day in February from 1 to 29, got 31"),
        (lambda: date_words(29, 2, 2025), "the day in February 2025 from 1 to 28, got 29"),
        (lambda: date_words(29, 2, 1900), "the day in February 1900 from 1 to 28, got 29"),
        (lambda: date_words(1, 13), "the month from 1 to 12, got 13"),
        (lambda: date_words(0, 1), "the day in January of at least 1, got 0"),
        (lambda: date_words(1, 1, 3000), "the year from 1,000 to 2,999, got 3,000"),
        (lambda: time_words(24, 0), "an hour of the 24-hour clock from 0 to 23, got 24"),
        (lambda: time_words(0, 0, "am"), "an hour before 'am' of at least 1, got 0"),
        (lambda: time_words(13, 0, "pm"), "an hour before 'pm' from 1 to 12, got 13"),
        (lambda: time_words(5, 60), "the minutes from 0 to 59, got 60"),
        (lambda: time_words(5, 0, "PM"), 'need "am", "pm" or None for meridiem, got \'PM\''),
    ],
)
def test_values_out_of_range_say_what_the_range_is(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


@pytest.mark.parametrize("words", [number_words, ordinal_words, year_words])
@pytest.mark.parametrize("value", ["5", 5.0, None, True])
def test_values_are_whole_numbers(words, value):
    with pytest.raises(TypeError, match="need a whole number"):
        words(value)


# ------------------------------------------------------------------ written text into words


@given(number=numbers, script=st.sampled_from(sorted(SCRIPTS)))
@example(number=-1234, script="fullwidth")
def test_a_number_may_be_written_in_many_ways(number, script):
    words = number_words(number)
    digits = str(number).translate(str.maketrans("0123456789", SCRIPTS[script]))
    grouped = f"{number:,}"
    for text in (
        *(str(number), grouped, digits, f"  {grouped}\t\n", f"\u00a0{grouped}\u3000"),
        *(f"{grouped}.", f"{grouped}, ", grouped.replace("-", "−"), grouped.replace(",", "，")),
        *(num2words(number), num2words(number).upper(), " ".join(words), "  ".join(words)),
        *(num2words(number).replace("-", dash) for dash in "‐‑–—"),
    ):
        assert normalise(text) == words, text


@given(number=ordinals)
@example(number=111)
@example(number=1012)
@example(number=22)
def test_ordinals_take_their_own_suffix_and_no_other(number):
    for digits in (str(number), f"{number:,}"):
        assert normalise(digits + suffix(number)) == ordinal_words(number)
        assert normalise(digits + suffix(number).upper()) == ordinal_words(number)
        for wrong in {"st", "nd", "rd", "th"} - {suffix(number)}:
            with pytest.raises(ValueError, match=f'write "{digits}{suffix(number)}"'):
                normalise(digits + wrong)


READINGS = {
    "4,012": "four thousand and twelve",
    "four thousand and twelve": "four thousand and twelve",
    "٤٬٠١٢": "four thousand and twelve",
    "-5": "minus five",
    "minus 5": "minus five",
    "4 thousand": "four thousand",
    "forty-two": "forty two",
    "22nd": "twenty second",
    "2026": "two thousand and twenty six",
    "the 22nd of November": "the twenty second of november",
    "THE 22ND OF NOVEMBER": "the twenty second of november",
    "November 22nd": "november twenty second",
    "November 22": "november twenty second",
    "22 November 2026": "the twenty second of november twenty twenty six",
    "2026-11-22": "the twenty second of november twenty twenty six",
    "2026‑11‑22": "the twenty second of november twenty twenty six",
    "Sunday the 2026-11-22": "sunday the twenty second of november twenty twenty six",
    "November 2026": "november twenty twenty six",
    "November, 2026": "november twenty twenty six",
    "November the twenty-second, 2026": "november the twenty second twenty twenty six",
    "the fifth of May 1905": "the fifth of may nineteen oh five",
    "29 February": "the twenty ninth of february",
    "22 November 5 pm": "the twenty second of november five pm",
    "22 November 2026 5:43 pm": (
        "the twenty second of november twenty twenty six five forty three pm"
    ),
    "November 22, 2026, 17:43": ("november twenty second twenty twenty six seventeen forty three"),
    "November 5 pm": "november five pm",
    "Monday 5 May, 6 June": "monday the fifth of may the sixth of june",
    "May 5, June 6": "may fifth june sixth",
    "5, May": "five may",
    "the. 5 May": "the the fifth of may",
    "5 May the": "the fifth of may the",
    "4,012 November": "four thousand and twelve november",
    "November twenty, second 2026": "november twenty second two thousand and twenty six",
    "November,, 2026": "november two thousand and twenty six",
    "I like May. 5 apples": "i like may five apples",
    "Tuesday 5:43 pm": "tuesday five forty three pm",
    "Tuesday, 5:43pm": "tuesday five forty three pm",
    "at 5 p.m. today": "at five pm today",
    "５：４３ pm": "five forty three pm",
    "17:43": "seventeen forty three",
    "5:00": "five o'clock",
    "5:05": "five oh five",
    "17:00": "seventeen hundred",
    "0:00": "zero hundred",
    "5 o’clock": "five o'clock",
    "5:00 pm": "five pm",
    "b, c, d": "b c d",
    "b,c,d": "b c d",
    "b , c": "b c",
    "5, 6, 7": "five six seven",
    "5 6 7": "five six seven",
    "1, 234": "one two hundred and thirty four",
    "banana, cherry; and don't!": "banana cherry and don't",
}


@pytest.mark.parametrize(("text", "words"), READINGS.items())
def test_text_is_read(text, words):
    assert " ".join(normalise(text)) == words


@given(st.lists(st.sampled_from(sorted(READINGS)), min_size=1, max_size=6))
def test_sentences_are_read_one_after_the_other(texts):
    """After a full stop nothing depends on what came before, and nothing is left out."""
    together = ". ".join(texts)
    assume(len(together) <= MAX_CHARACTERS)
    assert " ".join(normalise(together)) == " ".join(READINGS[text] for text in texts)


FRAGMENTS = (
    *("5", "22", "31", "100", "234", "2026", "4,012", "-5", "22nd", "1st", "the", "of", "may"),
    *("November", "february", "2026-11-22", "5:43", "17:00", "am", "p.m.", "5pm", "o'clock", "and"),
    *("twenty-second", "thirty", "first", "thousand", "b", "a", "m", ",", "."),
)


def check_words_of(text):
    """Either the text is refused, or its words come out in order and are read as themselves."""
    try:
        words = normalise(text)
    except ValueError:
        return
    assert words
    assert all(re.fullmatch("[a-z]+('[a-z]+)*", word) for word in words)
    rest = iter(words)
    assert all(word in rest for word in re.findall(r"\b(?<!')[a-z]{3,}\b(?!')", text.lower()))
    joined = " ".join(words)
    if len(joined) <= MAX_CHARACTERS:
        assert normalise(joined) == words


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=8), st.sampled_from([" ", ", ", "", "-"]))
def test_words_are_read_as_themselves(fragments, between):
    check_words_of(between.join(fragments))


@given(st.text(st.sampled_from("0123456789 ,.:-'amptheofy٣５\u00a0−’"), max_size=12))
def test_strange_text_is_read_or_refused(text):
    check_words_of(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    check_words_of(text)


REFUSALS = [
    # written, what the message quotes of it, what it says
    ("", "''", "need a text with words or numbers"),
    (" \t\n\u00a0", r"' \t\n\xa0'", "need a text with words or numbers"),
    ("a" * 10_000, "'aaaaaaaaaaaaaaaaaaaa'", "at most 1000 characters, got 10,000"),
    ("b, c 😀", "'😀'", "GRINNING FACE"),
    ("5 שלום", "'שלום'", "HEBREW LETTER SHIN"),
    ("مرحبا", "'مرحبا'", "ARABIC LETTER MEEM"),
    ("\u200f5", r"'\u200f5'", "RIGHT-TO-LEFT MARK"),
    ("b\x07", r"'b\x07'", "U+0007"),
    ("4\u200b012", r"'4\u200b012'", "ZERO WIDTH SPACE"),
    ("4\ud800", r"'4\ud800'", "U+D800"),
    ("café", "'café'", "LATIN SMALL LETTER E WITH ACUTE"),
    ("1½", "'1½'", "VULGAR FRACTION ONE HALF"),
    ("5²", "'5²'", "SUPERSCRIPT TWO"),
    ("$5", "'$5'", "DOLLAR SIGN"),
    ("5 %", "'%'", "PERCENT SIGN"),
    ("at 25:00", "'25:00'", "24-hour clock from 0 to 23, got 25"),
    ("24:00", "'24:00'", "24-hour clock from 0 to 23, got 24"),
    ("5:61", "'5:61'", "minutes from 0 to 59, got 61"),
    ("５:６１", "'５:６１'", "minutes from 0 to 59, got 61"),
    ("13:00 pm", "'13:00 pm'", "from 1 to 12, got 13"),
    ("13:00pm", "'13:00 pm'", "from 1 to 12, got 13"),
    ("0:30 am", "'0:30 am'", "at least 1, got 0"),
    ("13 p.m.", "'13 p.m'", "from 1 to 12, got 13"),
    ("13 o'clock", '"13 o\'clock"', "hours go from 1 to 12"),
    ("5:43 o'clock", '"5:43 o\'clock"', "hours go from 1 to 12"),
    ("4,012 pm", "'4,012 pm'", "hours go from 1 to 12"),
    ("-5 pm", "'-5 pm'", "hours go from 1 to 12"),
    ("22 November 2026 pm", "'2026 pm'", "hours go from 1 to 12"),
    ("5:4", "'5:4'", "a colon belongs to a time"),
    ("5:43:10", "'5:43:10'", "a colon belongs to a time"),
    ("note: b", "'note:'", "a colon belongs to a time"),
    ("the 31st of February", "'31st of February'", "February from 1 to 29, got 31"),
    ("31 April", "'31 April'", "April from 1 to 30, got 31"),
    ("29 February 2025", "'29 February 2025'", "February 2025 from 1 to 28, got 29"),
    ("February 29th, 2025", "'February 29th 2025'", "February 2025 from 1 to 28, got 29"),
    ("February twenty-ninth 2025", "'February twenty ninth 2025'", "from 1 to 28, got 29"),
    ("November 45", "'November 45'", "November from 1 to 30, got 45"),
    ("the 0th of May", "'0th of May'", "May of at least 1, got 0"),
    ("2026-13-01", "'2026-13-01'", "month from 1 to 12, got 13"),
    ("2026-02-30", "'2026-02-30'", "February 2026 from 1 to 28, got 30"),
    ("0999-01-01", "'0999-01-01'", "the year of at least 1000, got 999"),
    ("2026-1-5", "'2026-1-5'", "2026-11-22"),
    ("22-11-2026", "'22-11-2026'", "2026-11-22"),
    ("22/11/2026", "'22/11/2026'", "2026-11-22"),
    ("May 5 June", "'May 5 June'", "may belong to either month"),
    ("1,00", "'1,00'", "before three digits"),
    ("12,34,567", "'12,34,567'", "before three digits"),
    ("1,2,3", "'1,2,3'", "before three digits"),
    ("4012,345", "'4012,345'", "before three digits"),
    ("1 234", "'1 234'", "one number or two"),
    ("-1\u202f234", "'-1 234'", "one number or two"),
    ("1 234th", "'1 234th'", "one number or two"),
    ("1000000", "'1000000'", "from -999,999 to 999,999"),
    ("-1,000,000", "'-1,000,000'", "at least -999999"),
    ("1,000,000th", "'1,000,000th'", "from 1 to 999,999"),
    ("9" * 1000, "'" + "9" * 1000 + "'", "from -999,999 to 999,999"),
    ("the 22th", "'22th'", 'write "22nd"'),
    ("11st", "'11st'", 'write "11th"'),
    ("0th", "'0th'", "at least 1, got 0"),
    ("-0", "'-0'", "leave out the minus"),
    ("-5th", "'-5th'", "leave out the minus"),
    ("007", "'007'", "begins with no 0"),
    ("-05", "'-05'", "begins with no 0"),
    ("1٢", "'1٢'", "several scripts"),
    ("٤,０١٢", "'٤,０١٢'", "several scripts"),
    ("3.5", "'3.5'", "numbers are whole"),
    ("5-6", "'5-6'", "5 to 6"),
    ("--5", "'--5'", "5 to 6"),
    ("- 5", "'-'", "directly before the digits"),
    ("-forty", "'-forty'", "directly before the digits"),
    ("forty-", "'forty-'", "directly before the digits"),
    ("b52", "'b52'", "space between a number and a word"),
    ("5 'b'", "\"'b'\"", "apostrophe only inside"),
    (", b", "','", "begin with a word or a number"),
    ("?", "'?'", "begin with a word or a number"),
]


@pytest.mark.parametrize(
    ("text", "quoted", "says"), REFUSALS, ids=[ascii(text)[:24] for text, *_ in REFUSALS]
)
def test_what_cannot_be_read_is_quoted_with_what_would_work(text, quoted, says):
    with pytest.raises(ValueError, match=r"need a text|cannot read") as refusal:
        normalise(text)
    message = str(refusal.value)
    assert quoted in message
    assert says in message
    for advised in re.findall('"([^"]+)"', message.replace(quoted, "")):
        assert normalise(advised)


@pytest.mark.parametrize("text", [None, 5, b"five", ["five"], 4.0])
def test_a_text_is_a_string(text):
    with pytest.raises(TypeError, match="need a text, got"):
        normalise(text)


def test_a_text_may_be_as_long_as_the_limit():
    assert normalise("b " * (MAX_CHARACTERS // 2)) == ("b",) * (MAX_CHARACTERS // 2)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("at 5:43, oh two", [["at five forty three"], ["oh", "two"]]),
        ("the 22nd of November, 2026.", [["the twenty second of november twenty twenty six"]]),
        ("a, b; 1,234!", [["a"], ["b"], ["one thousand two hundred and thirty four"]]),
        ("the the the one", [["the the", "the one"]]),
        ("forty-two and the", [["forty", "two", "and the"]]),
        ("the, 5", [["the"], ["five"]]),
    ],
)
def test_clauses_are_cut_at_marks_and_between_things(written, expected):
    found = clauses(written)
    assert [[" ".join(thing) for thing in clause] for clause in found] == expected
    words = tuple(word for clause in found for thing in clause for word in thing)
    assert words == normalise(written)


@pytest.mark.parametrize(
    ("written", "error"), [("", ValueError), ("25:00", ValueError), (5, TypeError)]
)
def test_what_has_no_clauses(written, error):
    with pytest.raises(error, match=r"need a text|cannot read"):
        clauses(written)
