import functools

import pytest

from course_lib.audio import Clip, resample
from course_lib.core import Likelihood
from course_lib.kernels import ar
from course_lib.teaching import show_source


def test_the_source_is_the_librarys_own() -> None:
    shown = show_source(resample)
    assert shown.path == "course_lib/audio/resample.py"
    assert shown.code.startswith('def resample(clip: Clip, sample_rate: int) -> Clip:\n    """')
    assert repr(shown).startswith("# course_lib/audio/resample.py\ndef resample(")


def test_methods_properties_and_kernels_are_dedented_and_unwrapped() -> None:
    assert show_source(Clip.cut).code.startswith("def cut(")
    assert show_source(Clip.duration).code.startswith("@property\ndef duration(")
    assert "def all_pole_filter(" in show_source(ar.all_pole_filter).code
    assert show_source(functools.lru_cache(resample)).code == show_source(resample).code
    assert "class Likelihood:" in show_source(Likelihood).code


def test_the_docstring_can_be_left_out() -> None:
    code = show_source(Clip.cut, docstring=False).code
    assert '"""' not in code
    assert code.splitlines()[0] == "def cut(self, start: float, stop: float) -> Clip:"
    assert "raise ValueError" in code
    compile("from __future__ import annotations\n" + code, "<shown>", "exec")
    assert '"""' not in show_source(Clip.duration, docstring=False).code


def test_the_page_is_coloured_by_the_theme() -> None:
    html = show_source(Clip.cut)._repr_html_()
    assert "var(--jp-mirror-editor-keyword-color)" in html
    assert "<style" not in html
    assert "course_lib/audio/clip.py" in html
    assert html == show_source(Clip.cut)._repr_html_()


@pytest.mark.parametrize("item", [3, len, "resample", None])
def test_what_is_not_written_in_python_is_refused(item: object) -> None:
    with pytest.raises(TypeError, match="written in Python"):
        show_source(item)  # type: ignore[arg-type]
