"""The glossary: it holds what chapters define in bold, and chapters define what it holds."""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
GLOSSARY = NOTEBOOKS / "GLOSSARY.md"

HEADINGS = re.compile(r"\d|[^*]*[.?!:]$|an? |you |all |every |what |no |by |how ", re.IGNORECASE)
"""What stands in bold and is no term: numbers, sentences, the beginnings of paragraphs."""

EMPHASIS = {
    "00": {"judge sound", "make sound"},
    "01": {"Hold", "Linear", "Gaussian", "An independent implementation"},
    "02": {"code lengths are probabilities", "likelihood is not sound quality"},
    "03": {"sixteen numbers"},
    "04": {
        "Diagnose",
        "Estimate",
        "Identify",
        "ends after lag $q$",
        "of data",
        "recurrent neural network",
        "side branch",
    },
    "05": {"loudness"},
    "06": {"Symbols", "floor", "independently", "one set out", "one take out", "this voice"},
    "07": {
        "Symbols",
        "experts",
        "first two frames",
        "longer steps",
        "must not",
        "outline of a spectrum",
        "take a step",
        "the heads that the model expects, less the heads that there were",
        "the past move the biases",
    },
    "08": {"cliff", "one bit, remembered for ever"},
    "09": {"Symbols"},
    "10": {"Symbols", "real and made sounds alike, just before they are judged"},
    "11": {"two taps"},
    "12": {"Temperature 0", "Temperature 2"},
    "13": {"Listen", "backwards"},
    "14": {"deaf"},
    "15": {
        "Could one go the other way",
        "order",
        "responsibilities",
        "remove noise from a sound as well as possible",
    },
    "17": {"Symbols", "not", "nothing is ever rounded"},
    "18": {"Symbols"},
    "16": {"exactly as many numbers as samples", "recognises"},
}
"""Other words in bold that define nothing, by chapter."""


def entries() -> list[list[str]]:
    """Return term, sentence, chapter and Chinese term of each row."""
    rows = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1:]]


def bold(chapter: str) -> Iterator[str]:
    """Yield what stands in bold in the Markdown of a chapter and may be a term."""
    (path,) = NOTEBOOKS.glob(f"{chapter}_*.ipynb")
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            for span in re.findall(r"\*\*([^*]+)\*\*", cell.source):
                span = " ".join(span.split())
                if not HEADINGS.match(span) and span not in EMPHASIS.get(chapter, set()):
                    yield span


def same(span: str, term: str) -> bool:
    """Return whether what stands in bold names a term: it may be its plural or a part of it."""
    span, term = span.casefold(), term.casefold()
    return span in term or term in span


TERMS = [entry[0] for entry in entries()]
CHAPTERS = sorted(path.name[:2] for path in NOTEBOOKS.glob("*.ipynb"))


def test_every_row_is_whole_and_they_are_in_order():
    for entry in entries():
        assert len(entry) == 4
        assert all(entry), entry
        assert entry[1].endswith("."), entry
        assert re.search("[\u4e00-\u9fff]", entry[3]) or entry[3].isascii(), entry
    assert [t.casefold() for t in TERMS] == sorted({t.casefold() for t in TERMS})


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_a_chapter_defines_stands_in_it(chapter):
    lacking = {span for span in bold(chapter) if not any(same(span, term) for term in TERMS)}
    assert not lacking


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapters_define_what_it_says_that_they_do(chapter):
    spans = set(bold(chapter))
    promised = {term for term, _, where, _ in entries() if where == chapter}
    missing = {term for term in promised if not any(same(span, term) for span in spans)}
    assert not missing
