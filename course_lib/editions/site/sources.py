"""What Sphinx reads: one folder with everything that becomes a page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat

from course_lib.core import write_text
from course_lib.corpora.catalogue import data_folder
from course_lib.editions.chapters import Chapter
from course_lib.editions.site.measured import measured_page
from course_lib.editions.site.networks import network_pages
from course_lib.editions.site.notebooks import site_notebook
from course_lib.editions.site.reference import package_pages

INDEX = """\
# Audio Generation, from Autoregression to Diffusion

Machines that make sound, from a weighted sum of sixteen numbers to neural networks: each chapter
brings one more model, lets you hear it, measures it on recordings that it has not seen, and
compares it with somebody else's implementation.

These pages show the course as it was run. To change a cell and hear what comes of it, take the
course to your own machine, where `make lab` opens it in JupyterLab.

## Chapters

{listing}

## Beside the chapters

- [Glossary](glossary.md): every term in one sentence.
- [Trained networks](networks/index.md): what each learned from, what it cost, and how it scores.
- [Measurements](measurements.md): the models on the same sound, and speed against other libraries.
- [The recordings](recordings.md): who spoke and played, and under which licences.
- [The library](reference/index.rst): the docstrings of `course_lib`.

```{{toctree}}
:hidden:
:caption: Chapters

{chapters}
```

```{{toctree}}
:hidden:
:caption: Beside the chapters

glossary
networks/index
measurements
recordings
reference/index
```
"""


def write_sources(course: Sequence[Chapter], folder: Path, heard: Mapping[str, str]) -> None:
    """Write what Sphinx reads into `folder`; a page that has not changed keeps its date.

    What an earlier run wrote and this one does not is removed, so that no page stays behind.

    Parameters
    ----------
    course : the chapters
    folder : of the sources
    heard : the HTML of each network's players, by its name
    """
    pages = {
        "index.md": _index(course),
        "glossary.md": glossary(_beside(course, "GLOSSARY.md"), course),
        "measurements.md": measured_page(data_folder()),
        "recordings.md": (data_folder() / "README.md").read_text(encoding="utf-8"),
        **{f"notebooks/{c.path.name}": nbformat.writes(site_notebook(c)) for c in course},
        **{f"networks/{name}.md": page for name, page in network_pages(course, heard).items()},
        **{f"reference/{name}.rst": page for name, page in package_pages().items()},
    }
    for name, content in pages.items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_text(target, content)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in pages:
            path.unlink()


def _beside(course: Sequence[Chapter], name: str) -> str:
    return (course[0].path.parent / name).read_text(encoding="utf-8")


def _index(course: Sequence[Chapter]) -> str:
    lines = []
    for chapter in course:
        title, minutes = chapter.describe()
        link = f"[{title}](notebooks/{chapter.path.name})"
        lines.append(f"- {link}" + (f", {minutes} minutes" if minutes else ""))
    entries = "\n".join(f"notebooks/{chapter.stem}" for chapter in course)
    return INDEX.format(listing="\n".join(lines), chapters=entries)


def glossary(table: str, course: Sequence[Chapter]) -> str:
    """Return the glossary with an anchor at each term, and links to the chapters it names."""
    stems = {chapter.number: chapter.stem for chapter in course}

    def row(cells: re.Match[str]) -> str:
        term, number = cells["term"], cells["chapter"]
        anchor = "term-" + re.sub(r"\W+", "-", term.lower()).strip("-")
        link = f"[{number}](notebooks/{stems[number]}.ipynb)" if number in stems else number
        return f"| [{term}]{{#{anchor}}} | {cells['sentence']} | {link} |"

    pattern = r"^\| (?P<term>.+?) \| (?P<sentence>.+) \| (?P<chapter>\d\d) \|"
    return re.sub(pattern, row, table, flags=re.MULTILINE)
