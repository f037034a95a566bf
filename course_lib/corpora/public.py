"""Larger public corpora, fetched on demand into a cache outside the project.

An archive is downloaded once, checked against a SHA-256 that is written here, unpacked beside its
final place and moved there whole: a corpus is complete or absent. Needs a network the first time.
"""

from __future__ import annotations

import csv
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pooch
import rich.console
import rich.progress

from course_lib.corpora.catalogue import Catalogue, read_manifest, write_manifest
from course_lib.corpora.splits import fraction

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class PublicCorpus:
    """A corpus that others publish: where it is, what it must hash to, how to read it.

    Attributes
    ----------
    name : folder of the corpus in the cache
    url : of a tar archive
    sha256 : of that archive
    top : the folder that the archive holds
    licence : its terms
    about : lists the recordings of an unpacked corpus, as rows of a manifest
    """

    name: str
    url: str
    sha256: str
    top: str
    licence: str
    about: Callable[[Path], Iterator[dict[str, str]]] = field(repr=False)

    def fetch(self, cache: Path | None = None, *, progress: bool = True) -> Catalogue:
        """Return the corpus, downloaded and unpacked on first use.

        Parameters
        ----------
        cache : folder to keep it in; the user's cache folder by default
        progress : show progress on standard error

        Raises
        ------
        ConnectionError
            Where the archive cannot be downloaded.
        ValueError
            For an archive that is damaged, is not the expected one, or reaches outside its folder.
        """
        cache = pooch.os_cache("audio-generation-course") if cache is None else cache
        home = cache / self.name
        if not home.is_dir():
            archive = self._download(cache, progress)
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{self.name}.") as scratch:
                unpack(archive, Path(scratch), progress=progress)
                write_manifest(self._check_top(Path(scratch)), self._rows(Path(scratch)))
                (Path(scratch) / self.top).rename(home)
            archive.unlink()
        return read_manifest(home)

    def _download(self, cache: Path, progress: bool) -> Path:
        file = PurePosixPath(self.url).name
        bar = _Bar(file, quiet=not progress)
        try:
            return Path(
                pooch.retrieve(
                    self.url,
                    known_hash=f"sha256:{self.sha256}",
                    fname=file,
                    path=cache,
                    downloader=pooch.HTTPDownloader(progressbar=bar),
                )
            )
        except OSError as error:
            raise ConnectionError(
                f"could not download {self.url} ({error}); call again with a network, "
                f"or put the archive at {cache / file}"
            ) from error
        except ValueError as error:
            raise ValueError(
                f"need an archive with SHA-256 {self.sha256}, but {self.url} gave another: it was "
                "cut short or altered on the way, or its publisher replaced it; call again"
            ) from error
        finally:
            bar.close()

    def _check_top(self, scratch: Path) -> Path:
        if not (scratch / self.top).is_dir():
            raise ValueError(f"need a folder {self.top} in the archive of {self.name}, got none")
        return scratch / self.top

    def _rows(self, scratch: Path) -> Iterator[dict[str, str]]:
        common = {"collection": "speech", "language": "en", "licence": self.licence}
        for row in self.about(scratch / self.top):
            yield {**common, "source": self.name, **row}


def unpack(archive: Path, folder: Path, *, progress: bool = False) -> None:
    """Unpack a tar archive into a folder, refusing whatever would reach outside it.

    Raises
    ------
    ValueError
        For a member with an absolute path, a path or link that leaves the folder, a device, or
        an archive that is damaged or not a tar archive.
    """
    console = rich.console.Console(stderr=True, quiet=not progress)
    try:
        with tarfile.open(archive, "r|*") as tar:  # a stream: seeking in bzip2 is slow
            for member in rich.progress.track(tar, f"unpacking {archive.name}", console=console):
                if PurePosixPath(member.name).is_absolute():
                    raise ValueError(f"{archive.name} holds the absolute path {member.name!r}")
                tar.extract(member, folder, filter="data")
    except tarfile.FilterError as error:
        raise ValueError(f"{archive.name} reaches outside its folder: {error}") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ValueError(f"{archive.name} is not a whole tar archive: {error}") from error


class _Bar:
    """A rich progress bar in the form that pooch drives."""

    def __init__(self, file: str, *, quiet: bool) -> None:
        self.total = 0
        self._file = file
        self._progress = rich.progress.Progress(
            *rich.progress.Progress.get_default_columns(),
            rich.progress.DownloadColumn(),
            console=rich.console.Console(stderr=True, quiet=quiet),
        )

    def update(self, amount: int) -> None:
        if not self._progress.tasks:
            self._progress.start()
            self._progress.add_task(f"fetching {self._file}", total=self.total or None)
        self._progress.advance(self._progress.task_ids[0], amount)

    def reset(self) -> None:
        if self._progress.tasks:
            self._progress.reset(self._progress.task_ids[0])

    def close(self) -> None:
        self._progress.stop()


def _about_fsdd(top: Path) -> Iterator[dict[str, str]]:
    """Files are called digit_speaker_take.wav; the publishers' test set is takes 0 to 4."""
    for path in sorted((top / "recordings").glob("*.wav")):
        digit, speaker, take = path.stem.split("_")
        split = "test" if int(take) < 5 else "validation" if int(take) < 10 else "train"
        yield {
            "path": f"recordings/{path.name}",
            "label": "digit",
            "text": WORDS[int(digit)],
            "voice": speaker,
            "split": split,
        }


def _about_lj_speech(top: Path) -> Iterator[dict[str, str]]:
    """metadata.csv holds id|as written|as spoken; the split is ours, by a hash of the id."""
    with open(top / "metadata.csv", encoding="utf-8", newline="") as file:
        for name, _, spoken in csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE):
            place = fraction(name)
            yield {
                "path": f"wavs/{name}.wav",
                "label": "sentence",
                "text": spoken,
                "voice": "Linda Johnson",
                "split": "test" if place < 0.05 else "validation" if place < 0.1 else "train",
            }


# The checksum that TensorFlow Datasets publishes for this archive (spoken_digit/checksums.tsv).
FSDD = PublicCorpus(
    name="fsdd-1.0.9",
    url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/v1.0.9.tar.gz",
    sha256="8bc44cde129d505cbbb6b365c09f80c663f2aa77578afc634e6141a2f87100c0",
    top="free-spoken-digit-dataset-1.0.9",
    licence="CC-BY-SA-4.0",
    about=_about_fsdd,
)
# The checksum that torchaudio publishes for this archive (torchaudio.datasets.LJSPEECH).
LJ_SPEECH = PublicCorpus(
    name="ljspeech-1.1",
    url="https://data.keithito.com/data/speech/LJSpeech-1.1.tar.bz2",
    sha256="be1a30453f28eb8dd26af4101ae40cbf2c50413b1bb21936cbcdc6fae3de8aa5",
    top="LJSpeech-1.1",
    licence="public domain",
    about=_about_lj_speech,
)


def fsdd(cache: Path | None = None, *, progress: bool = True) -> Catalogue:
    """Fetch the Free Spoken Digit Dataset: 8 kHz, English digits by several speakers, 12 MB.

    Jackson et al. (2018), https://doi.org/10.5281/zenodo.1342401, version 1.0.9.
    See `PublicCorpus.fetch` for the parameters and errors.
    """
    return FSDD.fetch(cache, progress=progress)


def lj_speech(cache: Path | None = None, *, progress: bool = True) -> Catalogue:
    """Fetch LJ Speech 1.1: 22.05 kHz, 24 hours of one voice reading English books, 2.7 GB.

    Ito and Johnson (2017), https://keithito.com/LJ-Speech-Dataset/.
    See `PublicCorpus.fetch` for the parameters and errors.
    """
    return LJ_SPEECH.fetch(cache, progress=progress)
