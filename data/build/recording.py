"""What the three builders share: a recording on its way to disk, and the tools that carry it there.

`ffmpeg` decodes, `flac` encodes; both are deterministic, so two builds give the same files.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SAMPLE_RATE = 16_000


@dataclass(frozen=True)
class Source:
    """Where recordings come from, and on what terms."""

    name: str
    credit: str
    licence: str


@dataclass(frozen=True)
class Made:
    """One finished recording: samples in [-1, 1], and what the manifest says about it."""

    name: str
    label: str
    text: str
    voice: str
    language: str
    split: str
    source: Source
    samples: np.ndarray


def decode(path: Path, *options: str) -> np.ndarray:
    """Any sound file as 16 kHz mono float64, through ffmpeg; options say how to read the file."""
    command = ["ffmpeg", "-nostdin", "-v", "error", *options, "-i", str(path)]
    command += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "f32le", "-"]
    done = subprocess.run(command, check=True, capture_output=True)
    return np.frombuffer(done.stdout, "<f4").astype(np.float64)


def write_flac(path: Path, made: Made) -> None:
    """Write as 16 bits, as small as `flac` can, with title, credit and licence inside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = {"TITLE": made.text, "ARTIST": made.source.credit, "LICENSE": made.source.licence}
    command = ["flac", "--silent", "--force", "-8", "--exhaustive-model-search"]
    command += ["--qlp-coeff-precision-search", "--no-padding", "--no-seektable"]
    command += ["--force-raw-format", "--endian=little", "--sign=signed", "--channels=1"]
    command += ["--bps=16", f"--sample-rate={SAMPLE_RATE}"]
    command += [f"--tag={key}={value}" for key, value in tags.items()]
    raw = np.round(made.samples * 32768).clip(-32768, 32767).astype("<i2").tobytes()
    subprocess.run([*command, "-o", str(path), "-"], input=raw, check=True)
