"""Executing notebooks: one kernel each, a few at a time."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets import default

from course_lib.editions.chapters import Chapter
from course_lib.editions.notebooks import read

CELL_SECONDS = 600
"""How long one cell may take before the run gives up on it."""

CELL_TEXT = 1_000_000
"""How many characters of text one cell may print."""

NOTEBOOK_OUTPUT = 20_000_000
"""How many characters all outputs of a notebook may have, pictures and sounds among them."""

LEFT_OUT = "[the rest of this output is left out: it is too long for a page]"

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

    def __init__(self, chapter: Chapter, reason: str) -> None:
        super().__init__(f"{chapter.path.name}, {reason}")
        self.chapter = chapter


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


Outcome = Result | NotebookFailed
"""What becomes of a notebook."""


class _ThisPython(KernelSpecManager):
    """Kernels run in this Python, whatever other kernels the machine has under that name."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir="", **get_kernel_dict())


class _Channels(AsyncKernelClient):
    """The ways to speak to a kernel, without the thread that listens to its heart.

    The manager knows whether the process lives; and where that thread is told to stop before it
    has begun, it opens sockets until there are no more.
    """

    def start_channels(
        self,
        shell: bool = True,
        iopub: bool = True,
        stdin: bool = True,
        hb: bool = False,
        control: bool = True,
    ) -> None:
        super().start_channels(shell, iopub, stdin, hb, control)


class _Kernel(AsyncKernelManager):
    """A kernel in this Python, spoken to in the context that it is given."""

    @default("client_factory")
    def _use_few_channels(self) -> type[AsyncKernelClient]:
        return _Channels

    @default("kernel_spec_manager")
    def _use_this_python(self) -> KernelSpecManager:
        return _ThisPython()

    def client(self, **settings: Any) -> Any:
        return super().client(context=self.context, **settings)


class _Client(NotebookClient):
    """A client that leaves out what a cell or a notebook puts out beyond the limits."""

    def reset_execution_trackers(self) -> None:
        super().reset_execution_trackers()
        self._text: Counter[int] = Counter()  # characters by cell
        self._output = 0
        self._cut: set[int] = set()  # cells of which something is left out

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        content = msg["content"]
        size = len(content.get("text", "")) + sum(
            len(str(value)) for value in content.get("data", {}).values()
        )
        plain = "text" in content or content.get("data", {}).keys() == {"text/plain"}
        room = NOTEBOOK_OUTPUT - self._output
        if plain:
            room = min(room, CELL_TEXT - self._text[cell_index])
        if size > room:
            if cell_index in self._cut:
                return None
            self._cut.add(cell_index)
            kept = content.get("text", "")[:room]
            stream = {"name": content.get("name", "stdout"), "text": f"{kept}\n{LEFT_OUT}\n"}
            header = {**msg["header"], "msg_type": "stream"}
            msg = {**msg, "header": header, "msg_type": "stream", "content": stream}
            size = len(kept)
        self._output += size
        self._text[cell_index] += size if plain else 0
        return super().output(outs, msg, display_id, cell_index)


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
    on_done: Callable[[Outcome], None],
    stop_early: bool = False,
) -> list[Outcome]:
    """Execute the chapters' notebooks, in order and `at_once` at a time.

    Parameters
    ----------
    on_cell : called with a chapter, the cells done and the number of cells
    on_done : called with each outcome, in the order in which notebooks finish or fail
    stop_early : whether the first failure stops the others; they then have no outcome

    Returns
    -------
    list
        What became of each notebook that ran, in the order of the chapters.

    Raises
    ------
    ValueError
        Where a file is not a notebook; nothing has run then.
    ChildProcessError
        Where a kernel does not start, which is the machine's fault and not a notebook's.
    """
    notebooks = [read(chapter) for chapter in chapters]
    outcomes: dict[Chapter, Outcome] = {}

    async def run() -> None:
        gate = asyncio.Semaphore(at_once)
        tasks: list[asyncio.Task[None]] = []

        async def one(chapter: Chapter, notebook: NotebookNode) -> None:
            async with gate:
                try:
                    outcomes[chapter] = await _execute(chapter, notebook, on_cell)
                except NotebookFailed as failure:
                    outcomes[chapter] = failure
            on_done(outcomes[chapter])
            if stop_early and isinstance(outcomes[chapter], NotebookFailed):
                for task in tasks:
                    task.cancel()

        async with asyncio.TaskGroup() as group:
            for chapter, notebook in zip(chapters, notebooks, strict=True):
                tasks.append(group.create_task(one(chapter, notebook)))

    try:
        # Windows has another loop by default, which cannot listen to kernels.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(run())
    except ExceptionGroup as errors:  # the first stopped the others
        raise errors.exceptions[0] from None
    return [outcomes[chapter] for chapter in chapters if chapter in outcomes]


async def _execute(
    chapter: Chapter, notebook: NotebookNode, on_cell: Callable[[Chapter, int, int], None]
) -> Result:
    started = time.perf_counter()
    task = asyncio.current_task()
    assert task is not None
    async with _kernel(notebook, chapter.path.parent) as client:
        for index, cell in enumerate(notebook.cells):
            try:
                await client.async_execute_cell(
                    cell, index, execution_count=client.code_cells_executed + 1
                )
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                if task.cancelling():
                    raise asyncio.CancelledError from error  # nbclient takes it for a dead kernel
                raise NotebookFailed(chapter, _explain(cell, index, error)) from error
            if task.cancelling():  # asyncio.wait_for of Python 3.11 may swallow it inside nbclient
                raise asyncio.CancelledError
            on_cell(chapter, index + 1, len(notebook.cells))
        memory = await _peak_memory(client)
    seconds = time.perf_counter() - started
    return Result(chapter, notebook, seconds, count_claims(notebook), memory)


@asynccontextmanager
async def _kernel(notebook: NotebookNode, folder: Path) -> AsyncIterator[NotebookClient]:
    """Start a kernel for a notebook, and leave nothing of it behind, whatever happens.

    Its connection file and its last words go to a folder of its own, for the user's may be
    read-only.
    """
    async with AsyncExitStack() as stack:
        place = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="course-kernel-", ignore_cleanup_errors=True)
            )
        )
        words = stack.enter_context((place / "words.txt").open("w+", errors="replace"))
        context = zmq.asyncio.Context()
        stack.callback(context.destroy, linger=0)
        manager = _Kernel(context=context, connection_file=str(place / "kernel.json"))
        stack.push_async_callback(_to_the_end, manager.shutdown_kernel, now=True)
        client = _Client(
            notebook,
            km=manager,
            timeout=CELL_SECONDS,
            resources={"metadata": {"path": str(folder)}},
            coalesce_streams=True,
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        stack.callback(_stop_channels, client)
        try:
            await client.async_start_new_kernel(
                env=kernel_environment(os.environ), stdout=words, stderr=words
            )
            await client.async_start_new_kernel_client()
        except (OSError, RuntimeError, zmq.ZMQError) as error:
            words.seek(0)
            reason = [str(error), *filter(None, map(str.strip, words))][-1]
            raise ChildProcessError(
                f"no kernel starts, so that no notebook can run: {textwrap.shorten(reason, 300)}; "
                "it needs room in the temporary folder, the network interface 127.0.0.1, and "
                "`python -m ipykernel_launcher --version` to work"
            ) from error
        yield client


def _stop_channels(client: NotebookClient) -> None:
    if client.kc is not None:  # the kernel got as far as that
        client.kc.stop_channels()


async def _to_the_end(work: Callable[..., Awaitable[None]], **settings: Any) -> None:
    """Await some work, even where the task that waits for it is cancelled meanwhile."""
    task = asyncio.ensure_future(work(**settings))
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    task.result()


async def _peak_memory(client: NotebookClient) -> int | None:
    assert client.kc is not None
    message = client.kc.execute("", silent=True, user_expressions={"peak": PEAK_MEMORY})
    reply = await client.async_wait_for_reply(message)
    answer: dict[str, Any] = (reply or {}).get("content", {}).get("user_expressions", {})
    peak = answer.get("peak", {})
    return int(peak["data"]["text/plain"]) if peak.get("status") == "ok" else None


def _explain(cell: NotebookNode, index: int, error: Exception) -> str:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if isinstance(error, CellTimeoutError):
        reason = f"took longer than {CELL_SECONDS} s"
    elif isinstance(error, CellExecutionError):
        reason = f"{error.ename}: {textwrap.shorten(error.evalue, 500)}"
    else:
        reason = "the kernel died, perhaps for want of memory"
    return f"cell {index + 1} (`{lines[0]}`): {reason}"


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


def on_this_machine() -> int:
    """Return how many notebooks run at once: two, where there are two processors."""
    return min(2, os.cpu_count() or 1)
