"""Plots in one style: labelled axes, units, and colours that colour-blind readers can tell apart.

Every function draws on the axes it is given, or on a new figure, and returns the axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import scipy.signal
from jaxtyping import Float
from matplotlib.axes import Axes

from course_lib.audio import Clip, check_clip

# Okabe and Ito's palette, less its yellow, which is too faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.prop_cycle": mpl.rcsetup.cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.dpi": 90,
    "figure.facecolor": "white",
    "figure.figsize": (7.0, 2.6),
    "font.size": 9.0,
    "grid.alpha": 0.3,
    "image.cmap": "magma",
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "savefig.facecolor": "white",
}


def use_style() -> None:
    """Set the course's style for every later figure; a notebook calls it in its first cell.

    It begins from matplotlib's own defaults, whatever the reader's matplotlibrc says, so that a
    notebook draws the same everywhere. The backend stays.
    """
    mpl.rcdefaults()
    mpl.rcParams.update(STYLE)


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the course's style, and give the reader's settings back afterwards."""
    with mpl.rc_context():
        use_style()
        yield


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    with styled():
        return plt.subplots()[1]


def plot_waveform(clip: Clip, ax: Axes | None = None, *, label: str | None = None) -> Axes:
    """Draw amplitude (full scale = 1) against time in seconds."""
    check_clip(clip)
    ax = _axes(ax)
    time = np.arange(len(clip)) / clip.sample_rate
    ax.plot(time, clip.samples, linewidth=0.6 if len(clip) > 1000 else 1.2, label=label)
    ax.set(xlabel="time (s)", ylabel="amplitude", xlim=(0, clip.duration))
    if label is not None:
        ax.legend(loc="upper right")
    return ax


def plot_spectrum(
    clip: Clip, ax: Axes | None = None, *, label: str | None = None, window: float = 0.064
) -> Axes:
    """Draw the power spectral density in dB (full scale squared per Hz) against kHz.

    The density is Welch's average over Hann windows of `window` seconds, half overlapping,
    one-sided: it integrates to the mean square of the clip over 0 to half the sample rate.

    References
    ----------
    P. D. Welch (1967), "The use of fast Fourier transform for the estimation of power spectra".
    """
    check_clip(clip)
    ax = _axes(ax)
    length = max(2, min(round(window * clip.sample_rate), len(clip)))
    samples = np.pad(clip.samples.astype(np.float64), (0, max(0, length - len(clip))))
    frequency, density = scipy.signal.welch(
        samples, clip.sample_rate, nperseg=length, detrend=False
    )
    decibels = 10 * np.log10(np.maximum(density, 1e-15))
    ax.plot(frequency / 1000, decibels, label=label)
    ax.set(xlabel="frequency (kHz)", ylabel="power (dB re 1/Hz)", xlim=(0, clip.sample_rate / 2000))
    if label is not None:
        ax.legend(loc="upper right")
    return ax


def level_spectrogram(
    clip: Clip, window: float, columns: int, dynamic_range: float
) -> Float[np.ndarray, "frequencies times"]:
    """Return the levels of a short-time Fourier transform, in dB below its largest value.

    A Hann window of `window` seconds moves by a quarter of its length, or by more where that
    would give more than `columns` columns. Silence is at -dynamic_range throughout.
    """
    length = max(8, round(window * clip.sample_rate))
    hop = max(length // 4, -(-len(clip) // columns), 1)
    transform = scipy.signal.ShortTimeFFT(
        scipy.signal.windows.hann(length, sym=False), hop, clip.sample_rate
    )
    padded = np.pad(clip.samples.astype(np.float64), (0, max(0, length - len(clip))))
    power = transform.spectrogram(padded, p0=0, p1=max(1, -(-len(clip) // hop)))
    if power.max() == 0:
        return np.full_like(power, -dynamic_range)
    floor = 10 ** (-dynamic_range / 10)
    return 10 * np.log10(np.maximum(power / power.max(), floor))


def plot_spectrogram(
    clip: Clip,
    ax: Axes | None = None,
    *,
    window: float = 0.032,
    dynamic_range: float = 70.0,
) -> Axes:
    """Draw level in dB below the loudest point against time in seconds and frequency in kHz.

    Parameters
    ----------
    clip : the sound
    ax : where to draw
    window : length of the Hann window in seconds
    dynamic_range : how many dB below the loudest point turn black
    """
    check_clip(clip)
    ax = _axes(ax)
    levels = level_spectrogram(clip, window, columns=300, dynamic_range=dynamic_range)
    image = ax.imshow(
        levels,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=mpl.colormaps["magma"].resampled(28),  # steps of 2.5 dB keep the pictures small
        vmin=-dynamic_range,
        vmax=0,
        extent=(0, clip.duration, 0, clip.sample_rate / 2000),
    )
    ax.grid(False)
    ax.set(xlabel="time (s)", ylabel="frequency (kHz)")
    ax.figure.colorbar(image, ax=ax, label="level (dB)", pad=0.02)
    return ax


def plot_stem(
    values: Sequence[float] | np.ndarray,
    ax: Axes | None = None,
    *,
    start: int = 0,
    xlabel: str = "lag (samples)",
    ylabel: str = "correlation",
    band: float | None = None,
    label: str | None = None,
) -> Axes:
    """Draw a short sequence as stems: correlations, coefficients, an impulse response.

    Parameters
    ----------
    values : shape (count,), the heights
    ax : where to draw
    start : the index of the first value
    xlabel, ylabel : what the axes show, with units
    band : shade the heights from -band to band, such as 1.96 / sqrt(N) around no correlation
    label : a name for the legend
    """
    heights = np.asarray(values, dtype=np.float64)
    if heights.ndim != 1 or heights.size == 0:
        raise ValueError(f"need values of shape (count,), got shape {heights.shape}")
    ax = _axes(ax)
    index = np.arange(start, start + heights.size)
    (markers,) = ax.plot(index, heights, "o", markersize=3.5, label=label)
    ax.vlines(index, 0, heights, color=markers.get_color(), linewidth=1.0)
    ax.axhline(0, color="black", linewidth=0.6)
    if band is not None:
        ax.axhspan(-band, band, color="grey", alpha=0.2, linewidth=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if label is not None:
        ax.legend(loc="upper right")
    return ax


def plot_bars(
    values: Mapping[str, float], ax: Axes | None = None, *, xlabel: str, digits: int = 2
) -> Axes:
    """Draw one horizontal bar for each named value, in the given order from the top."""
    if not values:
        raise ValueError("need at least one named value, got none")
    ax = _axes(ax)
    names, lengths = list(values), list(values.values())
    bars = ax.barh(names, lengths, color=COLOURS[0], height=0.6)
    ax.bar_label(bars, fmt=f"%.{digits}f", padding=3)
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    ax.margins(x=0.12)
    ax.set_xlabel(xlabel)
    return ax


def plot_comparison(
    clips: Mapping[str, Clip],
    plot: Callable[[Clip, Axes], Axes] = plot_spectrogram,
    *,
    height: float = 2.2,
) -> list[Axes]:
    """Draw the named clips side by side with one of the functions above, on equal axes."""
    if not clips:
        raise ValueError("need at least one named clip, got none")
    with styled():
        _, grid = plt.subplots(
            1,
            len(clips),
            figsize=(max(7.0, 2.4 * len(clips)), height),
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        axes, limits = list(grid[0]), []
        for ax, (name, clip) in zip(axes, clips.items(), strict=True):
            plot(clip, ax)
            ax.set_title(name)
            ax.label_outer()
            limits.append((*ax.get_xlim(), *ax.get_ylim()))
        left, right, bottom, top = np.transpose(limits)
        axes[0].set(xlim=(left.min(), right.max()), ylim=(bottom.min(), top.max()))
    return axes
