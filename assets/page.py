"""Draw assets/page.png, the picture of a chapter's page in the README, from the site (make site).

Needs Playwright (the extra `browser`) and a Chromium.
"""

import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from course_lib.editions.chapters import build_folder

PAGE = build_folder() / "site" / "notebooks" / "00_start_here.html"
CELL = "div.cell:has(figcaption strong:text-is('a constant buzz'))"

with sync_playwright() as playwright:
    chromium = shutil.which("chromium")
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1280, "height": 960}, color_scheme="light")
    page.goto(PAGE.as_uri(), timeout=300_000)
    page.wait_for_timeout(3000)  # the formulas are typeset by then, and nothing moves any more
    page.locator(CELL).evaluate("cell => window.scrollBy(0, cell.getBoundingClientRect().top - 70)")
    page.wait_for_timeout(1000)
    pixels = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    browser.close()

pixels.quantize(64, dither=Image.Dither.NONE).save(
    Path(__file__).with_suffix(".png"), optimize=True
)
