"""Speech: telephone prompts of the Asterisk core sounds, decoded from G.722.

    apt-get download asterisk-core-sounds-{en,fr,es,it,ru}-g722

English prompts of up to four seconds; the ten digits and the letters of the other languages.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path

from recording import Made, Source, decode

from course_lib.corpora.splits import fraction

SOUNDS = "usr/share/asterisk/sounds"
ENGLISH = Source("asterisk-core-sounds-en-g722 1.6.1", "Allison Smith", "CC-BY-SA-3.0")
OTHERS = {  # folder, voice, source
    "fr": (
        "fr_CA_f_June",
        "June Wallack",
        Source("asterisk-core-sounds-fr-g722 1.6.1", "June Wallack", "CC-BY-SA-3.0"),
    ),
    "es": (
        "es_MX_f_Allison",
        "Allison Smith",
        Source("asterisk-core-sounds-es-g722 1.6.1", "Allison Smith", "CC-BY-SA-3.0"),
    ),
    "it": (
        "it_IT_m_Carlo",
        "Carlo Flora",
        Source("asterisk-core-sounds-it-g722 1.6.1", "Carlo Flora", "CC-BY-3.0"),
    ),
    "ru": (  # the package credits who provided the recordings, and does not name the speaker
        "ru_RU_f_IvrvoiceRU",
        "ivrvoice.ru",
        Source("asterisk-core-sounds-ru-g722 1.6.1", "Maxim Topal, ivrvoice.ru", "CC-BY-3.0"),
    ),
}
DIGITS = {
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "ru": "ноль один два три четыре пять шесть семь восемь девять",
}
PROMPTS = Path(__file__).with_name("english_prompts.txt")


def english_label(prompt: str, text: str) -> str:
    """The kind of a prompt, from its name in the package."""
    folder, _, stem = prompt.rpartition("/")
    if folder == "letters":
        return "letter" if len(stem) == 1 or stem == "zed" else "symbol"
    if folder == "phonetic":
        return "phonetic"
    if folder == "digits":
        for prefix, label in (("day-", "day"), ("mon-", "month"), ("h-", "ordinal")):
            if stem.startswith(prefix):
                return label
        if stem.isdigit():
            return "digit" if int(stem) < 10 else "number"
        return "number" if stem in ("hundred", "thousand", "million", "billion") else "word"
    return "phrase" if " " in text else "word"


def english_split(label: str, text: str) -> str:
    """Phrases are split by a hash of their words, so that a sentence recorded twice stays on one
    side; the words that sentences are joined from (digits, months, letters, ...) all train."""
    if label != "phrase":
        return "train"
    place = fraction(text)
    return "test" if place < 0.18 else "validation" if place < 0.28 else "train"


def english(packages: Path) -> Iterator[Made]:
    folder = packages / SOUNDS / "en_US_f_Allison"
    lines = PROMPTS.read_text(encoding="utf-8").splitlines()
    for prompt, text in (line.split(": ") for line in lines if not line.startswith("#")):
        name, label = f"speech/en/{prompt}", english_label(prompt, text)
        split = english_split(label, text)
        samples = decode(folder / f"{prompt}.g722", "-f", "g722")
        yield Made(name, label, text, "Allison Smith", "en", split, ENGLISH, samples)


def others(packages: Path) -> Iterator[Made]:
    """Digits and the letters a to z (by their names in that language), split by a hash."""
    for language, (folder, voice, source) in OTHERS.items():
        words = {f"digits/{i}": word for i, word in enumerate(DIGITS[language].split())}
        words |= {f"letters/{letter}": letter for letter in string.ascii_lowercase}
        for prompt, text in words.items():
            name, label = f"speech/{language}/{prompt}", prompt.split("/")[0].removesuffix("s")
            place = fraction(name)
            split = "test" if place < 0.12 else "validation" if place < 0.24 else "train"
            path = packages / SOUNDS / folder / f"{prompt}.g722"
            samples = decode(path, "-f", "g722")
            yield Made(name, label, text, voice, language, split, source, samples)


def build(packages: Path) -> Iterator[Made]:
    """Every speech recording, from a folder into which the packages were unpacked."""
    yield from english(packages)
    yield from others(packages)
