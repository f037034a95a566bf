"""How far a claim is from failing: the comparisons in its source, with both of their sides.

`claim` learns only that a comparison holds. Where the environment names a file for it
(`course run --margins`), the comparisons are evaluated once more where the claim stands, and the
nearest to its threshold is written down.
"""

from __future__ import annotations

import ast
import functools
import json
import operator
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import executing
import numpy as np

VARIABLE = "COURSE_MARGINS"
"""Names the file to which claims append their margins; nothing is measured where it is not set."""

ORDERS: dict[str, tuple[Callable[[Any, Any], Any], int]] = {
    "Lt": (operator.lt, 1),
    "LtE": (operator.le, 1),
    "Gt": (operator.gt, -1),
    "GtE": (operator.ge, -1),
}
"""What is measured, by name in the syntax tree, and the sign of right minus left where it holds."""


@dataclass(frozen=True)
class Margin:
    """What a claim measured, and how far that lies from its threshold.

    value, threshold : the two sides of the comparison
    distance : between them; negative where the comparison does not hold
    relative : the distance in units of the threshold
    reason : why a figure is None
    """

    value: float | None = None
    threshold: float | None = None
    distance: float | None = None
    relative: float | None = None
    reason: str | None = None


def record(file: Path, sentence: str, holds: bool, frame: FrameType) -> None:
    """Append a claim to a file of JSON lines: its cell's source, its sentence and its margin.

    `frame` is where `claim` was called.
    """
    row = {"cell": executing.Source.for_frame(frame).text, "sentence": sentence, "holds": holds}
    line = json.dumps(row | asdict(margin(holds, frame)))
    with file.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def margin(holds: bool, frame: FrameType) -> Margin:
    """Return the margin of the claim that is being called in `frame`.

    Every comparison that has to hold for the claim to hold is measured: those joined by ``and``,
    in ``all``, ``.all()`` and ``np.allclose``, and in what the claim's cell assigned to a name.
    The one with the smallest distance counts.
    """
    found = executing.Source.executing(frame)
    call, tree = found.node, found.source.tree
    if not isinstance(call, ast.Call) or tree is None:
        return Margin(reason="the call's source cannot be found")
    (truth,) = call.args[1:2] or [given.value for given in call.keywords if given.arg == "holds"]
    measured: list[Margin] = []
    expression = ast.Expression(_Instrument(tree, _place(call)).visit(truth))
    instruments = {
        "__compare": functools.partial(_compare, measured),
        "__close": functools.partial(_close, measured),
        "__exact": functools.partial(_exact, measured),
    }
    try:
        code = compile(ast.fix_missing_locations(expression), "<claim>", "eval")
        again = bool(eval(code, {**frame.f_globals, **frame.f_locals, **instruments}))
    except Exception as error:  # whatever a cell's own functions may raise: the row tells it
        return Margin(reason=f"evaluated again, it raises {type(error).__name__}: {error}")
    if again != holds:
        return Margin(reason="evaluated again, it comes out differently")
    known = [one for one in measured if one.distance is not None]
    if known:
        return min(known, key=_nearness)
    return measured[0] if measured else Margin(reason="it compares nothing")


class _Instrument(ast.NodeTransformer):
    """Let the comparisons that all have to hold measure themselves; leave the rest as it is."""

    def __init__(self, tree: ast.AST, place: tuple[int, int]) -> None:
        self.tree, self.place = tree, place

    def generic_visit(self, node: ast.AST) -> ast.AST:
        return node  # what is inside other expressions need not hold

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        signs = tuple(type(sign).__name__ for sign in node.ops)
        if not set(signs) <= ORDERS.keys():
            return _call("__exact", node)
        sides = [node.left, *node.comparators]
        fixed = tuple(not any(isinstance(n, ast.Name) for n in ast.walk(side)) for side in sides)
        return _call("__compare", _literal(signs), _literal(fixed), *sides)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        if isinstance(node.op, ast.Or):
            return node
        return ast.BoolOp(node.op, [self.visit(value) for value in node.values])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = ast.unparse(node.func)
        if name in ("bool", "all", "np.all") and node.args:
            return ast.Call(node.func, [self.visit(node.args[0]), *node.args[1:]], node.keywords)
        if name in ("np.allclose", "np.isclose", "torch.allclose", "torch.isclose"):
            return ast.Call(_call("__close", node.func), node.args, node.keywords)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("all", "item"):
            receiver = self.visit(node.func.value)
            method = ast.Attribute(receiver, node.func.attr, ast.Load())
            return ast.Call(method, node.args, node.keywords)
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        return ast.GeneratorExp(self.visit(node.elt), node.generators)

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        return ast.ListComp(self.visit(node.elt), node.generators)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Put what the same cell assigned to the name in its place."""
        bound = [
            other
            for other in ast.walk(self.tree)
            if isinstance(other, ast.Name)
            and other.id == node.id
            and isinstance(other.ctx, ast.Store)
            and _place(other) < self.place
        ]
        last = max(bound, key=_place, default=None)
        for assignment in ast.walk(self.tree):
            if isinstance(assignment, ast.Assign) and assignment.targets == [last]:
                return _Instrument(self.tree, _place(assignment)).visit(assignment.value)
        return node


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _literal(value: object) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body


def _place(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _compare(
    measured: list[Margin], names: tuple[str, ...], fixed: tuple[bool, ...], *sides: Any
) -> Any:
    """Return what the comparison of neighbouring sides gives, and measure it.

    The threshold is the right side, or the left one where only that is a `fixed` number.
    """
    results = []
    for k, name in enumerate(names):
        left, right = sides[k : k + 2]
        compare, sign = ORDERS[name]
        results.append(compare(left, right))
        if fixed[k] and not fixed[k + 1]:
            left, right, sign = right, left, -sign
        measured.append(_measure(left, right, sign, np.shape(results[-1])))
    return all(results) if len(results) > 1 else results[0]


def _close(measured: list[Margin], function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which measures the difference of two arrays against its tolerance."""

    def close(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, **settings: Any) -> Any:
        left, right = _numbers(a), _numbers(b)
        if left is not None and right is not None:
            difference, tolerance = np.abs(left - right), atol + rtol * np.abs(right)
            measured.append(_measure(difference, tolerance, 1, difference.shape))
        return function(a, b, rtol=rtol, atol=atol, **settings)

    return close


def _exact(measured: list[Margin], result: Any) -> Any:
    measured.append(Margin(reason="an equality or membership has no distance"))
    return result


def _measure(value: Any, threshold: Any, sign: int, shape: tuple[int, ...]) -> Margin:
    """Return the margin of ``value < threshold`` (sign 1) or ``value > threshold`` (sign -1).

    Of arrays the place counts that is nearest to its threshold.
    """
    values, thresholds = _numbers(value), _numbers(threshold)
    if values is None or thresholds is None:
        return Margin(reason=f"no numbers: {type(value).__name__}, {type(threshold).__name__}")
    values, thresholds = np.broadcast_arrays(values, thresholds)
    if values.shape != shape:
        return Margin(reason="sequences are compared by their order, not by their size")
    if values.size == 0:
        return Margin(reason="no numbers: the arrays are empty")
    values, thresholds = values.ravel(), thresholds.ravel()
    sizes = np.where(thresholds == 0, 1, np.abs(thresholds))
    with np.errstate(invalid="ignore"):  # infinities are told below
        distances = sign * (thresholds - values)
        place = int(np.argmin(distances / sizes))
    nearest, limit, distance = (float(a[place]) for a in (values, thresholds, distances))
    if not np.isfinite(distance):
        return Margin(reason=f"not finite: {nearest} and {limit}")
    if limit == 0:
        return Margin(nearest, limit, distance, reason="nothing is relative to a threshold of 0")
    return Margin(nearest, limit, distance, distance / abs(limit))


def _numbers(value: Any) -> np.ndarray | None:
    """Return a number, array or tensor in float64, or None for anything else."""
    if hasattr(value, "detach"):
        value = value.detach().double().numpy()
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged list
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None


def _nearness(one: Margin) -> float:
    assert one.distance is not None
    return one.distance if one.relative is None else one.relative
