"""The site in a real browser: complete, alone, readable in the dark and on a phone.

Needs the packages of the extras `site` and `browser`, and a Chromium that is installed. `make
test-browser` runs this file on the site that `make site` builds, which it brings up to date.
"""

import functools
import html.parser
import urllib.parse

import pytest

from course_lib.editions.chapters import build_folder, chapters
from course_lib.editions.site.build import build_site, check_tools
from course_lib.editions.site.conf import html_title

pytestmark = pytest.mark.slow

CHAPTERS = chapters()

PHONE = {"viewport": {"width": 390, "height": 844}}

WIDTHS = """() => [document.documentElement.scrollWidth, window.innerWidth]"""

CONTRAST = """(selector) => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([r, g, b]) => {
        const part = x => (x /= 255) <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const below = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = rgb(getComputedStyle(e).backgroundColor);
            if (colour[3] > 250) return colour;
        }
        return [255, 255, 255, 255];
    };
    const worst = new Map();
    for (const element of document.querySelectorAll(selector)) {
        if (!element.textContent.trim()) continue;
        const [a, b] = [rgb(getComputedStyle(element).color), below(element)].map(luminance);
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const name = `${element.className || element.tagName} ${getComputedStyle(element).color}`;
        if (ratio < (worst.get(name) ?? 99)) worst.set(name, ratio);
    }
    return [worst.size, [...worst].filter(([_, ratio]) => ratio < 4.5)];
}"""
"""How many kinds of text there are, and those with less than 4.5 to 1 against what is below."""


@pytest.fixture(scope="module")
def folder():
    try:
        check_tools()
    except ModuleNotFoundError as error:
        pytest.skip(str(error))
    folder = build_folder() / "site"
    build_site(CHAPTERS, folder)
    return folder


@pytest.fixture(scope="module")
def site(folder, serve):
    with serve(folder) as address:
        yield address


def pages(folder):
    """Return the pages of the site without those that show the library's whole source."""
    found = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.html")))
    return [page for page in found if not page.startswith(("_modules", "_static"))]


def typeset(page):
    """Wait until MathJax is done, and return how many formulas it was given, made and refused."""
    page.wait_for_function("window.MathJax?.startup?.promise !== undefined")
    page.evaluate("MathJax.startup.promise")
    counted = "mjx-container", "[data-mjx-error], mjx-merror"
    return [page.locator("main .math").count(), *(page.locator(kind).count() for kind in counted)]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.stem)
def test_a_chapter_plays_and_typesets_and_asks_nobody_else(chapter, visit, play):
    opened, complaints, foreign = visit
    page = opened(f"notebooks/{chapter.stem}.html")
    count, silent = page.evaluate(play)
    assert count > 0
    assert not silent
    asked, made, refused = typeset(page)
    assert made >= asked > 0
    assert refused == 0
    assert not foreign
    assert not complaints


def test_every_other_page_opens_without_complaint(folder, visit):
    opened, complaints, foreign = visit
    others = [page for page in pages(folder) if not page.startswith("notebooks/")]
    assert len(others) > 40
    page = opened(others[0])
    for name in others[1:]:
        page.goto(urllib.parse.urljoin(page.url, f"/{name}"))
    assert not foreign
    assert not complaints


def test_no_page_scrolls_sideways_on_a_phone(folder, visit):
    opened, _, _ = visit
    page, wide = opened("index.html", **PHONE), {}
    for name in pages(folder):
        page.goto(urllib.parse.urljoin(page.url, f"/{name}"))
        if name.startswith("notebooks/"):
            typeset(page)
        width, window = page.evaluate(WIDTHS)
        if width > window:
            wide[name] = width
    assert not wide


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_the_light_and_in_the_dark(visit, scheme):
    opened, _, _ = visit
    page = opened("notebooks/03_autoregression.html", color_scheme=scheme)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    for kind in ("figcaption, figcaption *", ".highlight span", ".cell_output pre span", "p, li"):
        count, faint = page.evaluate(CONTRAST, kind)
        assert count > 0, kind
        assert not faint, kind


def test_solutions_are_folded_and_open_on_a_click(visit):
    opened, _, _ = visit
    page = opened("notebooks/03_autoregression.html")
    folds = page.locator("details:has-text('Show the solution')")
    assert folds.count() == 5
    code = folds.first.locator("pre")
    assert not code.is_visible()
    folds.first.locator("summary").click()
    assert code.is_visible()
    assert "np.convolve" in code.inner_text()


def test_the_first_page_names_the_course_and_lists_every_chapter(visit):
    opened, _, _ = visit
    page = opened("index.html")
    assert html_title in page.title()
    assert page.locator("main article li a[href^='notebooks/']").count() == len(CHAPTERS)


def test_search_finds_levinson(visit):
    opened, complaints, foreign = visit
    page = opened("search.html?q=Levinson")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    assert "3. Autoregression" in "".join(results.all_inner_texts())
    assert not foreign
    assert not complaints


class _Links(html.parser.HTMLParser):
    """What a page is called in links, and where its own links lead."""

    def __init__(self):
        super().__init__()
        self.anchors, self.links = set(), []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])


def test_every_link_leads_to_a_page_and_an_anchor(folder):
    @functools.cache
    def read(path):
        found = _Links()
        found.feed(path.read_text(encoding="utf-8"))
        return found

    astray, followed = [], 0
    for name in pages(folder):
        for link in read(folder / name).links:
            address = urllib.parse.urlsplit(link)
            if address.scheme or address.netloc or link == "#":
                continue
            target = (folder / name).parent / urllib.parse.unquote(address.path)
            target = (folder / name) if not address.path else target
            followed += 1
            anchor = urllib.parse.unquote(address.fragment)
            if not target.is_file() or (anchor and anchor not in read(target.resolve()).anchors):
                astray.append(f"{name}: {link}")
    assert followed > 1000
    assert not astray


def test_chapters_and_library_name_each_other(folder):
    chapter = (folder / "notebooks" / "03_autoregression.html").read_text(encoding="utf-8")
    library = (folder / "reference" / "course_lib.models.linear.html").read_text(encoding="utf-8")
    assert (
        'href="../reference/course_lib.models.linear.html#course_lib.models.linear.ar.AR"'
        in chapter
    )
    assert 'href="../notebooks/03_autoregression.html"' in library
    assert 'id="course_lib.models.linear.linear_prediction.levinson"' in library
