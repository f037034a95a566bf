"""Speech: telephone prompts of the Asterisk core sounds, decoded from G.722.

    apt-get download asterisk-core-sounds-{en,fr,es,it,ru}-g722

English prompts of up to four seconds; the ten digits and the letters of the other languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recording import Made, Source, decode, fraction

SOUNDS = "usr/share/asterisk/sounds"
ENGLISH = Source("asterisk-core-sounds-en-g722 1.6.1", "Allison Smith", "CC-BY-SA-3.0")
PROMPTS = Path(__file__).with_name("english_prompts.txt")
LONGEST = 4.0


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


def build(packages: Path) -> Iterator[Made]:
    """Every speech recording, from a folder into which the packages were unpacked."""
    yield from english(packages)
