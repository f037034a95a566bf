"""Readable pages: one HTML file a notebook and an index, complete without a network."""

from __future__ import annotations

import html
import os
import re
import shutil
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

import jupyter_server_mathjax
from filelock import FileLock
from nbconvert import HTMLExporter

from course_lib.core import replacing, write_text
from course_lib.editions.chapters import Chapter
from course_lib.editions.execute import Result

# JupyterLab's look, with MathJax from the folder beside the page instead of the network.
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<script type="text/x-mathjax-config">
MathJax.Hub.Config({
  tex2jax: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]],
            displayMath: [["$$", "$$"], ["\\\\[", "\\\\]"]],
            processEscapes: true, processEnvironments: true},
  TeX: {equationNumbers: {autoNumber: "AMS", useLabelIds: true}},
  "HTML-CSS": {availableFonts: [], preferredFont: null, imageFont: null, webFont: "STIX-Web",
               linebreaks: {automatic: true}},
  "fast-preview": {disabled: true}, showMathMenu: false, messageStyle: "none"
});
</script>
<link rel="icon" href="data:,">
<script src="mathjax/MathJax.js?config=TeX-AMS-MML_HTMLorMML-full,Safe"></script>
{%- endblock -%}
{%- block body_header -%}
{{ super() }}
<nav aria-label="Chapters" style="max-width:60em;margin:1em auto;font-family:sans-serif">
{{ resources.course_navigation }}
</nav>
{%- endblock -%}
"""

INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Audio Generation, from Autoregression to Diffusion</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto;
       padding: 0 1rem; }}
li {{ margin: 0.4rem 0; }}
small {{ opacity: 0.75; }}
</style>
</head>
<body>
<main>
<h1>Audio Generation, from Autoregression to Diffusion</h1>
<ul style="list-style:none;padding:0">
{items}
</ul>
</main>
</body>
</html>
"""


def write_page(result: Result, course: Sequence[Chapter], folder: Path) -> Path:
    """Write the page of one executed notebook into `folder`, and return its path.

    Images and sounds are inside the page; its formulas need the folder's mathjax/. A link to
    another chapter leads to that chapter's page, and one to another file of the course to the
    file where it lies.
    """
    exporter = HTMLExporter(
        template_name="lab", raw_template=TEMPLATE, embed_images=True, anchor_link_text="#"
    )
    resources = {
        "metadata": {"name": result.chapter.describe()[0]},
        "course_navigation": _navigation(result.chapter, course),
    }
    body, _ = exporter.from_notebook_node(result.notebook, resources=resources)
    page = folder / f"{result.chapter.stem}.html"
    write_text(page, _with_links_from(body, result.chapter, course, folder))
    bring_mathjax(folder)
    return page


def bring_mathjax(folder: Path) -> None:
    """Put MathJax into `folder`, unless it is there already, and complete.

    One process at a time does so. A part of it, which an older version of the course left behind
    when it was killed, is replaced.
    """
    source, target = Path(jupyter_server_mathjax.__file__).parent / "static", folder / "mathjax"
    with FileLock(folder / ".mathjax.lock"):
        if _files(source) <= _files(target):
            return
        shutil.rmtree(target, ignore_errors=True)
        try:
            with replacing(target) as temporary:
                shutil.copytree(source, temporary)
        except shutil.Error as errors:  # it has one line for each of 600 files
            raise OSError(f"cannot write {target}: {errors.args[0][0][2]}") from errors


def _files(folder: Path) -> set[tuple[Path, int]]:
    return {
        (path.relative_to(folder), path.stat().st_size)
        for path in folder.rglob("*")
        if path.is_file()
    }


def _with_links_from(page: str, chapter: Chapter, course: Sequence[Chapter], folder: Path) -> str:
    """Return a page in `folder` whose links lead where they led from the notebook."""
    pages = {other.path.name: f"{other.stem}.html" for other in course}

    def moved(link: re.Match[str]) -> str:
        name, anchor = link["name"], link["anchor"]
        file = chapter.path.parent / urllib.parse.unquote(name)
        if file.name in pages and file.parent.resolve() == chapter.path.parent.resolve():
            name = pages[file.name]
        elif file.exists():
            name = urllib.parse.quote(Path(os.path.relpath(file, folder)).as_posix())
        return f'<a href="{name}{anchor}"'

    # not an address such as https://..., and not one that begins with a slash
    return re.sub(r'<a href="(?P<name>[^"#:/][^"#:]*)(?P<anchor>(?:#[^"]*)?)"', moved, page)


def write_index(course: Sequence[Chapter], folder: Path) -> Path:
    """Write index.html, which lists every chapter and links those that have a page."""
    items = []
    for chapter in course:
        title, minutes = chapter.describe()
        name = f"{chapter.number} &nbsp; {html.escape(title)}"
        if (folder / f"{chapter.stem}.html").exists():
            name = f'<a href="{chapter.stem}.html">{name}</a>'
        items.append(f"<li>{name}{f' <small>{minutes} minutes</small>' if minutes else ''}</li>")
    page = folder / "index.html"
    write_text(page, INDEX.format(items="\n".join(items)))
    return page


def _navigation(chapter: Chapter, course: Sequence[Chapter]) -> str:
    place = list(course).index(chapter)
    links = ['<a href="index.html">contents</a>']
    if place > 0:
        links.append(f'<a href="{course[place - 1].stem}.html">← {course[place - 1].number}</a>')
    if place + 1 < len(course):
        links.append(f'<a href="{course[place + 1].stem}.html">{course[place + 1].number} →</a>')
    return " · ".join(links)
