"""Running the course: execute notebooks with a progress display, then write pages or outputs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from course_lib.core import checkout
from course_lib.editions.chapters import Chapter, build_folder
from course_lib.editions.execute import NotebookFailed, Outcome, execute_all, on_this_machine
from course_lib.editions.notebooks import store
from course_lib.editions.pages import write_index, write_page


def pages_folder() -> Path:
    """Return build/html in the checkout; in the current folder where that is read-only.

    An installed copy, too, writes into the current folder.
    """
    pages = build_folder() / "html"
    there = next(folder for folder in pages.parents if folder.exists())
    return pages if os.access(there, os.W_OK) else Path("build/html").resolve()


def run_course(
    chosen: Sequence[Chapter],
    course: Sequence[Chapter],
    *,
    pages: Path | None,
    stop_early: bool = False,
) -> list[NotebookFailed]:
    """Execute the chosen chapters, and write their pages or, in place, their stored outputs.

    A notebook that fails does not stop the others. What comes of a notebook is written as soon as
    its last cell is done, and stays, whatever becomes of the rest: its page, or its outputs in
    the notebook itself. One that fails stays as it was, and so does a page of an earlier run.
    index.html is there at the start and brought up to date at the end.

    Parameters
    ----------
    chosen : what is executed
    course : all chapters, which the pages name and link
    pages : the folder for the pages; None to store the outputs in the notebooks instead
    stop_early : whether the first failure stops the others

    Returns
    -------
    list
        What failed and why, in the order of the chapters.

    Raises
    ------
    ValueError
        Where a notebook is broken; nothing has run then.
    OSError
        Where no kernel starts, or a file cannot be written.
    """
    console = Console()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("cells"),
        TimeElapsedColumn(),
        TextColumn("left about"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    tasks = {
        chapter: progress.add_task(chapter.stem, total=None, start=False) for chapter in chosen
    }

    first_is_news = len(chosen) > 1  # while others still run

    def on_cell(chapter: Chapter, done: int, count: int) -> None:
        progress.start_task(tasks[chapter])
        progress.update(tasks[chapter], completed=done, total=count)

    def on_done(outcome: Outcome) -> None:
        nonlocal first_is_news
        progress.remove_task(tasks[outcome.chapter])
        console.print(f"{outcome.chapter.stem}: {_summary(outcome)}", highlight=False)
        if isinstance(outcome, NotebookFailed):
            return
        if pages is None:
            store(outcome.chapter, outcome.notebook)
        else:
            page = write_page(outcome, course, pages)
            if first_is_news:
                console.print(
                    f"ready to be heard, while others run: {page}", soft_wrap=True, highlight=False
                )
            first_is_news = False

    def execute() -> list[Outcome]:
        with progress:
            return execute_all(
                chosen,
                at_once=on_this_machine(),
                on_cell=on_cell,
                on_done=on_done,
                stop_early=stop_early,
            )

    if pages is None:
        _check_writable(chosen)
        outcomes = execute()
    else:
        index = write_index(course, pages)  # so that a folder that cannot be written says so now
        try:
            outcomes = execute()
        finally:
            write_index(course, pages)
        console.print(f"open {index}", soft_wrap=True, highlight=False)
    return [outcome for outcome in outcomes if isinstance(outcome, NotebookFailed)]


def _summary(outcome: Outcome) -> str:
    if isinstance(outcome, NotebookFailed):
        return "failed"
    memory = "" if outcome.memory is None else f", {outcome.memory / 2**20:,.0f} MB"
    return f"{outcome.seconds:.1f} s, claims held: {outcome.claims}{memory}"


def _check_writable(chapters: Sequence[Chapter]) -> None:
    if checkout() is None:
        raise PermissionError(
            "cannot store outputs in the notebooks of an installed copy; run it without "
            "--in-place, or clone the course"
        )
    for folder in {chapter.path.parent for chapter in chapters}:
        if not os.access(folder, os.W_OK):
            raise PermissionError(
                f"cannot store outputs in {folder}, which is read-only; copy the course to "
                "a folder of your own, or run it without --in-place"
            )
