"""Sliders where somebody is there, a strip of players where nobody is."""

import html
import re

import numpy as np
import pytest

from course_lib.audio import Clip
from course_lib.teaching import explore
from course_lib.teaching.explore import LIVE, LONGEST

WIDGET = "application/vnd.jupyter.widget-view+json"


def tone(pitch, level=0.5):
    x = level * np.sin(2 * np.pi * pitch / 8000 * np.arange(4000))
    return Clip(x.astype(np.float32), 8000), f"a tone of {pitch} Hz"


@pytest.fixture(autouse=True)
def _nobody_there(monkeypatch):
    for name in LIVE:
        monkeypatch.delenv(name, raising=False)


def test_a_page_holds_a_strip_and_no_widget():
    bundle = explore(tone, pitch=[110, 220, 440])._repr_mimebundle_()
    assert bundle.keys() == {"text/plain", "text/html"}
    assert bundle["text/plain"] == "♪ to explore: pitch 110, 220, 440"
    page = bundle["text/html"]
    assert page.count("<audio controls") == 3
    for pitch in (110, 220, 440):
        assert f"<strong>pitch {pitch}</strong>: a tone of {pitch} Hz" in page


def test_the_text_is_the_same_whatever_the_sound():
    quiet = explore(lambda pitch: tone(pitch, 0.01), pitch=[110, 220])
    loud = explore(tone, pitch=[110, 220])
    assert repr(quiet) == repr(loud)
    texts = [re.sub("base64,[^\"]*", "", each._repr_mimebundle_()["text/html"])
             for each in (quiet, loud)]  # fmt: skip
    assert texts[0] == texts[1]
    assert "0.50 s at 8000 Hz" in texts[0]


@pytest.mark.parametrize(
    ("count", "shown"), [(2, [0, 1]), (4, [0, 1, 2, 3]), (10, [0, 3, 6, 9]), (7, [0, 2, 4, 6])]
)
def test_a_strip_has_four_players_at_most_from_end_to_end(count, shown):
    found = explore(tone, pitch=range(count), level=[0.5, 0.1]).shown
    assert found == [{"pitch": pitch, "level": 0.5} for pitch in shown]


@pytest.mark.parametrize("name", LIVE)
def test_somebody_there_gets_sliders_and_no_strip(monkeypatch, name):
    monkeypatch.setenv(name, "03.ipynb")
    bundle = explore(tone, pitch=[110, 220])._repr_mimebundle_()
    assert bundle.keys() == {"text/plain", WIDGET}
    assert bundle["text/plain"] == "♪ to explore: pitch 110, 220"


def test_a_slider_that_is_let_go_makes_the_sound_anew():
    pitch, level, page = explore(tone, pitch=[110, 220], level=[0.5, 0.25]).widget().children
    assert not pitch.continuous_update
    assert "<strong>pitch 110, level 0.5</strong>: a tone of 110 Hz" in page.value
    pitch.value = 220
    level.value = 0.25
    assert "<strong>pitch 220, level 0.25</strong>: a tone of 220 Hz" in page.value
    assert page.value.count("<audio controls") == 1


def test_a_setting_that_fails_says_so_and_another_plays_again():
    def picky(order):
        if order > 4:
            raise ValueError("need an order below <5>")
        return tone(100 * order)

    slider, page = explore(picky, order=[1, 8]).widget().children
    slider.value = 8
    assert page.value == html.escape("order 8: ValueError: need an order below <5>")
    slider.value = 1
    assert "<audio controls" in page.value


def test_a_page_does_not_hide_a_setting_that_fails():
    with pytest.raises(ZeroDivisionError):
        explore(lambda order: 1 / order, order=[0, 1])._repr_mimebundle_()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({}, ValueError, "need a setting to explore"),
        ({"order": 3}, TypeError, "need a list, tuple or range of values for order, got int"),
        ({"order": "123"}, TypeError, "values for order, got str"),
        ({"order": []}, ValueError, "two or more different values for order"),
        ({"order": [3]}, ValueError, "two or more different values for order"),
        ({"order": [3, 4, 3]}, ValueError, r"two or more .* for order, got \[3, 4, 3\]"),
    ],
)
def test_settings_that_are_no_choice_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        explore(tone, **settings)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="need a function, got Clip"):
        explore(tone(100)[0], pitch=[1, 2])


def test_a_function_that_returns_something_else_is_told():
    with pytest.raises(TypeError, match=r"returns \(clip, description\), got Clip"):
        explore(lambda pitch: tone(pitch)[0], pitch=[1, 2])._repr_mimebundle_()
    with pytest.raises(TypeError, match="need a Clip, got float"):
        explore(lambda pitch: (1.0, "x"), pitch=[1, 2])._repr_mimebundle_()


def test_a_sound_too_long_for_a_page_is_refused():
    long = Clip(np.zeros(round(8000 * LONGEST) + 1, np.float32), 8000)
    with pytest.raises(ValueError, match=r"need sounds of 2\.5 s at most, got 2\.50 s; cut"):
        explore(lambda pitch: (long, "silence"), pitch=[1, 2])._repr_mimebundle_()
