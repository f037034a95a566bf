"""Notes played on a soundfont: a MIDI file, rendered by fluidsynth.

apt-get download fluid-soundfont-gm musescore-general-soundfont-small avldrums.lv2-soundfont
apt-get install fluidsynth
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recording import Source, decode

TICKS = 480  # a second: 480 ticks a quarter note, sixty quarter notes a minute


@dataclass(frozen=True)
class Soundfont:
    """A file among the unpacked packages, and where it comes from."""

    file: str
    source: Source


_FOLDER = "usr/share/sounds"
FLUID = Soundfont(
    f"{_FOLDER}/sf2/FluidR3_GM.sf2", Source("fluid-soundfont-gm 3.1", "Frank Wen (FluidR3)", "MIT")
)
MUSESCORE = Soundfont(
    f"{_FOLDER}/sf3/MuseScore_General_Lite.sf3",
    Source(
        "musescore-general-soundfont-small 0.2.1",
        "S. Christian Collins, Michael Cowgill, Frank Wen (MuseScore_General)",
        "MIT",
    ),
)
_AVL = Source("avldrums.lv2-soundfont 0.5.2", "Glen MacArthur (AVL Drumkits)", "CC-BY-SA-3.0")
BLACK_PEARL = Soundfont(f"{_FOLDER}/sf2/Black_Pearl_4_LV2.sf2", _AVL)
RED_ZEPPELIN = Soundfont(f"{_FOLDER}/sf2/Red_Zeppelin_4_LV2.sf2", _AVL)


@dataclass(frozen=True)
class Note:
    """A key pressed at `start` for `duration` seconds."""

    start: float
    duration: float
    key: int
    velocity: int = 90


def _variable_length(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def midi(notes: Iterable[Note], program: int, channel: int) -> bytes:
    """A standard MIDI file of one track."""
    events = [(0, bytes([0xC0 | channel, program]))]
    for note in notes:
        start, stop = (round(t * TICKS) for t in (note.start, note.start + note.duration))
        events.append((start, bytes([0x90 | channel, note.key, note.velocity])))
        events.append((stop, bytes([0x80 | channel, note.key, 0])))
    # at one instant a note ends before the next begins, or a repeated key would be cut short
    events.sort(key=lambda event: (event[0], event[1][0] >> 4 != 0xC, event[1][0] >> 4 != 0x8))
    track, now = b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"), 0
    for tick, message in events:
        track += _variable_length(tick - now) + message
        now = tick
    track += b"\x00\xff\x2f\x00"
    head = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01" + TICKS.to_bytes(2, "big")
    return head + b"MTrk" + len(track).to_bytes(4, "big") + track


def render(
    packages: Path,
    soundfont: Soundfont,
    notes: Iterable[Note],
    *,
    program: int,
    channel: int = 0,
    reverb: bool = False,
) -> np.ndarray:
    """The notes as 16 kHz mono float64; channel 9 plays the drum kit of that program."""
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        score.write_bytes(midi(notes, program, channel))
        command = ["fluidsynth", "-q", "-n", "-i", "-r", "48000", "-O", "float", "-T", "wav"]
        command += ["-R", str(int(reverb)), "-C", "0", "-g", "0.6", "-F", str(sound)]
        subprocess.run([*command, str(packages / soundfont.file), str(score)], check=True)
        return decode(sound)
