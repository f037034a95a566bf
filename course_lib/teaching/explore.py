"""A setting to turn and to hear: sliders in a living notebook, a strip of players in a page.

A stored widget without its kernel is an error message in a page. So what a notebook stores is the
strip alone; sliders stand in its place where a person sits before the kernel, as in JupyterLab.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.audio import Clip
from course_lib.teaching.player import Player, player

SHOWN = 4
"""Players in a strip, at most."""

LONGEST = 2.5
"""Seconds of each sound, at most: a strip is stored in the notebook."""

LIVE = ("JPY_SESSION_NAME", "COLAB_RELEASE_TAG")
"""What Jupyter's server and Colab put into the environment of a kernel that a page talks to; the
programs that execute notebooks without anybody there do not."""

Made = tuple[Clip, str]
"""A sound, and what there is to hear."""


@dataclass(frozen=True)
class Setting(Player):
    """A player whose text tells no level: a network's may differ between machines."""

    @property
    def facts(self) -> str:
        """Seconds and sample rate."""
        return f"{self.clip.duration:.2f} s at {self.clip.sample_rate} Hz"


@dataclass(frozen=True)
class Explorer:
    """A function of settings to a sound, and the values that each setting may take."""

    function: Callable[..., Made]
    settings: Mapping[str, tuple[Any, ...]]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Return the settings of the strip: values of the first, with the first of the others."""
        name, values = next(iter(self.settings.items()))
        count = min(SHOWN, len(values))
        places = [round(i * (len(values) - 1) / max(1, count - 1)) for i in range(count)]
        others = {other: choice[0] for other, choice in self.settings.items()}
        return [{**others, name: values[place]} for place in places]

    def player(self, settings: Mapping[str, Any]) -> Setting:
        """Return the player of the sound at some settings.

        Raises
        ------
        TypeError
            Where the function returns anything but a Clip and a text.
        ValueError
            For a sound that is too long to be stored.
        """
        made = self.function(**settings)
        if not isinstance(made, tuple) or len(made) != 2:
            raise TypeError(
                f"need a function that returns (clip, description), got {type(made).__name__}"
            )
        found = player(made[0], _named(settings), made[1])
        if found.clip.duration > LONGEST:
            raise ValueError(
                f"need sounds of {LONGEST:g} s at most, got {found.clip.duration:.2f} s; "
                "cut them with clip.cut(0, 2)"
            )
        return Setting(found.clip, found.title, found.description)

    def __repr__(self) -> str:
        told = (
            f"{name} {', '.join(map(_shown, values))}" for name, values in self.settings.items()
        )
        return f"♪ to explore: {'; '.join(told)}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/plain": repr(self)}
        if live():
            return {**self.widget()._repr_mimebundle_(), **bundle}
        strip = "".join(self.player(settings)._repr_html_() for settings in self.shown)
        return {**bundle, "text/html": f"<div>{strip}</div>"}

    def widget(self) -> Any:
        """Return sliders over a player, which is made anew when one of them is let go."""
        import ipywidgets

        sliders = {
            name: ipywidgets.SelectionSlider(
                options=[(_shown(value), value) for value in values],
                description=name.replace("_", " "),
                continuous_update=False,
            )
            for name, values in self.settings.items()
        }
        page = ipywidgets.HTML()

        def renew(change: object = None) -> None:
            settings = {name: slider.value for name, slider in sliders.items()}
            try:
                page.value = self.player(settings)._repr_html_()
            except Exception as error:  # a traceback in a callback would reach nobody
                page.value = html.escape(f"{_named(settings)}: {type(error).__name__}: {error}")

        for slider in sliders.values():
            slider.observe(renew, names="value")
        renew()
        return ipywidgets.VBox([*sliders.values(), page])


def explore(function: Callable[..., Made], **settings: Sequence[Any]) -> Explorer:
    """Return what lets a reader change the settings of a sound and hear it anew.

    In JupyterLab each setting is a slider, and letting it go makes the sound. A page that is read,
    or a notebook that a program executes, shows players for the first setting: all of its values,
    or four that are spread evenly over them.

    Parameters
    ----------
    function : called with one value of each setting by name; returns a Clip of 2.5 s at most,
        and a sentence of what there is to hear. For the same values it should return the same
    settings : name -> the values that it may take, in the order of the slider

    Raises
    ------
    TypeError
        For a function that cannot be called, or values that are no list, tuple or range.
    ValueError
        For no settings, or a setting with fewer than two different values.

    Examples
    --------
    >>> def tone(pitch):
    ...     return audio.tone(pitch, 1.0, 8000), f"a tone of {pitch} Hz"
    >>> explore(tone, pitch=[110, 220, 440])
    """
    if not callable(function):
        raise TypeError(f"need a function, got {type(function).__name__}")
    if not settings:
        raise ValueError("need a setting to explore, such as order=[2, 16, 64]")
    for name, values in settings.items():
        if not isinstance(values, list | tuple | range):
            raise TypeError(
                f"need a list, tuple or range of values for {name}, got {type(values).__name__}"
            )
        if len(values) < 2 or any(value in values[:i] for i, value in enumerate(values)):
            raise ValueError(f"need two or more different values for {name}, got {list(values)}")
    return Explorer(function, {name: tuple(values) for name, values in settings.items()})


def live() -> bool:
    """Return whether somebody sits before this kernel, in a page that shows widgets."""
    return any(name in os.environ for name in LIVE)


def _named(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {_shown(value)}" for name, value in settings.items()
    )


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
