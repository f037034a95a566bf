"""Music: three melodies in the public domain, played on three instruments of FluidR3.

    apt-get download fluid-soundfont-gm

Each part is written as `key length`, lengths in beats: `F#5 1.5` is a dotted quarter note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recording import SAMPLE_RATE, Made
from soundfont import FLUID, Note, render

PEAK = 0.5
TAIL = 1.0
INSTRUMENTS = {"piano": 0, "violin": 40, "flute": 73}  # General MIDI programs
CHORDAL = ("piano",)  # these play every part, the others the first
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Melody:
    """A title, the seconds of a beat, and one string of notes a part."""

    title: str
    beat: float
    parts: tuple[str, ...]
    split: str


MELODIES = {
    # Christian Petzold, from the Notebook for Anna Magdalena Bach, 1725 (BWV Anh. 114), bars 1-8
    "minuet": Melody(
        "Minuet in G",
        0.45,
        (
            "D5 1 G4 .5 A4 .5 B4 .5 C5 .5  D5 1 G4 1 G4 1  "
            "E5 1 C5 .5 D5 .5 E5 .5 F#5 .5  G5 1 G4 1 G4 1  "
            "C5 1 D5 .5 C5 .5 B4 .5 A4 .5  B4 1 C5 .5 B4 .5 A4 .5 G4 .5  "
            "F#4 1 G4 .5 A4 .5 B4 .5 G4 .5  A4 3",
            "G3 2 A3 1  B3 3  C4 3  B3 3  A3 3  G3 3  D4 1 B3 1 G3 1  D4 1 D3 .5 C4 .5 B3 .5 A3 .5",
        ),
        "train",
    ),
    # Ludwig van Beethoven, Ninth Symphony, 1824, the theme of the last movement
    "ode": Melody(
        "Ode to Joy",
        0.4,
        (
            "F#4 1 F#4 1 G4 1 A4 1  A4 1 G4 1 F#4 1 E4 1  D4 1 D4 1 E4 1 F#4 1  F#4 1.5 E4 .5 E4 2 "
            "F#4 1 F#4 1 G4 1 A4 1  A4 1 G4 1 F#4 1 E4 1  D4 1 D4 1 E4 1 F#4 1  E4 1.5 D4 .5 D4 2",
            "D3 4  A3 4  D3 2 A3 2  D3 2 A2 2  D3 4  A3 4  D3 2 A3 2  A2 2 D3 2",
        ),
        "validation",
    ),
    # English, sixteenth century; a beat is an eighth note
    "greensleeves": Melody(
        "Greensleeves",
        0.25,
        (
            "A4 1  C5 2 D5 1 E5 1.5 F#5 .5 E5 1  D5 2 B4 1 G4 1.5 A4 .5 B4 1  "
            "C5 2 A4 1 A4 1.5 G#4 .5 A4 1  B4 2 G#4 1 E4 2 "
            "A4 1  C5 2 D5 1 E5 1.5 F#5 .5 E5 1  D5 2 B4 1 G4 1.5 A4 .5 B4 1  "
            "C5 1.5 B4 .5 A4 1 G#4 1.5 F#4 .5 G#4 1  A4 6",
            "R 1  A3 6  G3 6  F3 6  E3 6  A3 6  G3 6  F3 3 E3 3  A2 6",
        ),
        "test",
    ),
}


def key_number(name: str) -> int:
    """The MIDI number of a key such as F#4; A4 is 69."""
    return 12 * (int(name[-1]) + 1) + SEMITONES[name[0]] + name.count("#")


def notes(part: str, beat: float) -> Iterator[Note]:
    """The notes of a part, a little detached; R rests."""
    now = 0.0
    words = part.split()
    for name, length in zip(words[::2], map(float, words[1::2]), strict=True):
        if name != "R":
            yield Note(now * beat, 0.95 * length * beat, key_number(name))
        now += length


def play(packages: Path, melody: Melody, instrument: str) -> np.ndarray:
    """A melody on an instrument, with its last note's tail, faded out."""
    parts = melody.parts if instrument in CHORDAL else melody.parts[:1]
    score = [note for part in parts for note in notes(part, melody.beat)]
    sound = render(packages, FLUID, score, program=INSTRUMENTS[instrument], reverb=True)
    length = max(note.start + note.duration for note in score) + TAIL
    sound, fade = sound[: round(length * SAMPLE_RATE)], round(TAIL * SAMPLE_RATE / 2)
    sound[-fade:] *= np.cos(np.linspace(0, np.pi / 2, fade)) ** 2
    return sound * (PEAK / np.abs(sound).max())


def build(packages: Path) -> Iterator[Made]:
    """Every melody on every instrument, from a folder of unpacked packages."""
    for instrument in INSTRUMENTS:
        for slug, melody in MELODIES.items():
            name, samples = f"music/{instrument}/{slug}", play(packages, melody, instrument)
            yield Made(
                name, "melody", melody.title, instrument, "", melody.split, FLUID.source, samples
            )
