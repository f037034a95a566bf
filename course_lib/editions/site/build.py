"""Building the site: what it is made of, handed to Sphinx."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from course_lib import zoo
from course_lib.core import replacing
from course_lib.editions.chapters import Chapter
from course_lib.editions.site.sounds import network_players
from course_lib.editions.site.sources import write_sources

CONFIGURATION = Path(__file__).parent
"""The folder of conf.py."""

SPHINX = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
"""The command; a warning is an error, and all of them are told."""

PYTHON = (3, 12)
"""The oldest Python for which the Sphinx that the site needs exists."""

NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_copybutton", "mathjax")
"""The modules that the extra `site` brings."""


def check_tools() -> None:
    """Check that Sphinx and what the site needs beside it are here.

    Raises
    ------
    ModuleNotFoundError
        Where they are not; the message says what would bring them.
    """
    here = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info < PYTHON:
        raise ModuleNotFoundError(
            f"the site needs Python 3.12 or newer, for Sphinx 9.1.1, and this is Python {here}; "
            "delete .venv and try: make site PYTHON=python3.12"
        )
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ModuleNotFoundError(
            f"the site needs {', '.join(missing)}; pip install 'audio-generation-course[site]'"
        )


def build_site(course: Sequence[Chapter], folder: Path) -> None:
    """Build the site of a course into `folder`, from the outputs that its notebooks hold.

    Every link inside is relative: the folder may be moved, opened without a server, or hold
    another language in a folder of its own, such as zh/.

    Raises
    ------
    ModuleNotFoundError
        Where Sphinx or what the site needs beside it is missing.
    ChildProcessError
        Where Sphinx warns of anything, such as a link that leads nowhere; it has said of what.
    """
    check_tools()
    sources = folder.with_name(f"{folder.name}-sources")
    write_sources(course, sources, _sounds())
    cache = folder.with_name(f"{folder.name}-cache")
    places = ["-c", str(CONFIGURATION), "-d", str(cache), str(sources), str(folder)]
    done = subprocess.run([*SPHINX, *places], check=False)
    if done.returncode:
        raise ChildProcessError("Sphinx has something to say about the pages; see above")


def _sounds() -> dict[str, str]:
    """Return the players of each network, and say how long they took to make."""
    start = time.process_time()
    heard = {name: network_players(name) for name in zoo.names()}
    seconds = time.process_time() - start
    print(f"sounds of {len(heard)} networks: {seconds:.0f} s of processor time", flush=True)
    return heard


def pack_site(folder: Path, target: Path) -> None:
    """Pack a site that was built into a ZIP file, to be read offline: begin at its index.html.

    Raises
    ------
    FileNotFoundError
        Where there is no site in `folder`.
    """
    if not (folder / "index.html").is_file():
        raise FileNotFoundError(f"there is no site in {folder}; `make site` builds one")
    with (
        replacing(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{target.stem}/{path.relative_to(folder).as_posix()}")
