"""The MathJax of the site: three megabytes that lie beside its pages."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

SCRIPT, FONTS = "tex-chtml-full.js", "output/chtml/fonts/woff-v2"
"""All of TeX that MathJax 3 knows, in one file, and the fonts that this file asks for."""


def copy_mathjax(folder: Path) -> None:
    """Copy MathJax 3 into `folder`, from the Python package that carries it.

    Raises
    ------
    ModuleNotFoundError
        Where that package is not installed.
    """
    package = find_spec("mathjax")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(
            "need MathJax for the site's formulas; pip install 'audio-generation-course[site]'"
        )
    source = Path(package.submodule_search_locations[0]) / "static" / "mathjax" / "es5"
    (folder / FONTS).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / SCRIPT, folder / SCRIPT)
    for font in (source / FONTS).glob("*.woff"):
        shutil.copyfile(font, folder / FONTS / font.name)
