"""Every notebook keeps the form that CONTRIBUTING.md describes, and every exercise can fail.

That the cells do what their outputs say is nbval's business (`make nbval`), not this file's.
"""

import ast
import base64
import importlib.util
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import soundfile
from nbformat import NotebookNode

from course_lib import teaching
from course_lib.editions.chapters import Chapter, chapters
from course_lib.editions.learners import clear_solutions
from course_lib.editions.notebooks import tidy
from course_lib.teaching.exercises import exercises, judge
from course_lib.teaching.player import SHORTEST_FLAC

ROOT = Path(__file__).resolve().parents[1]
TAGS = {"nbval-ignore-output"}
CLOSING = ["exercises", "summary", "misconceptions", "references"]
MACHINE_PATHS = re.compile(r"/home/|/Users/|/root/|/tmp/|/work/|[A-Z]:\\\\|site-packages")
WRONG_ANSWERS = ROOT / "tests" / "wrong_answers"

CHAPTERS = chapters()
EXERCISES = exercises()
ANSWERS = sorted(WRONG_ANSWERS.glob("*/*.py"))


@pytest.fixture(params=CHAPTERS, ids=lambda chapter: chapter.stem, scope="module")
def chapter(request: pytest.FixtureRequest) -> Chapter:
    return request.param


@pytest.fixture(scope="module")
def notebook(chapter: Chapter) -> NotebookNode:
    return nbformat.read(chapter.path, as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def calls(cell: NotebookNode, *names: str) -> list[ast.Call]:
    """Return the calls of functions of these names in a code cell."""
    return [
        node
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in names
    ]


def headings(notebook: NotebookNode) -> list[str]:
    """Return the second-level headings, in lower case."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return [heading.strip().lower() for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)]


def solved_exercises(notebook: NotebookNode) -> dict[str, tuple[NotebookNode, ast.expr]]:
    """Return, for each exercise, the cell with its solution and the answer that is checked."""
    found = {}
    cells = code_cells(notebook)
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if "BEGIN SOLUTION" not in cell.source:
            continue
        assert following is not None
        (check,) = calls(following, "check")
        identifier, answer = check.args
        assert isinstance(identifier, ast.Constant)
        assert identifier.value not in found, f"{identifier.value} is checked twice"
        found[identifier.value] = (cell, answer)
    return found


def test_every_cell_was_executed_in_order_and_shows_no_error(notebook: NotebookNode) -> None:
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert all(output.output_type != "error" for output in cell.outputs), cell.source


def test_nothing_to_be_shown_is_lost_before_the_last_line(notebook: NotebookNode) -> None:
    """A notebook displays the value of a cell's last line only."""
    shown = {"show_source", "player", "players", "table"}
    for cell in code_cells(notebook):
        before = ast.parse(cell.source).body[:-1]
        values = [line.value for line in before if isinstance(line, ast.Expr)]
        lost = [
            value
            for value in values
            if not isinstance(value, ast.Call) or getattr(value.func, "id", None) in shown
        ]
        assert not lost, cell.source


def test_commands_in_the_text_exist_after_the_first_cell(notebook: NotebookNode) -> None:
    """A reader who types what the text says, such as `hint("02.1")`, gets no NameError."""
    imported = {
        name.asname or name.name
        for node in ast.parse(code_cells(notebook)[0].source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    commands = set(re.findall(r"`(\w+)\(", text)) & set(teaching.__all__)
    assert commands <= imported, f"import {sorted(commands - imported)} in the first cell"


def test_it_is_stored_in_the_form_that_make_notebooks_writes(
    chapter: Chapter, notebook: NotebookNode
) -> None:
    stored = chapter.path.read_text(encoding="utf-8")
    same = stored == nbformat.writes(tidy(notebook)) + "\n"  # a diff would print every picture
    assert same, "run make notebooks"


def test_it_is_small(chapter: Chapter) -> None:
    assert chapter.path.stat().st_size < 900_000


def test_all_notebooks_together_are_small() -> None:
    assert sum(chapter.path.stat().st_size for chapter in CHAPTERS) < 16_000_000


def test_it_defines_nothing_that_the_library_has(notebook: NotebookNode) -> None:
    definitions = (ast.FunctionDef, ast.ClassDef)
    library = {
        node.name
        for path in (ROOT / "course_lib").rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, definitions)
    }
    defined = {
        node.name
        for cell in code_cells(notebook)
        for node in ast.parse(cell.source).body  # methods bear the names of what they offer
        if isinstance(node, definitions)
    }
    assert not defined & library


def test_its_tags_are_known(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        assert tags(cell) <= TAGS


def test_every_output_that_is_not_compared_is_guarded_by_a_claim(notebook: NotebookNode) -> None:
    unguarded = None
    for cell in notebook.cells:
        new_section = cell.cell_type == "markdown" and re.search(r"^#{1,2} ", cell.source, re.M)
        ignored = "nbval-ignore-output" in tags(cell)
        if new_section or ignored:
            assert unguarded is None, f"no claim follows the cell\n{unguarded}"
        if ignored:
            unguarded = cell.source
        elif cell.cell_type == "code" and calls(cell, "claim"):
            unguarded = None
    assert unguarded is None, f"no claim follows the cell\n{unguarded}"


def test_what_it_prints_is_fit_to_be_shown(notebook: NotebookNode) -> None:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.get("name") != "stderr", f"{cell.source}\nprints {output.text}"
            data = output.get("data", {})
            plain = "".join(output.get("text", "")) + data.get("text/plain", "")
            assert "✗" not in plain
            assert "○" not in plain
            assert not re.search(r"<Axes|<matplotlib|at 0x", plain), f"assign it: {cell.source}"


def test_its_cells_leave_no_trace_of_a_machine(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        outputs = cell.get("outputs", [])
        texts = [cell.source, *("".join(output.get("text", "")) for output in outputs)]
        texts += [output.get("data", {}).get("text/plain", "") for output in outputs]
        for text in texts:
            assert not MACHINE_PATHS.search(text), text


def test_its_cells_keep_to_plain_means(notebook: NotebookNode) -> None:
    for cell in code_cells(notebook):
        assert not cell.source.rstrip().endswith(";"), cell.source
        assert not re.search(r"display_id|clear_output|^\s*[%!]", cell.source, re.M), cell.source


def test_it_opens_with_a_title_a_box_and_something_to_hear(
    chapter: Chapter, notebook: NotebookNode
) -> None:
    opening = notebook.cells[0].source + "\n" + notebook.cells[1].source
    assert notebook.cells[0].source.startswith("# ")
    assert re.search(r"^>", opening, re.MULTILINE), "the box is a block quotation"
    assert chapter.describe()[1], "the box says '... minutes'"
    early = [cell for cell in notebook.cells[:10] if cell.cell_type == "code"]
    assert any(calls(cell, "player", "players") for cell in early)


def test_every_browser_plays_its_players(notebook: NotebookNode) -> None:
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    text = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    sounds = re.findall(r'<audio [^>]*src="data:audio/(\w+);base64,([^"]+)"', text)
    assert len(sounds) == text.count("<audio") > 0
    for kind, content in sounds:
        samples, _ = soundfile.read(io.BytesIO(base64.b64decode(content)))
        assert np.isfinite(samples).all()
        assert len(samples) >= (SHORTEST_FLAC if kind == "flac" else 1)


def test_it_closes_with_exercises_summary_misconceptions_and_references(
    notebook: NotebookNode,
) -> None:
    closing = headings(notebook)[-4:]
    for word, heading in zip(CLOSING, closing, strict=True):
        assert word in heading


def test_it_has_three_exercises_each_followed_by_its_check(
    chapter: Chapter, notebook: NotebookNode
) -> None:
    found = solved_exercises(notebook)
    assert len(found) >= 3
    assert list(found) == [f"{chapter.number}.{k + 1}" for k in range(len(found))]
    checks = [call for cell in code_cells(notebook) for call in calls(cell, "check")]
    assert len(checks) == len(found), "a check stands without a solution before it"
    printed = "".join(
        output.text
        for cell in code_cells(notebook)
        if calls(cell, "check")
        for output in cell.outputs
    )
    for identifier in found:
        assert f"✓ {identifier} " in printed


def test_a_cleared_exercise_is_not_done_yet_and_nothing_worse(notebook: NotebookNode) -> None:
    cleared = clear_solutions(notebook)
    imports = [
        node
        for cell in code_cells(cleared)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    for identifier, (cell, answer) in solved_exercises(notebook).items():
        (copy,) = [other for other in cleared.cells if other.id == cell.id]
        assert "SOLUTION" not in copy.source
        names: dict[str, object] = {}
        exec(compile(ast.Module(imports, []), "<imports>", "exec"), names)
        exec(copy.source, names)
        value = eval(compile(ast.Expression(answer), "<answer>", "eval"), names)
        assert judge(identifier, value).kind == "not done", identifier


def test_every_exercise_stands_in_a_notebook_and_has_a_check() -> None:
    found = [
        identifier
        for chapter in CHAPTERS
        for identifier in solved_exercises(nbformat.read(chapter.path, as_version=4))
    ]
    assert sorted(found) == sorted(EXERCISES)


@pytest.mark.parametrize("identifier", sorted(EXERCISES))
def test_every_exercise_has_three_wrong_answers(identifier: str) -> None:
    assert len([path for path in ANSWERS if path.parent.name == identifier]) >= 3


def test_every_wrong_answer_belongs_to_an_exercise() -> None:
    assert {path.parent.name for path in ANSWERS} <= set(EXERCISES)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_wrong_answer_is_told_what_is_wrong(path: Path) -> None:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.__doc__, "name the misconception in the docstring"
    verdict = judge(path.parent.name, module.answer, seconds=5)
    assert verdict.kind == "wrong", verdict
    assert len(verdict.message) > 20
