"""Whether the right words are heard: a speech recogniser as a judge, and its word error rate.

The recogniser is pocketsphinx (optional, the extra `recogniser`) with the acoustic model that
comes with it. Two things are necessary for it to be of use here. It must be told a grammar, the
sentences that can have been said: in a free loop over the same words it hears most of them wrong.
And the sound must be at 16 kHz, all that its model has heard. It is a judge with a bias: it can
hear nothing that is outside the grammar, so that it says whether the right sentence is the most
likely one of those, and not whether it sounds well. Its errors on real recordings are the floor.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_generator

SAMPLE_RATE = 16_000

_RULES = """
<unit> = one | two | three | four | five | six | seven | eight | nine;
<teen> = ten | eleven | twelve | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen
    | nineteen;
"""

NUMBERS = f"""#JSGF V1.0;
grammar numbers;
{_RULES}
<tens> = twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety;
<below> = <unit> | <teen> | <tens> [<unit>];
<hundreds> = <unit> hundred [and <below>];
<some> = <below> | <hundreds>;
public <number> = zero | [minus] (<some> | <some> thousand [<hundreds> | and <below>]);
"""
"""What `text.reading.number_words` says: -999,999 to 999,999, each with its "and"."""

DATES_AND_TIMES = f"""#JSGF V1.0;
grammar dates_and_times;
{_RULES}
<tens> = twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety;
<first> = first | second | third | fourth | fifth | sixth | seventh | eighth | ninth;
<ordinal> = <first> | tenth | eleventh | twelfth | thirteenth | fourteenth | fifteenth | sixteenth
    | seventeenth | eighteenth | nineteenth | twentieth | twenty <first> | thirtieth
    | thirty first;
<day> = monday | tuesday | wednesday | thursday | friday | saturday | sunday
    | today | tomorrow | yesterday;
<month> = january | february | march | april | may | june | july | august | september | october
    | november | december;
<year> = (<teen> | twenty [<unit>]) (hundred | oh <unit> | <teen> | <tens> [<unit>])
    | (one | two) thousand [and <unit>];
<date> = (the <ordinal> of <month> | <month> <ordinal>) [<year>];
<early> = <unit> | ten | eleven | twelve;
<late> = zero | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen
    | twenty [one | two | three];
<minute> = oh <unit> | <teen> | (twenty | thirty | forty | fifty) [<unit>];
<time> = <early> (o'clock | am | pm | <minute> [am | pm]) | <late> (hundred | <minute>);
public <sentence> = <day> [<date> | <time>] | <date> | [at] <time>;
"""
"""Days, dates and times of day as `text.reading.normalise` says them, a day before either, and
"at" before a time alone."""

DIGITS = f"""#JSGF V1.0;
grammar digits;
{_RULES}
public <row> = (zero | <unit>)+;
"""
"""One digit or more, in any order."""

# How the voice of the recordings says words that the recogniser's dictionary has otherwise: with a
# clear "oh" in o'clock, and with a stop between the two letters of "a m".
PRONOUNCED = {"o'clock(2)": "OW K L AA K", "a.m.(2)": "EY SIL EH M"}
SPELLED = {"am": "a.m.", "pm": "p.m."}  # as it calls them

# A clip's mean is taken from the whole of it, so that nothing is carried on from the clip before;
# pauses between words cost little, as joined words have one after each.
SETTINGS = {"cmn": "batch", "silprob": 0.2}


def single_words(words: Sequence[str]) -> str:
    """Return the grammar of a single word out of several, for a `Recogniser`.

    Raises
    ------
    TypeError, ValueError
        For a string in place of several, or no words.
    """
    if isinstance(words, str) or not words:
        raise ValueError(f"need a sequence of one or more words, got {words!r}")
    return f"#JSGF V1.0;\ngrammar words;\npublic <word> = {' | '.join(words)};\n"


def letters_in_a_row(count: int) -> str:
    """Return the grammar of so many letters, in any order, for a `Recogniser`.

    The judge is told how many: in a row of any length it hears most letters of recordings wrong.
    A letter that is left out is then heard as another one.
    """
    letter = " | ".join("abcdefghijklmnopqrstuvwxyz")
    row = " ".join([f"({letter})"] * check_count(count, "count"))
    return f"#JSGF V1.0;\ngrammar letters;\npublic <row> = {row};\n"


class Recogniser:
    """A speech recogniser that hears the sentences of one grammar.

    What it hears of a clip depends on the clip alone, and not on its loudness.

    Parameters
    ----------
    grammar : in the Java Speech Grammar Format: `NUMBERS`, `DATES_AND_TIMES`, or `single_words`

    Raises
    ------
    TypeError, ValueError
        For a grammar that is not text, cannot be read, or has a word that the recogniser's
        dictionary does not have.
    ModuleNotFoundError
        Where pocketsphinx is not installed.

    References
    ----------
    Huggins-Daines et al. (2006), "PocketSphinx: a free, real-time continuous speech recognition
    system for hand-held devices". Notebook: 13.
    """

    def __init__(self, grammar: str) -> None:
        if not isinstance(grammar, str):
            raise TypeError(f"need a grammar as text, got {type(grammar).__name__}")
        self._decoder = _decoder()
        for word in sorted(_words(grammar)):
            if self._decoder.lookup_word(SPELLED.get(word, word)) is None:
                raise ValueError(
                    f"the recogniser's dictionary has no word {word!r}; leave it out of the grammar"
                )
        spelled = re.sub(r"[\w'.]+", lambda match: SPELLED.get(match[0], match[0]), grammar)
        try:
            self._decoder.add_jsgf_string("grammar", spelled)
            self._decoder.activate_search("grammar")
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(
                "need a grammar in the Java Speech Grammar Format, which begins with "
                f'"#JSGF V1.0;", got {grammar[:40]!r}'
            ) from error

    def recognise(self, clip: Clip) -> tuple[str, ...]:
        """Return the words of the most likely sentence; none for silence or less than a frame.

        In noise, or in a sentence out of the grammar, some words of the grammar are heard.

        Raises
        ------
        TypeError, ValueError
            For something that is not a Clip, or a clip of another sample rate than 16 kHz.
        """
        if check_clip(clip).sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"need a clip at {SAMPLE_RATE} Hz, the sound that the recogniser knows, got "
                f"{clip.sample_rate} Hz; resample a higher rate with audio.resample, but a lower "
                "one has lost what it listens to"
            )
        if clip.peak == 0:
            return ()
        pcm = np.round(clip.with_peak(0.5).samples * 32767).astype("<i2")
        self._decoder.start_utt()
        self._decoder.process_raw(pcm.tobytes(), full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        words = heard.hypstr.split() if heard is not None else ()
        ours = {spelled: word for word, spelled in SPELLED.items()}
        return tuple(ours.get(word, word) for word in words)


@dataclass(frozen=True)
class WordErrorRate:
    """Errors in words, of how many, and an interval of the rate.

    Attributes
    ----------
    errors : words changed, left out or put in
    words : that should have been heard
    low, high : ends of the interval of 95 %, as shares
    """

    errors: int
    words: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Errors per word: 0 is perfect, and more than 1 can happen."""
        return self.errors / self.words

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"

    def as_json(self) -> dict[str, Any]:
        """Return the rate, its interval, and what it is made of."""
        return {
            "rate": round(self.rate, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "errors": self.errors,
            "words": self.words,
        }


def word_errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """Return the fewest words to change, leave out or put in to make one sentence the other.

    With D[i, 0] = i, D[0, j] = j and the words r of the reference and h of what was heard,

        D[i, j] = min(D[i-1, j-1] + [r_i != h_j], D[i-1, j] + 1, D[i, j-1] + 1).

    Raises
    ------
    TypeError
        For a string in place of a sequence of words.

    References
    ----------
    Wagner and Fischer (1974), "The string-to-string correction problem". Notebook: 13.
    """
    for sentence in (reference, heard):
        if isinstance(sentence, str):
            raise TypeError(f"need a sequence of words, got {sentence!r}; split it first")
    row = list(range(len(heard) + 1))
    for i, right in enumerate(reference, 1):
        above, row = row, [i]
        for j, word in enumerate(heard, 1):
            row.append(min(above[j - 1] + (right != word), above[j] + 1, row[j - 1] + 1))
    return row[-1]


def word_error_rate(
    references: Sequence[Sequence[str]],
    heard: Sequence[Sequence[str]],
    *,
    rng: np.random.Generator,
    draws: int = 2000,
) -> WordErrorRate:
    """Return the share of words in error over all sentences, with a bootstrap interval of 95 %.

    Words of one sentence fall together, so whole sentences are drawn, as many as there are, with
    replacement; the interval reaches from the 2.5th to the 97.5th percentile of `draws` rates.

    Parameters
    ----------
    references, heard : the words of each sentence, as they should be and as they were heard
    rng : draws the sentences
    draws : how many times

    Raises
    ------
    TypeError, ValueError
        For no sentences, an empty one, or another number of heard ones.

    References
    ----------
    Bisani and Ney (2004), "Bootstrap estimates for confidence intervals in ASR performance
    evaluation". Notebook: 13.
    """
    if not references or len(references) != len(heard):
        raise ValueError(
            "need one or more sentences, and what was heard of each, got "
            f"{len(references)} and {len(heard)}"
        )
    if not all(len(reference) for reference in references):
        raise ValueError("need one or more words in each sentence, got one without any")
    errors = np.array([word_errors(*pair) for pair in zip(references, heard, strict=True)])
    words = np.array([len(reference) for reference in references])
    draws = check_count(draws, "draws")
    drawn = check_generator(rng).integers(len(words), size=(draws, len(words)))
    rates = errors[drawn].sum(axis=1) / words[drawn].sum(axis=1)
    low, high = np.quantile(rates, [0.025, 0.975])
    return WordErrorRate(int(errors.sum()), int(words.sum()), float(low), float(high))


def _words(grammar: str) -> set[str]:
    """Return the words of a grammar: what is left without its header, rules' names and signs."""
    body = re.sub(r"#JSGF[^;]*;|grammar [^;]*;|<[^>]*>|\bpublic\b", " ", grammar)
    return set(re.findall(r"[\w'.]+", body))


def _decoder() -> Any:
    try:
        from pocketsphinx import Decoder
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "need pocketsphinx to recognise speech; install it with "
            'pip install "audio-generation-course[recogniser]"'
        ) from error
    decoder = Decoder(lm=None, loglevel="FATAL", **SETTINGS)
    for word, phones in PRONOUNCED.items():
        decoder.add_word(word, phones)
    return decoder
