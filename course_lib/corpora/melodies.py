"""Melodies as notes: old tunes that everybody may sing, all in C, to learn music from in seconds.

Each is written as `key length`, lengths in beats: `C4 1.5` is a dotted quarter note. They are tunes
of the 16th to 19th century, in the public domain, written down for this course in their plainest
form. Notebook: 18.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}

SCORES = {
    "Ah! vous dirai-je, maman": "C4 1 C4 1 G4 1 G4 1 A4 1 A4 1 G4 2 F4 1 F4 1 E4 1 E4 1 D4 1 D4 1 "
    "C4 2 G4 1 G4 1 F4 1 F4 1 E4 1 E4 1 D4 2 G4 1 G4 1 F4 1 F4 1 E4 1 E4 1 D4 2",
    "Frère Jacques": "C4 1 D4 1 E4 1 C4 1 C4 1 D4 1 E4 1 C4 1 E4 1 F4 1 G4 2 E4 1 F4 1 G4 2 "
    "G4 .5 A4 .5 G4 .5 F4 .5 E4 1 C4 1 G4 .5 A4 .5 G4 .5 F4 .5 E4 1 C4 1 C4 1 G3 1 C4 2 C4 1 G3 1 "
    "C4 2",
    "Ode to Joy": "E4 1 E4 1 F4 1 G4 1 G4 1 F4 1 E4 1 D4 1 C4 1 C4 1 D4 1 E4 1 E4 1.5 D4 .5 D4 2 "
    "E4 1 E4 1 F4 1 G4 1 G4 1 F4 1 E4 1 D4 1 C4 1 C4 1 D4 1 E4 1 D4 1.5 C4 .5 C4 2",
    "Au clair de la lune": "C4 1 C4 1 C4 1 D4 1 E4 2 D4 2 C4 1 E4 1 D4 1 D4 1 C4 4 "
    "D4 1 D4 1 D4 1 D4 1 A3 2 A3 2 D4 1 C4 1 B3 1 A3 1 G3 4",
    "Mary had a little lamb": "E4 1 D4 1 C4 1 D4 1 E4 1 E4 1 E4 2 D4 1 D4 1 D4 2 E4 1 G4 1 G4 2 "
    "E4 1 D4 1 C4 1 D4 1 E4 1 E4 1 E4 1 E4 1 D4 1 D4 1 E4 1 D4 1 C4 4",
    "London Bridge": "G4 1.5 A4 .5 G4 1 F4 1 E4 1 F4 1 G4 2 D4 1 E4 1 F4 2 E4 1 F4 1 G4 2 "
    "G4 1.5 A4 .5 G4 1 F4 1 E4 1 F4 1 G4 2 D4 2 G4 2 E4 1 C4 3",
    "Row, row, row your boat": "C4 1.5 C4 1.5 C4 1 D4 .5 E4 1.5 E4 1 D4 .5 E4 1 F4 .5 G4 3 "
    "C5 .5 C5 .5 C5 .5 G4 .5 G4 .5 G4 .5 E4 .5 E4 .5 E4 .5 C4 .5 C4 .5 C4 .5 G4 1 F4 .5 E4 1 "
    "D4 .5 C4 3",
    "Hänschen klein": "G4 1 E4 1 E4 2 F4 1 D4 1 D4 2 C4 1 D4 1 E4 1 F4 1 G4 1 G4 1 G4 2 "
    "G4 1 E4 1 E4 2 F4 1 D4 1 D4 2 C4 1 E4 1 G4 1 G4 1 C4 4",
    "Minuet (Petzold)": "G4 1 C4 .5 D4 .5 E4 .5 F4 .5 G4 1 C4 1 C4 1 A4 1 F4 .5 G4 .5 A4 .5 B4 .5 "
    "C5 1 C4 1 C4 1 F4 1 G4 .5 F4 .5 E4 .5 D4 .5 E4 1 F4 .5 E4 .5 D4 .5 C4 .5 B3 1 C4 .5 D4 .5 "
    "E4 .5 C4 .5 D4 3",
    "Oh! Susanna": "C4 .5 D4 .5 E4 1 G4 1 G4 1.5 A4 .5 G4 1 E4 1 C4 1.5 D4 .5 E4 1 E4 1 D4 1 C4 1 "
    "D4 3 C4 .5 D4 .5 E4 1 G4 1 G4 1.5 A4 .5 G4 1 E4 1 C4 1.5 D4 .5 E4 1 E4 1 D4 1 D4 1 C4 4",
    "Yankee Doodle": "C4 1 C4 1 D4 1 E4 1 C4 1 E4 1 D4 2 C4 1 C4 1 D4 1 E4 1 C4 2 B3 2 C4 1 C4 1 "
    "D4 1 E4 1 F4 1 E4 1 D4 1 C4 1 B3 1 G3 1 A3 1 B3 1 C4 2 C4 2",
    "Jingle Bells": "E4 1 E4 1 E4 2 E4 1 E4 1 E4 2 E4 1 G4 1 C4 1.5 D4 .5 E4 4 F4 1 F4 1 F4 1.5 "
    "F4 .5 F4 1 E4 1 E4 1 E4 .5 E4 .5 G4 1 G4 1 F4 1 D4 1 C4 4",
    "When the saints": "C4 1 E4 1 F4 1 G4 5 C4 1 E4 1 F4 1 G4 5 C4 1 E4 1 F4 1 G4 2 E4 2 C4 2 E4 2 "
    "D4 5 E4 1 E4 1 D4 1 C4 3 C4 1 E4 2 G4 2 G4 1 F4 4 E4 1 F4 1 G4 2 E4 2 C4 2 D4 2 C4 4",
    "Good King Wenceslas": "C4 1 C4 1 C4 1 D4 1 C4 1 C4 1 G3 2 A3 1 G3 1 A3 1 B3 1 C4 2 C4 2 "
    "G4 1 F4 1 E4 1 D4 1 E4 1 D4 1 C4 2 A3 1 G3 1 A3 1 B3 1 C4 2 C4 2",
    "Clementine": "C4 .5 C4 .5 C4 1 G3 1 E4 .5 E4 .5 E4 1 C4 1 C4 .5 E4 .5 G4 1.5 G4 .5 F4 .5 "
    "E4 .5 D4 2 D4 .5 E4 .5 F4 1 F4 1 E4 .5 D4 .5 E4 1 C4 1 C4 .5 E4 .5 D4 1.5 G3 .5 B3 .5 D4 .5 "
    "C4 2",
}
"""By title."""


class Melody(NamedTuple):
    """One line of notes.

    Attributes
    ----------
    keys : MIDI numbers; 60 is C4, 69 is A4 with 440 Hz
    beats : how long each note lasts
    """

    keys: Int[np.ndarray, "notes"]
    beats: Float[np.ndarray, "notes"]


def key_number(name: str) -> int:
    """Return the MIDI number of a key such as F#4 or Bb3.

    Raises
    ------
    ValueError
        For what is not a letter from A to G, perhaps # or b, and an octave from 0 to 9.
    """
    letter, change, octave = name[:1], name[1:-1], name[-1:]
    if letter not in SEMITONES or change not in ("", "#", "b") or not octave.isdecimal():
        raise ValueError(f"need a key such as C4, F#4 or Bb3, got {name!r}")
    return 12 * (int(octave) + 1) + SEMITONES[letter] + {"": 0, "#": 1, "b": -1}[change]


def melody(title: str) -> Melody:
    """Return one of the melodies in `SCORES`.

    Raises
    ------
    ValueError
        For a title that is not there.

    Notebook: 18.
    """
    if title not in SCORES:
        raise ValueError(f"need a title out of {', '.join(SCORES)}, got {title!r}")
    words = SCORES[title].split()
    return Melody(
        np.array([key_number(name) for name in words[::2]]),
        np.array([float(beats) for beats in words[1::2]]),
    )
