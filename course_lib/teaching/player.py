"""Sound in a page: an MP3 player, a spectrogram, and one line that tells without sound."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from course_lib.audio import Clip, resample
from course_lib.teaching.plots import plot_spectrogram, styled

SHORTEST_FLAC = 4097
"""Samples from which Chromium plays a FLAC: one of a single block (4,096 samples) stays silent."""

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates in Hz that MPEG-1, 2 and 2.5 layer III can carry."""


@dataclass(frozen=True)
class Player:
    """One sound with a title and a description; displays itself in a notebook."""

    clip: Clip
    title: str
    description: str
    lossless: bool = False

    @property
    def facts(self) -> str:
        """Seconds, sample rate and level, and a warning where the sound is silent or clipped."""
        clip = self.clip
        level = "silent" if clip.rms == 0 else f"{20 * math.log10(clip.rms):.0f} dBFS"
        text = f"{clip.duration:.2f} s at {clip.sample_rate} Hz, {level}"
        beyond = int(np.count_nonzero(np.abs(clip.samples) > 1))
        return f"{text}, ⚠ clipped: {beyond} samples beyond full scale" if beyond else text

    def __repr__(self) -> str:
        return f"♪ {self.title}: {self.description} ({self.facts})"

    def _repr_html_(self) -> str:
        kind, sound = encode(self.clip, self.lossless)
        title, description = html.escape(self.title), html.escape(self.description)
        return (
            '<figure style="display:inline-block;vertical-align:top;box-sizing:border-box;'
            'width:26em;max-width:100%;margin:0 1em 1em 0">'
            f'<figcaption style="text-align:left"><strong>{title}</strong>: {description}<br>'
            f"<small>{html.escape(self.facts)}</small></figcaption>"
            f'<audio controls preload="metadata" aria-label="{title}: {description}" '
            f'style="width:100%;height:2.5em" src="data:{kind};base64,{_base64(sound)}"></audio>'
            f'<img alt="Spectrogram of {title}, 0 to {self.clip.sample_rate / 2000:g} kHz over '
            f'{self.clip.duration:.2f} s. {description}" style="width:100%;border-radius:4px" '
            f'src="data:image/png;base64,{_base64(picture(self.clip))}"></figure>'
        )


@dataclass(frozen=True)
class Players:
    """Several sounds, side by side where the page is wide enough."""

    members: tuple[Player, ...]

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.members))

    def _repr_html_(self) -> str:
        return f"<div>{''.join(member._repr_html_() for member in self.members)}</div>"


def player(clip: Clip, title: str, description: str, *, lossless: bool = False) -> Player:
    """Return a player for one sound: MP3, a spectrogram and a line of text.

    Parameters
    ----------
    clip : the sound; samples beyond [-1, 1] are clipped, and the page says so
    title : what it is, in a few words
    description : what there is to hear, for a reader who cannot hear it now
    lossless : FLAC (WAV for a short sound) instead of MP3, where the lesson is about noise

    Raises
    ------
    TypeError
        For anything but a Clip (an array has no sample rate), or text that is not text.
    ValueError
        For an empty title or description.
    """
    if not isinstance(clip, Clip):
        raise TypeError(
            f"need a Clip, got {type(clip).__name__}; wrap an array with Clip(samples, sample_rate)"
        )
    for name, text in (("title", title), ("description", description)):
        if not isinstance(text, str):
            raise TypeError(f"need text for the {name}, got {type(text).__name__}")
        if not text.strip():
            raise ValueError(f"need a {name}: some readers cannot hear the sound")
    return Player(clip, title, description, lossless)


def players(sounds: Sequence[tuple[Clip, str, str]], *, lossless: bool = False) -> Players:
    """Return players for several sounds, each a tuple (clip, title, description).

    Raises
    ------
    TypeError, ValueError
        As `player` does, and for no sounds.
    """
    if not sounds:
        raise ValueError("need at least one sound, got none")
    return Players(tuple(player(*sound, lossless=lossless) for sound in sounds))


def encode(clip: Clip, lossless: bool) -> tuple[str, bytes]:
    """Return the media type and the bytes of a FLAC, WAV or MP3 file that browsers play.

    MP3 knows nine sample rates; any other is raised to the next of them (96 kHz sinks to 48).
    """
    kind = "audio/mpeg"
    settings: dict[str, str | float] = {
        "format": "MP3",
        "subtype": "MPEG_LAYER_III",
        "bitrate_mode": "VARIABLE",
        "compression_level": 0.2,  # from 0, the best quality, to 1
    }
    if lossless:
        name = "FLAC" if len(clip) >= SHORTEST_FLAC else "WAV"
        kind, settings = f"audio/{name.lower()}", {"format": name, "subtype": "PCM_16"}
    else:
        clip = resample(clip, next((r for r in MP3_RATES if r >= clip.sample_rate), MP3_RATES[-1]))
    file = io.BytesIO()
    soundfile.write(file, np.clip(clip.samples, -1, 1), clip.sample_rate, **settings)
    return kind, file.getvalue()


def picture(clip: Clip) -> bytes:
    """Return a spectrogram of the clip as a PNG of about 15 kB."""
    with styled():
        figure = Figure(figsize=(4.6, 1.5), dpi=100, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        plot_spectrogram(clip, figure.add_subplot())
        canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    file = io.BytesIO()
    pixels.quantize(32, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
