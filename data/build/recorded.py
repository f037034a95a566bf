"""Music: clips of five recordings from Opsound, music on hold of the Asterisk telephone exchange.

    apt-get download asterisk-moh-opsound-g722

The package asterisk-moh-opsound-wav has the same five at half the sample rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recording import SAMPLE_RATE, Made, Source, decode

PEAK = 0.8
FOLDER = "usr/share/asterisk/moh"
PACKAGE = "asterisk-moh-opsound-g722 2.03"
LICENCE = "CC-BY-SA-3.0"
CLIPS, SECONDS = 6, 6.0
"""Of each recording; three minutes in all."""

FADE = SAMPLE_RATE // 100


@dataclass(frozen=True)
class Piece:
    """A recording: title, who made it, and the side that it is on."""

    title: str
    artist: str
    credit: str
    split: str


MACROFORM = ("Macroform", "Paul Shuler (Macroform)")
PIECES = {
    "macroform-cold_day": Piece("Cold Day", *MACROFORM, "train"),
    "macroform-robot_dity": Piece("Robot Dity", *MACROFORM, "train"),
    "macroform-the_simplicity": Piece("The Simplicity", *MACROFORM, "train"),
    "manolo_camp-morning_coffee": Piece(
        "Morning Coffee", "Manolo Camp", "Manolo Camp", "validation"
    ),
    "reno_project-system": Piece("System", "Reno Project", "Reno Project", "test"),
}


def clips(recording: np.ndarray) -> Iterator[np.ndarray]:
    """Clips spread evenly over a recording, but for its beginning and end, faded at the cuts."""
    length = round(SECONDS * SAMPLE_RATE)
    edge = len(recording) // 20
    ramp = np.sin(np.linspace(0, np.pi / 2, FADE)) ** 2
    for start in np.linspace(edge, len(recording) - edge - length, CLIPS).astype(int):
        clip = recording[start : start + length].copy()
        clip -= clip.mean()
        clip[:FADE] *= ramp
        clip[-FADE:] *= ramp[::-1]
        yield clip


def build(packages: Path) -> Iterator[Made]:
    """The clips of every recording, all scaled alike, from a folder of unpacked packages."""
    for file, piece in PIECES.items():
        cut = list(clips(decode(packages / FOLDER / f"{file}.g722", "-f", "g722")))
        loudest = max(np.abs(clip).max() for clip in cut)
        source, slug = Source(PACKAGE, piece.credit, LICENCE), piece.title.lower().replace(" ", "-")
        for number, clip in enumerate(cut, start=1):
            name, samples = f"music/recorded/{slug}-{number}", clip * (PEAK / loudest)
            yield Made(
                name, "recorded", piece.title, piece.artist, "", piece.split, source, samples
            )
