"""What Sphinx is told about the site; `course site` hands this folder over.

Nothing is fetched: formulas are typeset by a MathJax that lies beside the pages, and notebooks
show the outputs that are stored in them.
"""

from pathlib import Path
from typing import Any

from course_lib.core import sha256
from course_lib.editions.chapters import chapters
from course_lib.editions.site.mathjax import copy_mathjax
from course_lib.editions.site.reference import as_restructured_text, in_short

project = "Audio Generation, from Autoregression to Diffusion"
html_title = project
copyright = "the course's authors"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx.ext.githubpages",
    "sphinx_copybutton",
]
suppress_warnings = [
    "myst.header",  # a chapter's first exercise may follow a larger heading
    "ref.python",  # the name of an axis in a shape, such as "time", may be that of several fields
]

nb_execution_mode = "off"
myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "dollarmath"]
myst_heading_anchors = 3

add_module_names = False
toc_object_entries = False  # each page copies the whole table of contents, and they are thousands
default_role = "py:obj"  # a link where the name is one of the library's, and code elsewhere
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_attr_annotations = False  # shapes are no reStructuredText
napoleon_google_docstring = False
napoleon_use_ivar = True  # a field that is told in the class is not told again below it
napoleon_use_rtype = False

html_theme = "sphinx_book_theme"
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_static_path = ["assets"]
html_css_files = ["site.css"]
html_favicon = "assets/icon.svg"
html_context = {"default_mode": "auto"}  # as the reader's system has it
html_theme_options = {
    "footer_content_items": ["copyright"],
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "collapse_navigation": True,  # or each page would list all others in its own way
    "navbar_persistent": [],  # the sidebar has the search
    "navigation_depth": 2,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Formulas: one file with all of TeX that MathJax knows, and its fonts.
mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {"options": {"enableMenu": False}}


def setup(app: Any) -> None:
    """Tell Sphinx how docstrings are read, and where MathJax comes from."""
    course = chapters()

    def read_docstring(*event: Any) -> None:
        lines = event[-1]
        lines[:] = as_restructured_text(lines, course)

    def read_signature(*event: Any) -> tuple[str, str | None] | None:
        arguments, answer = event[-2:]
        return None if arguments is None else (in_short(arguments), answer and in_short(answer))

    def bring_mathjax(app: Any, error: Exception | None) -> None:
        if error is None:
            copy_mathjax(Path(app.outdir) / "_static" / "mathjax")

    # Pages are read again where they would be read in another way than last time.
    code = sorted(Path(__file__).parent.glob("*.py"))
    app.add_config_value("course_reading", [sha256(path) for path in code], "env")
    app.connect("autodoc-process-docstring", read_docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", read_signature)
    app.connect("build-finished", bring_mathjax)
