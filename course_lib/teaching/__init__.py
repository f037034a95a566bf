"""What the notebooks teach with: players, plots, sources, claims, exercises."""

from course_lib.teaching.claims import ClaimError, claim
from course_lib.teaching.exercises import check, hint
from course_lib.teaching.explore import explore
from course_lib.teaching.player import player, players
from course_lib.teaching.plots import (
    plot_bars,
    plot_comparison,
    plot_spectrogram,
    plot_spectrum,
    plot_stem,
    plot_waveform,
    use_style,
)
from course_lib.teaching.source import show_source
from course_lib.teaching.tables import table

__all__ = [
    "ClaimError",
    "check",
    "claim",
    "explore",
    "hint",
    "player",
    "players",
    "plot_bars",
    "plot_comparison",
    "plot_spectrogram",
    "plot_spectrum",
    "plot_stem",
    "plot_waveform",
    "show_source",
    "table",
    "use_style",
]
