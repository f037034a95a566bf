"""Percussion: single hits from Sonic Pi, four Hydrogen kits and the kits of four soundfonts.

    apt-get download sonic-pi-samples hydrogen-drumkits fluid-soundfont-gm
    apt-get download musescore-general-soundfont-small avldrums.lv2-soundfont

Of Sonic Pi the files whose CC0 licence Debian records, of Hydrogen the Creative Commons kits.
MuseScore_General is FluidR3 in mono with drums of its own: each hit of the thirty kits that both
have correlates with one of FluidR3's by 0.81 or more (and most by 0.95), each of its marching
drums and its orchestra by less, so that these alone are played.
Each hit: silence before it cut off, at most a second, faded at the cut, peak at 0.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from recording import SAMPLE_RATE, Made, Source, decode
from soundfont import BLACK_PEARL, FLUID, MUSESCORE, RED_ZEPPELIN, Note, Soundfont, render

PEAK = 0.8
QUIETEST = 0.01  # a hit recorded below this peak is more noise than drum
SHORTEST = SAMPLE_RATE // 20
SAME = 0.97  # hits this correlated are one recording; kits of a library often share theirs
HELD_OUT = {
    "Sonic Pi drum": "test",
    "Sonic Pi elec": "test",
    "circAfrique": "test",
    "AVL Black Pearl": "test",
    "AVL Red Zeppelin": "test",
    "Audiophob": "validation",
    "FluidR3 TR-808": "validation",
    "FluidR3 Electronic": "validation",
}

SONIC_PI = Source("sonic-pi-samples 3.2.2", "freesound.org contributors, for Sonic Pi", "CC0-1.0")
SONIC_PI_FILES = "usr/share/sonic-pi/samples"
SONIC_PI_COPYRIGHT = "usr/share/doc/sonic-pi-samples/copyright"
SONIC_PI_LABELS = {  # the first pattern that fits
    "bd_.*|drum_bass_.*|drum_heavy_kick|elec_.*_kick": "kick",
    "sn_.*|drum_snare_.*|elec_.*snare": "snare",
    "drum_tom_.*|elec_fuzz_tom": "tom",
    "drum_cymbal_(closed|open|pedal)": "hihat",
    "drum_cymbal_.*|drum_splash_.*|elec_cymbal": "cymbal",
    "drum_cowbell|elec_(bell|chime|triangle)|perc_bell": "bell",
    "tabla_.*": "hand drum",
    "elec_wood": "wood",
    "perc_snap.*": "clap",
}

HYDROGEN = "usr/share/hydrogen/data/drumkits"
HYDROGEN_PACKAGE = "hydrogen-drumkits 2017.09.19"
HYDROGEN_KITS = {
    "Audiophob": ("Audiophob", "audiophobdubstep", "CC0-1.0"),
    "BJA_Pacific": (
        "BJA Pacific",
        "Luc Tanguay, Bransin James Anderson",
        "CC-BY-SA-3.0-US",
    ),
    "circAfrique v4": ("circAfrique", "Jim Harney", "CC-BY-SA-3.0"),
    "rumpf_kit_z01_h2": ("rumpf kit z01", "Emanuel Rumpf", "CC-BY-3.0"),
}
RUMPF_DOUBTS = "stick|hi-hat open|.*cymbal.*|crash|ride bell"  # do not sound like their names
HYDROGEN_LABELS = {
    "kick|bassdrum|.*bass drum.*": "kick",
    ".*roll": "",
    ".*snare.*": "snare",
    ".*hand clap|.*clap": "clap",
    ".*stick": "wood",
    "pedal hh": "shaker",  # Audiophob's is the recording of a shake
    ".*hh|.*hi.?hat.*": "hihat",
    ".*tom.*": "tom",
    "sangban.*bell.*|dununba.*bell.*|kenkeni.*bell.*|.* cowbell": "bell",
    ".*crash.*|.*cymbal.*|.*ride.*": "cymbal",
    "djembe.*|.*head.*": "hand drum",
}

FLUID_KITS = {0: "Standard", 8: "Room", 16: "Power", 32: "Jazz", 40: "Brush"}
FLUID_KITS |= {
    first + number: f"{FLUID_KITS[first]} {number}"
    for first, variants in ((0, 7), (8, 7), (16, 3), (32, 4), (40, 2))
    for number in range(1, variants + 1)
}
FLUID_KITS |= {24: "Electronic", 25: "TR-808"}
FLUID_KEYS = {  # General MIDI percussion
    "kick": "35 acoustic bass drum, 36 bass drum",
    "snare": "38 acoustic snare, 40 electric snare",
    "tom": "41 low floor tom, 43 high floor tom, 45 low tom, 47 low-mid tom, 48 hi-mid tom, "
    "50 high tom, 65 high timbale, 66 low timbale",
    "hihat": "42 closed hi-hat, 44 pedal hi-hat, 46 open hi-hat",
    "cymbal": "49 crash cymbal 1, 51 ride cymbal 1, 52 chinese cymbal, 53 ride bell, "
    "55 splash cymbal, 57 crash cymbal 2, 59 ride cymbal 2",
    "hand drum": "60 high bongo, 61 low bongo, 62 mute high conga, 63 open high conga, "
    "64 low conga",
    "bell": "56 cowbell, 67 high agogo, 68 low agogo, 80 mute triangle, 81 open triangle",
    "wood": "37 side stick, 75 claves, 76 high wood block, 77 low wood block",
    "shaker": "54 tambourine, 69 cabasa, 70 maracas",
    "clap": "39 hand clap",
}
VELOCITIES = (112, 56)


@dataclass(frozen=True)
class Kit:
    """A kit of a soundfont, and what is played on it.

    A row of `played` is a label, velocities at which the recordings differ, and keys with names.
    """

    name: str
    soundfont: Soundfont
    program: int
    played: tuple[tuple[str, tuple[int, ...], str], ...]
    channel: int = 9  # on which programs are kits


MARCHING, ORCHESTRA = "MuseScore Marching", "MuseScore Orchestra"
MUSESCORE_KITS = (
    Kit(
        MARCHING,
        MUSESCORE,
        56,
        (("snare", (112, 56), "50 snare, 52 snare rim shot, 57 snare stick shot"),),
    ),
    Kit(
        MARCHING,
        MUSESCORE,
        59,
        (("kick", (112, 56), "37 bass drum 5, 49 bass drum 4, 61 bass drum 3, 73 bass drum 2"),),
    ),
    Kit(
        MARCHING,
        MUSESCORE,
        58,
        (
            ("cymbal", (112, 80, 56), "70 high crash, 72 low crash"),
            ("cymbal", (112,), "74 half crash, 79 choked crash, 81 tap, 84 bell tap, 89 smash"),
            ("cymbal", (112,), "91 zing"),
            ("hihat", (112,), "76 hi-hat"),
        ),
    ),
    Kit(
        MARCHING,
        MUSESCORE,
        96,
        (
            ("tom", (112,), "36 tenor 4, 48 tenor 3, 60 tenor 2, 72 tenor 1, 84 spock tenor 2"),
            ("tom", (112,), "96 spock tenor 1, 39 muted tenor 4, 63 muted tenor 2"),
        ),
    ),
    Kit(
        ORCHESTRA,
        MUSESCORE,
        48,
        (
            ("kick", (112,), "35 bass drum"),
            ("snare", (112,), "38 snare"),
            ("cymbal", (112,), "57 crash"),
        ),
    ),
)

AVL_PLAYED = (  # keys are not General MIDI's; as many layers as make a dozen held-out hits
    ("kick", (120, 90, 65, 40), "36 kick"),
    ("snare", (120, 65), "38 snare, 40 snare edge"),
    ("tom", (120, 65), "41 floor tom, 43 floor tom edge, 45 tom, 47 tom edge"),
    ("hihat", (120, 90, 65), "42 closed hi-hat, 44 pedal hi-hat, 46 semi-open hi-hat"),
    ("hihat", (120, 90, 65), "48 swish hi-hat"),
    ("cymbal", (120, 65), "49 crash 1, 51 ride, 53 ride bell, 55 splash, 57 crash 2"),
    ("cymbal", (120, 65), "59 ride shoulder, 60 paiste"),
    ("bell", (120, 90, 65), "56 cowbell"),
)
AVL_KITS = (
    Kit("AVL Black Pearl", BLACK_PEARL, 0, AVL_PLAYED, channel=0),
    Kit("AVL Red Zeppelin", RED_ZEPPELIN, 0, AVL_PLAYED, channel=0),
)


def tidy(x: np.ndarray) -> np.ndarray | None:
    """Cut, fade and scale one hit; None where there is no hit to speak of."""
    x = x - x.mean()
    peak = np.abs(x).max(initial=0.0)
    if peak < QUIETEST:
        return None
    first = max(int(np.flatnonzero(np.abs(x) > peak / 100)[0]) - SAMPLE_RATE // 500, 0)
    last = int(np.flatnonzero(np.abs(x) > peak / 1000)[-1]) + 1
    x = x[first : min(last, first + SAMPLE_RATE)].copy()
    if len(x) < SHORTEST:
        return None
    rise, fall = min(16, len(x) // 4), min(SAMPLE_RATE // 20, len(x) // 4)
    x[:rise] *= np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    x[len(x) - fall :] *= np.cos(np.linspace(0, np.pi / 2, fall)) ** 2
    return x * (PEAK / np.abs(x).max())


def slug(text: str) -> str:
    """Text as a file name: lower case, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def label_of(name: str, patterns: dict[str, str]) -> str:
    """The label of the first pattern that fits a whole name; empty where none does."""
    fits = (label for pattern, label in patterns.items() if re.fullmatch(pattern, name))
    return next(fits, "")


def hit(kit: str, text: str, label: str, source: Source, samples: np.ndarray) -> Made:
    """A tidy hit, and what the manifest says about it."""
    name = f"percussion/{slug(kit)}/{slug(text)}"
    return Made(name, label, text, kit, "", HELD_OUT.get(kit, "train"), source, samples)


def sonic_pi(packages: Path) -> Iterator[Made]:
    """The single hits among the samples that debian/copyright lists as CC0, file by file."""
    paragraphs = (packages / SONIC_PI_COPYRIGHT).read_text(encoding="utf-8").split("\n\n")
    free = [p for p in paragraphs if "\nLicense: CC0" in p]
    for name in sorted(re.findall(r"etc/samples/(\S+)\.flac", "\n".join(free))):
        family, _, text = name.partition("_")
        label = label_of(name, SONIC_PI_LABELS)
        samples = tidy(decode(packages / SONIC_PI_FILES / f"{name}.flac")) if label else None
        if samples is not None:
            yield hit(f"Sonic Pi {family}", text.replace("_", " "), label, SONIC_PI, samples)


def hydrogen(packages: Path) -> Iterator[Made]:
    """The named hits of the kits; layers of loudness are counted from the softest."""
    for folder, (kit, credit, licence) in HYDROGEN_KITS.items():
        source = Source(HYDROGEN_PACKAGE, credit, licence)
        xml = (packages / HYDROGEN / folder / "drumkit.xml").read_text(encoding="utf-8")
        root = ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", xml))
        for instrument in root.iter("instrument"):
            name = re.sub(r"^\S+ - ", "", instrument.findtext("name", "")).strip()
            doubtful = "rumpf" in folder and re.fullmatch(RUMPF_DOUBTS, name)
            label = "" if doubtful else label_of(name.lower(), HYDROGEN_LABELS)
            files = [f.text for f in instrument.iter("filename") if f.text] if label else []
            for layer, file in enumerate(sorted(files), start=1):
                samples = tidy(decode(packages / HYDROGEN / folder / file))
                text = f"{name} {layer}" if len(files) > 1 else name
                if samples is not None:
                    yield hit(kit, text, label, source, samples)


def fluid(packages: Path) -> Iterator[Made]:
    """Every hit of FluidR3's kits, loud and soft."""
    asked = [
        (label, *entry.split(" ", 1), velocity)
        for label, entries in FLUID_KEYS.items()
        for entry in entries.split(", ")
        for velocity in VELOCITIES
    ]
    notes = [Note(2.5 * i, 2.0, int(key), v) for i, (_, key, _, v) in enumerate(asked)]
    for program, kit in sorted(FLUID_KITS.items()):
        sound = render(packages, FLUID, notes, program=program, channel=9)
        for note, (label, _, name, velocity) in zip(notes, asked, strict=True):
            start = round(note.start * SAMPLE_RATE)
            samples = tidy(sound[start : start + 2 * SAMPLE_RATE])
            text = name if velocity == max(VELOCITIES) else f"{name} soft"
            if samples is not None:
                yield hit(f"FluidR3 {kit}", text, label, FLUID.source, samples)


def layered(packages: Path, kit: Kit) -> Iterator[Made]:
    """The hits of a kit; layers of loudness are counted from the softest."""
    asked = [
        (label, key, name if len(velocities) == 1 else f"{name} {layer}", velocity)
        for label, velocities, entries in kit.played
        for key, name in (entry.split(" ", 1) for entry in entries.split(", "))
        for layer, velocity in enumerate(sorted(velocities), start=1)
    ]
    notes = [Note(2.5 * i, 2.0, int(key), v) for i, (_, key, _, v) in enumerate(asked)]
    sound = render(packages, kit.soundfont, notes, program=kit.program, channel=kit.channel)
    for note, (label, _, text, _) in zip(notes, asked, strict=True):
        start = round(note.start * SAMPLE_RATE)
        samples = tidy(sound[start : start + 2 * SAMPLE_RATE])
        if samples is not None:
            yield hit(kit.name, text, label, kit.soundfont.source, samples)


def is_copy(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether one hit is the other, shifted or scaled: by normalised cross-correlation."""
    size = 2 * SAMPLE_RATE
    together = np.fft.irfft(np.fft.rfft(x, size) * np.conj(np.fft.rfft(y, size)))
    return bool(np.abs(together).max() > SAME * np.linalg.norm(x) * np.linalg.norm(y))


def build(packages: Path) -> Iterator[Made]:
    """Every hit that is no copy, from a folder into which the packages were unpacked."""
    kept: list[Made] = []
    later = (made for kit in (*MUSESCORE_KITS, *AVL_KITS) for made in layered(packages, kit))
    for made in (*sonic_pi(packages), *hydrogen(packages), *fluid(packages), *later):
        alike = (other for other in kept if other.label == made.label)
        if not any(is_copy(made.samples, other.samples) for other in alike):
            kept.append(made)
            yield made
