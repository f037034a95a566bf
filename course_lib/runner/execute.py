"""Executing notebooks: one kernel each, a few at a time, stopping at the first that fails."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from PIL import Image
from traitlets import default

from course_lib.runner.chapters import Chapter

CELL_SECONDS = 600
"""How long one cell may take before the run gives up on it."""

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

PEAK_MEMORY = (
    "(lambda status: int(status.read_text().split('VmHWM:')[1].split()[0]) * 1024"
    " if status.exists() else __import__('resource').getrusage(0).ru_maxrss)"
    "(__import__('pathlib').Path('/proc/self/status'))"
)
"""What a kernel evaluates to tell its peak memory in bytes.

On Linux getrusage will not do: it remembers how large the process was that started the kernel.
macOS has no /proc, and counts in bytes; Windows has neither, and does not tell."""


class NotebookFailed(Exception):
    """A notebook stopped: its name, the cell and the error, in one line."""


@dataclass(frozen=True)
class Result:
    """An executed notebook.

    notebook : with its outputs
    seconds : from the start of the kernel to the last cell
    claims : how many claims held
    memory : the kernel's peak in bytes; None where the system does not tell
    """

    chapter: Chapter
    notebook: NotebookNode
    seconds: float
    claims: int
    memory: int | None


class _ThisPython(KernelSpecManager):
    """Kernels run in this Python, whatever other kernels the machine has under that name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir="", **get_kernel_dict())


class _Kernel(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _use_this_python(self) -> KernelSpecManager:
        return _ThisPython()


def kernel_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which results do not depend on the machine.

    One thread a kernel, a fixed order of sets, figures in the page; and this Python's own
    packages, not those of a stray PYTHONPATH.
    """
    kept = {k: v for k, v in environment.items() if k not in ("MPLBACKEND", "PYTHONPATH")}
    return kept | dict.fromkeys(ONE_THREAD, "1") | {"PYTHONHASHSEED": "0"}


def execute_all(
    chapters: Sequence[Chapter],
    *,
    at_once: int,
    on_cell: Callable[[Chapter, int, int], None],
    on_done: Callable[[Result], None],
) -> list[Result]:
    """Execute the chapters' notebooks, in order and `at_once` at a time.

    Parameters
    ----------
    on_cell : called with a chapter, the cells done and the number of cells
    on_done : called with each result, in the order in which they finish

    Raises
    ------
    NotebookFailed
        At the first cell that fails; the other kernels are stopped.
    """

    async def run() -> list[Result]:
        gate = asyncio.Semaphore(at_once)

        async def one(chapter: Chapter) -> Result:
            async with gate:
                result = await _execute(chapter, on_cell)
            on_done(result)
            return result

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(chapter)) for chapter in chapters]
        return [task.result() for task in tasks]

    try:
        # Windows has another loop by default, which cannot listen to kernels.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(run())
    except* NotebookFailed as failures:
        raise failures.exceptions[0] from None


async def _execute(chapter: Chapter, on_cell: Callable[[Chapter, int, int], None]) -> Result:
    started = time.perf_counter()
    try:
        notebook = nbformat.read(chapter.path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise NotebookFailed(f"{chapter.path.name} cannot be read: {error}") from error
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_manager_class=_Kernel,
        resources={"metadata": {"path": str(chapter.path.parent)}},
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.reset_execution_trackers()
    task = asyncio.current_task()
    assert task is not None
    manager = client.create_kernel_manager()
    try:
        await client.async_start_new_kernel(env=kernel_environment(os.environ))
        await client.async_start_new_kernel_client()
        for index, cell in enumerate(notebook.cells):
            try:
                await client.async_execute_cell(
                    cell, index, execution_count=client.code_cells_executed + 1
                )
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                if task.cancelling():
                    raise asyncio.CancelledError from error  # nbclient takes it for a dead kernel
                raise NotebookFailed(_explain(chapter, cell, index, error)) from error
            if task.cancelling():  # asyncio.wait_for of Python 3.11 may swallow it inside nbclient
                raise asyncio.CancelledError
            on_cell(chapter, index + 1, len(notebook.cells))
        memory = await _peak_memory(client)
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if manager.has_kernel:
            await manager.shutdown_kernel(now=True)  # type: ignore[misc]
    seconds = time.perf_counter() - started
    return Result(chapter, notebook, seconds, count_claims(notebook), memory)


async def _peak_memory(client: NotebookClient) -> int | None:
    assert client.kc is not None
    message = client.kc.execute("", silent=True, user_expressions={"peak": PEAK_MEMORY})
    reply = await client.async_wait_for_reply(message)
    answer: dict[str, Any] = (reply or {}).get("content", {}).get("user_expressions", {})
    peak = answer.get("peak", {})
    return int(peak["data"]["text/plain"]) if peak.get("status") == "ok" else None


def _explain(chapter: Chapter, cell: NotebookNode, index: int, error: Exception) -> str:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if isinstance(error, CellTimeoutError):
        reason = f"took longer than {CELL_SECONDS} s"
    elif isinstance(error, CellExecutionError):
        reason = f"{error.ename}: {' '.join(error.evalue.split())}"
    else:
        reason = "the kernel died, perhaps for want of memory"
    return f"{chapter.path.name}, cell {index + 1} (`{lines[0]}`): {reason}"


def count_claims(notebook: NotebookNode) -> int:
    """Return how many claims held: the printed lines that begin with ✓, exercises left out."""
    text = "".join(
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )
    return len(re.findall(r"^✓ (?!\d\d\.\d)", text, re.MULTILINE))


def tidy(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook in the form that is stored: small, and the same after every run."""
    tidied = nbformat.from_dict(notebook)
    tidied.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in tidied.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = _with_palette(output.data["image/png"])
    tidied.nbformat, tidied.nbformat_minor = 4, 5
    return tidied


def _with_palette(png: str) -> str:
    """Return a base64 PNG with at most 64 colours on white, about a third of the size.

    One that has a palette already comes back as it is.
    """
    image = Image.open(io.BytesIO(base64.b64decode(png)))
    if image.mode == "P":
        return png
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image.convert("RGBA"))
    file = io.BytesIO()
    small = page.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode("ascii")


def on_this_machine() -> int:
    """Return how many notebooks run at once: two, where there are two processors."""
    return min(2, os.cpu_count() or 1)
