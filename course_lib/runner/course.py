"""Running the course: execute notebooks with a progress display, then write pages or outputs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from course_lib.core import write_text
from course_lib.runner.chapters import ROOT, Chapter
from course_lib.runner.execute import Result, execute_all, on_this_machine, tidy
from course_lib.runner.pages import write_index, write_page

PAGES = ROOT / "build" / "html"


def run_course(
    chosen: Sequence[Chapter],
    course: Sequence[Chapter],
    *,
    in_place: bool = False,
    pages: Path = PAGES,
) -> None:
    """Execute the chosen chapters, and write their pages or, in place, their stored outputs.

    Each page is written as soon as its notebook is done. Where a notebook fails, the ones done
    before it keep their pages, and the notebooks themselves stay as they were.

    Raises
    ------
    NotebookFailed
        At the first cell that fails.
    """
    console = Console()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks = {
        chapter: progress.add_task(chapter.stem, total=None, start=False) for chapter in chosen
    }

    def on_cell(chapter: Chapter, done: int, count: int) -> None:
        progress.start_task(tasks[chapter])
        progress.update(tasks[chapter], completed=done, total=count)

    def on_done(result: Result) -> None:
        progress.remove_task(tasks[result.chapter])
        memory = "" if result.memory is None else f", {result.memory / 2**20:,.0f} MB"
        console.print(
            f"{result.chapter.stem}: {result.seconds:.1f} s, claims held: {result.claims}{memory}",
            highlight=False,
        )
        if not in_place:
            write_page(result, course, pages)

    with progress:
        results = execute_all(chosen, at_once=on_this_machine(), on_cell=on_cell, on_done=on_done)
    if in_place:
        for result in results:
            store(result)
        console.print(f"stored the outputs of {len(results)} notebooks")
    else:
        console.print(f"open {write_index(course, pages)}", soft_wrap=True, highlight=False)


def store(result: Result) -> None:
    """Write an executed notebook over its source, with nothing in it that differs by run."""
    text = nbformat.writes(tidy(result.notebook))
    write_text(result.chapter.path, text + "\n")
