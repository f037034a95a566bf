"""The house is in order: every module has its tests, and nothing has outgrown its room."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "course_lib"
MODULES = sorted(
    path.relative_to(PACKAGE).as_posix()
    for path in PACKAGE.rglob("*.py")
    if path.name != "__init__.py"
)

TESTED_ELSEWHERE: dict[str, str] = {}
"""Modules without a test file of their own, and the file that tests each."""

STILL_LONG: dict[str, int] = {}
"""Files over the limit, and how long they may be meanwhile."""

LINES, BODY = 450, 60


def test_every_module_has_its_tests():
    def own(module: str) -> Path:
        return ROOT / "tests" / Path(module).with_name(f"test_{Path(module).name}")

    lacking = [name for name in MODULES if not own(name).is_file()]
    assert sorted(TESTED_ELSEWHERE) == lacking
    for module, file in TESTED_ELSEWHERE.items():
        dotted = f"course_lib.{module.removesuffix('.py').replace('/', '.')}"
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        package, _, name = dotted.rpartition(".")
        assert dotted in text or (package in text and name in text), f"{file} never says {dotted}"


def test_every_test_file_has_its_module():
    for path in (ROOT / "tests").glob("*/**/test_*.py"):
        inside = path.relative_to(ROOT / "tests")
        module = inside.with_name(inside.name.removeprefix("test_")).as_posix()
        assert module in MODULES or inside.as_posix() in OF_THEIR_OWN, f"{inside} tests no module"


@pytest.mark.parametrize("module", MODULES)
def test_no_file_outgrows_its_room(module):
    lines = (PACKAGE / module).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= STILL_LONG.get(module, LINES)


def bodies(tree: ast.AST):
    """Yield each function's name and the lines of its body, without documentation."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            documented = ast.get_docstring(node) is not None
            first = node.body[1:] if documented else node.body
            if first:
                yield node.name, first[-1].end_lineno - first[0].lineno + 1


@pytest.mark.parametrize("module", MODULES)
def test_a_body_fits_a_screen(module):
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    long = {name: lines for name, lines in bodies(tree) if lines > BODY}
    assert long.keys() <= STILL_LONG_BODIES.get(module, set())


def test_contributing_names_every_package():
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = told.split("```")[3].splitlines()
    named = {word for line in table for word in line[:28].replace("|", " ").split()}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert named == packages
    families = {path.parent.name for path in (PACKAGE / "models").glob("*/__init__.py")}
    (row,) = [line for line in table if "families:" in line]
    assert {name.strip() for name in row.split("families:")[1].split(",")} == families
