import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib.audio import Clip
from course_lib.teaching import (
    plot_bars,
    plot_comparison,
    plot_spectrogram,
    plot_spectrum,
    plot_stem,
    plot_waveform,
    use_style,
)
from course_lib.teaching.plots import COLOURS, level_spectrogram


@pytest.fixture(autouse=True)
def _no_trace() -> Iterator[None]:
    with mpl.rc_context():
        yield
    plt.close("all")


def test_the_waveform_has_units_and_every_sample(tone: Clip) -> None:
    ax = plot_waveform(tone, label="tone")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "amplitude")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), tone.samples)
    assert line.get_xdata()[-1] == pytest.approx(3999 / 8000)
    assert line.get_color() == COLOURS[0]
    assert ax.get_legend() is not None


def test_the_spectrum_integrates_to_the_mean_square(rng: np.random.Generator) -> None:
    clip = Clip(0.1 * rng.standard_normal(80_000), 8000)
    ax = plot_spectrum(clip)
    kilohertz, decibels = ax.lines[0].get_data()
    power = np.trapezoid(10 ** (np.asarray(decibels) / 10), 1000 * np.asarray(kilohertz))
    assert power == pytest.approx(clip.rms**2, rel=0.03)
    assert ax.get_xlabel() == "frequency (kHz)"
    assert "dB" in ax.get_ylabel()


def test_the_spectrogram_peaks_at_the_tone(tone: Clip) -> None:
    levels = level_spectrogram(tone, window=0.032, columns=300, dynamic_range=70)
    middle = levels[:, levels.shape[1] // 2]
    hertz = np.argmax(middle) * 4000 / (len(middle) - 1)
    assert hertz == pytest.approx(440, abs=16)
    assert levels.max() == 0
    assert levels.min() >= -70


def test_the_spectrogram_is_labelled_and_spans_the_sound(tone: Clip) -> None:
    ax = plot_spectrogram(tone)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "frequency (kHz)")
    assert ax.images[0].get_extent() == [0, 0.5, 0, 4.0]
    assert ax.images[0].colorbar.ax.get_ylabel() == "level (dB)"


@pytest.mark.parametrize("plot", [plot_waveform, plot_spectrum, plot_spectrogram])
@pytest.mark.parametrize("samples", [[0.3], [0.1, -0.1], [0.0] * 1000])
def test_short_and_silent_sounds_can_be_drawn(plot, samples: list[float]) -> None:
    plot(Clip(np.array(samples), 8000)).figure.canvas.draw()


def test_stems_start_where_they_are_told_and_show_the_band() -> None:
    ax = plot_stem([1.0, 0.5, -0.2], start=1, xlabel="order", ylabel="reflection", band=0.1)
    (markers,) = (line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(markers.get_xdata(), [1, 2, 3])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("order", "reflection")
    assert len(ax.patches) == 1
    with pytest.raises(ValueError, match="shape"):
        plot_stem([])


def test_bars_keep_their_order_and_print_their_lengths() -> None:
    ax = plot_bars({"AR": 4.0, "Markov": 6.125}, xlabel="bits per sample")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["AR", "Markov"]
    assert [text.get_text() for text in ax.texts] == ["4.00", "6.12"]
    low, high = ax.get_ylim()
    assert low > high  # the first bar is on top
    with pytest.raises(ValueError, match="at least one"):
        plot_bars({}, xlabel="bits")


def test_a_comparison_has_equal_axes_that_hold_the_longest(tone: Clip) -> None:
    axes = plot_comparison({"whole": tone, "half": tone.cut(0, 0.25)})
    assert [ax.get_title() for ax in axes] == ["whole", "half"]
    assert axes[0].get_xlim() == axes[1].get_xlim() == (0, 0.5)
    with pytest.raises(ValueError, match="at least one"):
        plot_comparison({})


def test_plots_draw_on_the_axes_that_they_are_given(tone: Clip) -> None:
    _, ax = plt.subplots()
    assert plot_waveform(tone, ax) is ax
    assert len(plt.get_fignums()) == 1


def test_only_use_style_changes_settings(tone: Clip) -> None:
    before = dict(mpl.rcParams)
    plot_spectrogram(tone)
    plot_comparison({"a": tone})
    assert dict(mpl.rcParams) == before
    use_style()
    assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(COLOURS)


def test_the_style_is_the_same_whatever_the_reader_has_set(tone: Clip) -> None:
    use_style()
    expected = dict(mpl.rcParams)
    plt.style.use("dark_background")
    mpl.rcParams.update({"text.usetex": True, "figure.dpi": 300, "savefig.bbox": "tight"})
    settings = dict(mpl.rcParams)
    figure = plot_comparison({"a": tone})[0].figure
    assert (figure.dpi, figure.get_facecolor()) == (90, (1, 1, 1, 1))
    assert plot_waveform(tone).figure.dpi == 90
    assert dict(mpl.rcParams) == settings
    use_style()
    assert dict(mpl.rcParams) == expected


def test_the_style_keeps_figures_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfigure.dpi: 300\n")
    inline = "module://matplotlib_inline.backend_inline"
    code = """
import matplotlib as mpl
from course_lib.teaching import plot_bars, use_style
assert mpl.rcParams["text.usetex"] and mpl.rcParams["figure.dpi"] == 300
use_style()
figure = plot_bars({"a": 1.0}, xlabel="length").figure
figure.canvas.draw()
print(mpl.get_backend(), mpl.rcParams["text.usetex"], figure.dpi)
"""
    environment = os.environ | {"MPLCONFIGDIR": str(tmp_path), "MPLBACKEND": inline}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{inline} False 90.0\n", "")


@pytest.mark.parametrize("plot", [plot_waveform, plot_spectrum, plot_spectrogram])
def test_an_array_has_no_seconds(plot):
    with pytest.raises(TypeError, match="need a Clip"):
        plot(np.zeros(100))
