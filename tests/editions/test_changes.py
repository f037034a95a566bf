"""Which chapters a change touches."""

import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_lib.editions import changes
from course_lib.editions.changes import chapters_since, code_of, used_files
from course_lib.editions.chapters import chapters

MODULES = {
    "course_lib/__init__.py": "",
    "course_lib/core.py": "x = 1\n",
    "course_lib/models/__init__.py": "",
    "course_lib/models/ar.py": "from course_lib.core import x\n",
    "course_lib/models/hmm.py": "def late():\n    import course_lib.core\n",
    "course_lib/other.py": "y = 1\n",
    "data/one.txt": "1\n",
}

CODE = {"01_one": "from course_lib.models import ar", "02_two": "from course_lib.other import y"}


def git(folder, *words):
    names = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *names, *words], cwd=folder, check=True, capture_output=True)


def write(folder, stem, *cells):
    path = folder / "notebooks" / f"{stem}.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=list(cells))), encoding="utf-8")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A small course in a repository of its own."""
    for name, text in MODULES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    for stem, code in CODE.items():
        write(tmp_path, stem, new_markdown_cell("text"), new_code_cell(code))
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    monkeypatch.setattr(changes, "checkout", lambda: tmp_path)
    return tmp_path


def touched(root):
    return [c.number for c in chapters_since("HEAD", chapters(root / "notebooks"))]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("course_lib/core.py", ["01"]),  # through models/ar.py
        ("course_lib/models/ar.py", ["01"]),
        ("course_lib/models/hmm.py", []),
        ("course_lib/other.py", ["02"]),
        ("course_lib/__init__.py", ["01", "02"]),
        ("data/one.txt", ["01", "02"]),
    ],
)
def test_a_module_touches_the_chapters_that_need_it(root, name, expected):
    assert touched(root) == []
    (root / name).write_text("z = 2\n", encoding="utf-8")
    assert touched(root) == expected


def test_code_cells_count_and_text_does_not(root):
    write(root, "02_two", new_markdown_cell("other text"), new_code_cell(CODE["02_two"]))
    assert touched(root) == []
    write(root, "02_two", new_code_cell(CODE["02_two"] + "; y"))
    assert touched(root) == ["02"]


def test_a_new_chapter_counts(root):
    write(root, "03_three", new_code_cell("1"))
    git(root, "add", ".")
    assert touched(root) == ["03"]


def test_an_import_inside_a_function_counts(root):
    used = used_files("from course_lib.models.hmm import late", root)
    assert {"course_lib/models/hmm.py", "course_lib/core.py"} <= used


@pytest.mark.parametrize("revision", ["nowhere", "--output=x"])
def test_an_unknown_revision_is_refused(root, revision):
    with pytest.raises(ValueError, match="needs a revision that git knows"):
        chapters_since(revision, chapters(root / "notebooks"))
    assert not (root / "x").exists()


def test_an_installed_copy_has_no_revisions(monkeypatch):
    monkeypatch.setattr(changes, "checkout", lambda: None)
    with pytest.raises(ValueError, match="needs a checkout"):
        chapters_since("HEAD", [])


def test_the_code_of_a_notebook_is_its_cells_in_order():
    cells = [new_code_cell("a = 1"), new_markdown_cell("b"), new_code_cell("c = 2")]
    assert code_of(nbformat.writes(new_notebook(cells=cells))) == "a = 1\nc = 2"
