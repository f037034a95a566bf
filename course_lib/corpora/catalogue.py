"""The recordings in data/: what there is, by name and by kind, and how to load it."""

from __future__ import annotations

import csv
import functools
import io
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, overload

import soundfile

from course_lib import audio
from course_lib.audio import Clip
from course_lib.core import (
    check_count,
    check_number,
    checkout,
    installed_data,
    nearest,
    sha256,
    write_text,
)

FILTERS = ("collection", "label", "text", "voice", "language", "split")
SPLITS = ("train", "validation", "test")
RESTORE = "restore the data folder (git restore data) or install audio-generation-course-data again"
COLUMNS = (
    *("path", "collection", "label", "text", "voice", "language"),
    *("seconds", "sample_rate", "sha256", "source", "licence", "split"),
)


@dataclass(frozen=True)
class Recording:
    """One recording: a row of the manifest, and the file that it names.

    Attributes
    ----------
    name : path below the data folder without its ending, such as ``speech/en/digits/7``
    collection : speech, percussion or music
    label : what kind it is: digit, letter, phrase, ...; kick, snare, ...; melody or recorded
    text : the words spoken, the name of the hit, or the title of the melody or recording
    voice : who sounds: a speaker, a drum kit, an instrument, or a musician
    language : of speech, as a code such as en; empty elsewhere
    seconds, sample_rate : length, and samples a second in Hz
    sha256 : of the file
    source, licence : where it comes from, and on what terms
    split : train, validation or test
    path : the file
    """

    name: str
    collection: str
    label: str
    text: str
    voice: str
    language: str
    seconds: float
    sample_rate: int
    sha256: str
    source: str
    licence: str
    split: str
    path: Path

    def load(self, sample_rate: int | None = None) -> Clip:
        """Read the sound, at its own sample rate or resampled to another.

        The first time that a process reads a file, it checks the file's sha256.

        Raises
        ------
        FileNotFoundError
            Where the file is missing.
        TypeError, ValueError
            For an altered file, or a sample rate that is not a whole number of at least 1 Hz.
        """
        _check_unaltered(self.path, self.sha256)
        clip = audio.read(self.path)
        return clip if sample_rate is None else audio.resample(clip, sample_rate)


class Catalogue:
    """An unchanging sequence of recordings: iterate, index by place or name, select by kind.

    Raises
    ------
    ValueError
        Where two recordings have the same name.
    """

    def __init__(self, recordings: Iterable[Recording]) -> None:
        self._recordings = tuple(recordings)
        self._by_name = {recording.name: recording for recording in self._recordings}
        if len(self._by_name) < len(self._recordings):
            names = [recording.name for recording in self._recordings]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"need different names, but these came twice: {', '.join(twice)}")

    def __len__(self) -> int:
        return len(self._recordings)

    def __iter__(self) -> Iterator[Recording]:
        return iter(self._recordings)

    def __repr__(self) -> str:
        return f"Catalogue({len(self)} recordings, {self.seconds / 60:.1f} min)"

    @property
    def seconds(self) -> float:
        """Length of all recordings together, in seconds."""
        return sum(recording.seconds for recording in self._recordings)

    @overload
    def __getitem__(self, key: str | int) -> Recording: ...
    @overload
    def __getitem__(self, key: slice) -> Catalogue: ...
    def __getitem__(self, key: str | int | slice) -> Recording | Catalogue:
        """Return the recording of that name or place, or a catalogue of a slice.

        Raises
        ------
        KeyError
            For a name that is not here; the message offers the nearest ones.
        IndexError
            For a place beyond the last.
        """
        if isinstance(key, slice):
            return Catalogue(self._recordings[key])
        if not isinstance(key, str):
            return self._recordings[key]
        if key not in self._by_name:
            raise KeyError(f"no recording is called {key!r}; {nearest(key, self._by_name)}")
        return self._by_name[key]

    def values(self, column: str) -> tuple[str, ...]:
        """Return the different values of a column, sorted: ``values("label")``.

        Raises
        ------
        ValueError
            For a column that cannot be selected by.
        """
        if column not in FILTERS:
            raise ValueError(f"need one of the columns {', '.join(FILTERS)}, got {column!r}")
        return tuple(sorted({getattr(recording, column) for recording in self._recordings}))

    def select(self, **filters: str | Collection[str] | None) -> Catalogue:
        """Return the recordings that fit every filter; a filter of None fits everything.

        Parameters
        ----------
        collection, label, text, voice, language, split : a value, or a list of which any will do

        Raises
        ------
        TypeError
            For a filter that is not one of these, or is not text.
        ValueError
            For a value that no recording here has, or filters that no recording fits together.
        """
        chosen = self._recordings
        for column, wanted in filters.items():
            if column not in FILTERS:
                raise TypeError(f"need filters among {', '.join(FILTERS)}, got {column!r}")
            if wanted is None:
                continue
            allowed = self._check_values(column, wanted)
            chosen = tuple(r for r in chosen if getattr(r, column) in allowed)
        if not chosen:
            said = ", ".join(f"{column}={wanted!r}" for column, wanted in filters.items())
            raise ValueError(f"no recording fits {said} together; drop one of the filters")
        return Catalogue(chosen)

    def _check_values(self, column: str, wanted: Any) -> set[str]:
        allowed = set(wanted) if isinstance(wanted, list | tuple | set) else {wanted}
        known = self.values(column)
        for value in sorted(allowed - set(known), key=str):
            if not isinstance(value, str):
                raise TypeError(f"need text for {column}, or a list of texts, got {value!r}")
            raise ValueError(f"no recording has {column}={value!r}; {nearest(value, known)}")
        return allowed

    def verify(self) -> None:
        """Check every file against its sha256.

        Raises
        ------
        ValueError
            Where files are missing or altered; the message names them.
        """
        missing = [r.name for r in self if not r.path.is_file()]
        altered = [r.name for r in self if r.path.is_file() and sha256(r.path) != r.sha256]
        if missing or altered:
            raise ValueError(
                f"need the recordings that the manifest lists, but missing: {missing or 'none'}, "
                f"altered: {altered or 'none'}; {RESTORE}"
            )


@functools.cache
def _check_unaltered(path: Path, expected: str) -> None:
    """Refuse a file that is not the manifest's; what has passed once is not looked at again."""
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not there"
        raise FileNotFoundError(f"need a recording, but {path} is {what}; {RESTORE}")
    if sha256(path) != expected:
        raise ValueError(
            f"need the recording that the manifest lists, but {path} has been altered; {RESTORE}"
        )


def data_folder() -> Path:
    """Return the folder with the recordings and the trained networks.

    It is $COURSE_DATA where that is set; otherwise data/ of the checkout that the package runs
    from; otherwise the installed package ``audio-generation-course-data``.

    Raises
    ------
    FileNotFoundError
        Where none of the three is there, or $COURSE_DATA names a folder without a manifest.
    """
    given = os.environ.get("COURSE_DATA")
    repository = checkout()
    places = (
        [Path(given)]  # an address that was given and is wrong is a mistake, not a wish for another
        if given
        else [repository and repository / "data", installed_data()]
    )
    for folder in places:
        if folder is not None and (folder / "manifest.csv").is_file():
            return folder.resolve()
    named = f"COURSE_DATA names {given}, where" if given else "COURSE_DATA is not set, and"
    elsewhere = "" if given else " beside course_lib or in a package audio-generation-course-data"
    raise FileNotFoundError(
        f"need the course's recordings, but {named} there is no manifest.csv{elsewhere}; "
        "set COURSE_DATA to the data folder of a checkout, or unset it and run course_lib from a "
        "checkout or pip install audio-generation-course-data"
    )


def read_manifest(folder: Path) -> Catalogue:
    """Return the catalogue that a folder's manifest.csv describes.

    Raises
    ------
    FileNotFoundError
        Where there is no manifest.
    ValueError
        For a manifest with other columns, or a row that cannot be so: with values missing or too
        many, not printable, out of range, or with a path that leads out of the folder.
    """
    manifest = folder / "manifest.csv"
    content = manifest.read_bytes()
    try:
        text = io.StringIO(content.decode("utf-8"), newline="")
        reader = csv.DictReader(text, restkey="too much", strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"need the columns {', '.join(COLUMNS)}, got {reader.fieldnames}")
        return Catalogue([_recording(row, folder, reader.line_num) for row in reader])
    except (csv.Error, ValueError) as error:
        raise ValueError(f"{manifest} is damaged: {error}; {RESTORE}") from error


def _recording(row: dict[str, Any], folder: Path, line: int) -> Recording:
    """Return what a row of the manifest says, or name the row that cannot be so."""
    try:
        if row.keys() != set(COLUMNS) or None in row.values():
            raise ValueError(f"need {len(COLUMNS)} values in a row")
        for column, text in row.items():
            if not text.isprintable():
                raise ValueError(f"need printable text for {column}, got {text!r}")
        path = _inside(row.pop("path"))
        if row["split"] not in SPLITS:
            raise ValueError(f"need a split out of {', '.join(SPLITS)}, got {row['split']!r}")
        if not re.fullmatch("[0-9a-f]{64}", row["sha256"]):
            raise ValueError(f"need 64 hexadecimal digits for sha256, got {row['sha256']!r}")
        seconds = check_number(float(row.pop("seconds")), "seconds", above=0)
        sample_rate = check_count(int(row.pop("sample_rate")), "sample_rate")
    except ValueError as error:
        raise ValueError(f"row that ends in line {line}: {error}") from error
    return Recording(
        name=str(path.with_suffix("")),
        path=folder / path,
        seconds=seconds,
        sample_rate=sample_rate,
        **row,
    )


def _inside(text: str) -> PurePosixPath:
    """Return a path that stays below the folder that it is joined to, on every system."""
    path = PurePosixPath(text)
    outside = path.is_absolute() or ".." in path.parts or PureWindowsPath(text).drive
    if outside or "\\" in text or not path.name:
        raise ValueError(f"need a path below the data folder, with / between, got {text!r}")
    return path


def write_manifest(folder: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write a folder's manifest.csv, sorted by path, measuring each file that a row names.

    Parameters
    ----------
    folder : where the files are
    rows : all columns but seconds, sample_rate and sha256, which come from the file
    """
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: row["path"]):
        info = soundfile.info(folder / row["path"])
        measured = {
            "seconds": f"{info.frames / info.samplerate:.4f}",
            "sample_rate": str(info.samplerate),
            "sha256": sha256(folder / row["path"]),
        }
        writer.writerow({**row, **measured})
    write_text(folder / "manifest.csv", file.getvalue())


_read_once = functools.cache(read_manifest)


def catalogue() -> Catalogue:
    """Return every recording of the course, read once."""
    return _read_once(data_folder())


def speech(**filters: str | Collection[str] | None) -> Catalogue:
    """Select spoken recordings: ``speech(language="en", split="test")``; see `Catalogue.select`."""
    return catalogue().select(collection="speech", **filters)


def percussion(**filters: str | Collection[str] | None) -> Catalogue:
    """Select drum hits: ``percussion(label="snare", split="test")``; see `Catalogue.select`."""
    return catalogue().select(collection="percussion", **filters)


def music(**filters: str | Collection[str] | None) -> Catalogue:
    """Select melodies and recorded music: ``music(voice="violin")``, ``music(label="recorded")``.

    See `Catalogue.select`.
    """
    return catalogue().select(collection="music", **filters)


def load(name: str, sample_rate: int | None = None) -> Clip:
    """Load one recording by name: ``load("speech/en/digits/7", sample_rate=8000)``.

    Raises
    ------
    KeyError
        For an unknown name.
    TypeError, ValueError
        As `Recording.load`.
    """
    return catalogue()[name].load(sample_rate)
