"""Small tables of results: HTML in a notebook, aligned text elsewhere."""

from __future__ import annotations

import html
import numbers
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Rows of formatted cells under named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    caption: str = ""

    def __repr__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        text = [
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(line, widths, self.right, strict=True)
            ).rstrip()
            for line in lines
        ]
        text.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([self.caption, *text] if self.caption else text)

    def _repr_html_(self) -> str:
        align = ["right" if right else "left" for right in self.right]

        def line(cells: tuple[str, ...], tag: str) -> str:
            return "".join(
                f'<{tag} style="text-align:{side}">{html.escape(cell)}</{tag}>'
                for cell, side in zip(cells, align, strict=True)
            )

        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in self.rows)
        return (
            f"<table>{caption}<thead><tr>{line(self.columns, 'th')}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )


def table(
    rows: Sequence[Sequence[object]],
    columns: Sequence[str],
    caption: str = "",
    *,
    digits: int = 2,
) -> Table:
    """Return a table to display; numbers stand right-aligned, and None prints as —.

    Parameters
    ----------
    rows : one sequence of cells a row: text, numbers or None
    columns : the heading of each column, with its unit
    caption : what the table shows
    digits : how many decimals a fractional number gets

    Raises
    ------
    ValueError
        For no columns, or a row whose length differs from `columns`.
    """
    if not columns:
        raise ValueError("need at least one column heading, got none")
    for row in rows:
        if isinstance(row, str) or len(row) != len(columns):
            raise ValueError(f"need {len(columns)} cells a row ({', '.join(columns)}), got {row!r}")
    formatted = tuple(tuple(_cell(value, digits) for value in row) for row in rows)
    right = tuple(
        any(_is_number(row[i]) for row in rows)
        and all(_is_number(row[i]) or row[i] is None for row in rows)
        for i in range(len(columns))
    )
    return Table(tuple(columns), formatted, right, caption)


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _cell(value: object, digits: int) -> str:
    if value is None:
        return "—"
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return f"{int(value):,}"
    if _is_number(value):
        return f"{float(value):,.{digits}f}"  # type: ignore[arg-type]
    return str(value)
