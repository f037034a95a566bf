"""The pages of the trained networks: what stands on each card, and who uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from course_lib import zoo
from course_lib.editions.chapters import Chapter


def network_pages(course: Sequence[Chapter], heard: Mapping[str, str]) -> dict[str, str]:
    """Return a Markdown page for every network of the zoo, by its name; "index" lists them.

    Parameters
    ----------
    course : the chapters, of which a page names those that load its network
    heard : the HTML of players, by the network's name
    """
    cards = {name: zoo.card(name) for name in zoo.names()}
    code = {chapter: _code(chapter) for chapter in course}
    users = {name: [c for c in course if f'"{name}"' in code[c]] for name in cards}
    rows = [f"| [{name}]({name}.md) | {card['headline']} |" for name, card in cards.items()]
    index = [
        "# Trained networks",
        "",
        'Each comes with the course: `zoo.load("NAME")` returns it, and `course train NAME` trains'
        " it anew.",
        "",
        *("| network | how well |", "|---|---|", *rows, ""),
        *("```{toctree}", ":hidden:", "", *cards, "```"),
    ]
    pages = {
        name: network_page(card, users[name], heard.get(name, "")) for name, card in cards.items()
    }
    return {"index": "\n".join(index) + "\n", **pages}


def network_page(card: Mapping[str, Any], users: Sequence[Chapter], heard: str = "") -> str:
    """Return the page of one network as Markdown: players, its card in tables, and who uses it."""
    title, text = card["name"], card["about"]
    lines = [f"# {title}", "", f"{text[:1].upper()}{text[1:]}.", "", f"**{card['headline']}**", ""]
    if heard:  # in a division, as the site's style knows players from the chapters
        lines += ["## What it sounds like", "", f'<div class="cell_output">{heard}</div>', ""]
    if users:
        links = [f"- [{c.describe()[0]}](../notebooks/{c.path.name})" for c in users]
        lines += ["To be heard in", "", *links, ""]
    training, weights = card["training"], card["weights"]
    facts = {
        "class": f"`{card['model']}`",
        "weights": f"{weights['numbers']:,} numbers in {weights['stored as']}",
        "licence": card.get("licence"),
        "voices and credit": ", ".join(card.get("credit", ())),
        "trained for": _time(training["seconds"]),
        "on": ", ".join(training.get("hardware", ())),
    }
    lines += [*_table(facts), ""]
    parts = {
        "How well it does": card["scores"],
        "What it learned from": card.get("corpus", {}),
        "Its configuration": card["configuration"],
        "How it was trained": training.get("schedule") or {},
    }
    for heading, part in parts.items():
        lines += [f"## {heading}", "", *_table(dict(_flat(part))), ""]
    return "\n".join(lines)


def _code(chapter: Chapter) -> str:
    """Return the code of a chapter, in which it names the networks that it loads."""
    cells = json.loads(chapter.path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def _table(facts: Mapping[str, object]) -> list[str]:
    rows = [f"| {name} | {_told(value)} |" for name, value in facts.items() if value is not None]
    return ["| entry | value |", "|---|---|", *rows]


def _time(seconds: float) -> str:
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _flat(part: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """Yield the entries of nested tables, each with the way to it as its name."""
    for name, value in part.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}: ")
        else:
            yield f"{before}{name}", value


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    return str(value).replace("|", "\\|")
