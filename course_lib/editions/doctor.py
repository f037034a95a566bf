"""What this machine has of all that the course needs, and what to do where something is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import llvmlite.binding
import soundfile
import torch

from course_lib import corpora, zoo
from course_lib.core import sha256
from course_lib.corpora.catalogue import data_folder
from course_lib.editions.chapters import chapters, notebooks_folder
from course_lib.editions.site.build import NEEDED, PYTHON
from course_lib.zoo.store import CARD, WEIGHTS

STORED_WITH = "2.13.0"
"""The torch with which the outputs in the notebooks were made; constraints.txt pins it."""

DISK, MEMORY = 2 * 2**30, 2 * 2**30
"""Bytes: of disk, what pages, caches and a training run take; of memory, what a chapter may."""

EXTRAS = {
    "browser": ("playwright",),
    "distributed": ("lightning_fabric",),
    "recogniser": ("pocketsphinx",),
    "site": NEEDED,
}
"""What some people need, and the modules that each extra of the distribution brings."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True)
class Finding:
    """What one look found.

    state : "well"; "missing", what some people need and others do not; or "broken"
    told : what is there, in a few words
    advice : what to do about it; empty where all is well
    """

    name: str
    state: Literal["well", "missing", "broken"]
    told: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything that the course needs, one after the other.

    A look that raises is a finding, too: it is broken, and the error says why.
    """
    for name, look in LOOKS.items():
        try:
            yield look(name)
        except (OSError, ValueError, ImportError, metadata.PackageNotFoundError) as error:
            what, _, advice = str(error).partition("; ")
            yield Finding(name, "broken", " ".join(what.split()), " ".join(advice.split()))
    for extra, modules in EXTRAS.items():
        yield _extra(extra, modules)


def _python(name: str) -> Finding:
    told = f"{platform.python_version()} on {platform.platform(terse=True)}, {sys.executable}"
    return Finding(name, "well", told)


def _processor(name: str) -> Finding:
    features = llvmlite.binding.get_host_cpu_features()
    known = [f for f in ("sse4.2", "avx", "avx2", "fma", "avx512f", "neon") if features.get(f)]
    told = f"{os.cpu_count()} cores, {platform.machine()} ({', '.join(known) or 'no vectors'})"
    return Finding(name, "well", f"{told}, torch computes as {_capability()}")


def _capability() -> str:
    return torch.backends.cpu.get_cpu_capability()


def _torch(name: str) -> Finding:
    version = torch.__version__
    device = "CUDA" if torch.cuda.is_available() else "no GPU, and none is needed"
    if version.partition("+")[0] == STORED_WITH:
        return Finding(name, "well", f"{version}, {device}")
    told = f"{version}, {device}; the notebooks' outputs were made with {STORED_WITH}"
    return Finding(name, "well", told, "figures may differ in their last digits; claims hold")


def _jupyter(name: str) -> Finding:
    parts = ("jupyterlab", "ipykernel", "nbconvert", "nbgrader")
    return Finding(name, "well", ", ".join(f"{part} {metadata.version(part)}" for part in parts))


def _sound(name: str) -> Finding:
    lacking = [kind for kind in ("FLAC", "MP3", "OGG") if kind not in soundfile.available_formats()]
    told = soundfile.__libsndfile_version__
    if lacking:
        advice = "pip install --force-reinstall soundfile, whose wheel has libsndfile 1.1 or newer"
        return Finding(name, "broken", f"libsndfile {told} writes no {', '.join(lacking)}", advice)
    return Finding(name, "well", f"libsndfile {told} reads and writes FLAC, MP3 and Ogg")


def _chapters(name: str) -> Finding:
    return Finding(name, "well", f"{len(chapters())} in {notebooks_folder()}")


def _recordings(name: str) -> Finding:
    catalogue = corpora.catalogue()
    catalogue.verify()
    return Finding(name, "well", f"{len(catalogue)} as the manifest lists them, {data_folder()}")


def _networks(name: str) -> Finding:
    names = zoo.names()
    damaged = []
    for network in names:
        folder = data_folder() / "zoo" / network
        stored = zoo.card(network)["weights"]["sha256"]
        if not (folder / WEIGHTS).is_file() or sha256(folder / WEIGHTS) != stored:
            damaged.append(network)
    if damaged or not names:
        advice = "git restore data/zoo, or pip install audio-generation-course-data again"
        return Finding(name, "broken", f"weights are not their {CARD}'s: {damaged}", advice)
    return Finding(name, "well", f"{len(names)} with weights as their cards say")


def _disk(name: str) -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    told = f"{free / 2**30:.1f} GB free in {Path.cwd()}"
    if free < DISK:
        return Finding(
            name, "broken", told, f"make room: pages and runs take {DISK / 2**30:.0f} GB"
        )
    return Finding(name, "well", told)


def _memory(name: str) -> Finding:
    free = free_memory()
    if free is None:
        return Finding(name, "well", "this system does not tell how much is free")
    told = f"{free / 2**30:.1f} GB free"
    if free < MEMORY:
        return Finding(
            name, "broken", told, f"close something: a chapter may take {MEMORY / 2**30:.0f} GB"
        )
    return Finding(name, "well", told)


def free_memory(status: Path = Path("/proc/meminfo")) -> int | None:
    """Return how many bytes a new program may take; None where the system has no such file."""
    if not status.is_file():
        return None
    for line in status.read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _browser(name: str) -> Finding:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        return Finding(name, "missing", "no Chromium", "only `make test-browser` wants one")
    return Finding(name, "well", found)


def _extra(extra: str, modules: tuple[str, ...]) -> Finding:
    name = f"extra [{extra}]"
    lacking = [module for module in modules if find_spec(module) is None]
    if not lacking:
        return Finding(name, "well", ", ".join(modules))
    advice = f"pip install 'audio-generation-course[{extra}]' where you need it"
    if extra == "site" and sys.version_info < PYTHON:
        advice = f"needs Python {'.'.join(map(str, PYTHON))} or newer"
    return Finding(name, "missing", f"no {', '.join(lacking)}", advice)


LOOKS: dict[str, Callable[[str], Finding]] = {
    "Python": _python,
    "processor": _processor,
    "torch": _torch,
    "Jupyter": _jupyter,
    "sound files": _sound,
    "chapters": _chapters,
    "recordings": _recordings,
    "networks": _networks,
    "disk": _disk,
    "memory": _memory,
    "Chromium": _browser,
}
"""What is looked at, and by whom; the extras follow."""
