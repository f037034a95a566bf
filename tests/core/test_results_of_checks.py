"""A check returns what the course computes with: nobody goes on with the argument as it came.

np.uint8 wraps around at 256, np.float32 rounds, and numpy refuses both where it wants an int.
"""

import ast
from pathlib import Path

import pytest

import course_lib

CHECKS = {"check_count", "check_number", "check_order", "check_orders", "check_windows"}
PACKAGE = Path(course_lib.__file__).parent
NOT_YET = (
    "audio/",
    "training/",
    "zoo/",
    "corpora/",
    "cli/",
    "applications/lossless",
    "models/sequence/talker",
)
FILES = [
    path
    for path in sorted(file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py"))
    if not path.startswith(NOT_YET)
]


def dropped_results(source: str) -> list[str]:
    """Return the calls of a check whose argument is read again afterwards, as it came.

    A name has to be bound to what its check returned; an attribute has to be settled.
    """
    functions = [f for f in ast.walk(ast.parse(source)) if isinstance(f, ast.FunctionDef)]
    return [
        ast.unparse(call)
        for function in functions
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in CHECKS
        and call.args
        and _drops(function, call)
    ]


def _drops(function: ast.FunctionDef, call: ast.Call) -> bool:
    around = [node for node in ast.walk(function) if any(call is leaf for leaf in ast.walk(node))]
    if isinstance(call.args[0], ast.Attribute | ast.Call):  # self.order, getattr(self, name)
        return function.name == "__post_init__" and "settle" not in {
            node.func.id
            for node in around
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
    argument = call.args[0]
    if not isinstance(argument, ast.Name):
        return False
    bound = {
        leaf.id
        for node in around
        if isinstance(node, ast.Assign)
        for target in node.targets
        for leaf in ast.walk(target)
        if isinstance(leaf, ast.Name)
    } | {node.target.id for node in around if isinstance(node, ast.NamedExpr)}
    return argument.id not in bound and any(
        node.id == argument.id and (node.lineno, node.col_offset) > (call.lineno, call.col_offset)
        for node in _read(function)
        if node is not argument
    )


def _read(function: ast.FunctionDef) -> list[ast.Name]:
    """The names that are read, but for `x is None`, which asks nothing of a number."""
    asked = {
        id(leaf)
        for node in ast.walk(function)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot)
        for leaf in ast.walk(node)
    }
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in asked
    ]


@pytest.mark.parametrize("path", FILES)
def test_nobody_goes_on_with_an_argument_as_it_came(path):
    assert dropped_results((PACKAGE / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("body", "dropped"),
    [
        ("check_count(n, 'n')\n    return n", True),
        ("if check_count(n, 'n') > 3:\n        raise ValueError\n    return 2 * n", True),
        ("return range(check_count(n, 'n')), n", True),
        ("n = check_count(n, 'n')\n    return n", False),
        ("n, m = check_count(n, 'n'), 2\n    return n", False),
        ("return range(check_count(n, 'n'))", False),
    ],
)
def test_the_search_finds_what_it_should(body, dropped):
    assert bool(dropped_results(f"def f(n):\n    {body}\n")) == dropped


def test_the_search_finds_settings_that_are_not_settled():
    inside = "class A:\n    def __post_init__(self):\n        {}\n"
    assert dropped_results(inside.format("check_count(self.n, 'n')"))
    assert not dropped_results(inside.format("settle(self, n=check_count(self.n, 'n'))"))
