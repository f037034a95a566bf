"""How well a vocoder gives a sound back: its spectrum and its voice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_number
from course_lib.evaluation.likelihood import Comparison
from course_lib.features import frame, hann, log_mel, track_pitch

WINDOWS = (0.016, 0.032, 0.064)
"""Seconds that the spectra of `mel_distance` look at."""

BANDS = 40
DYNAMIC_RANGE = 60.0
"""dB below the loudest band at which a difference no longer counts."""

PERIODS = 4.5
"""Longest periods in a window of `harmonicity`."""

LEAST_SHARE = 1e-4
"""Harmonicity stays within 40 dB of zero: shares nearer to 0 or 1 are counted as these."""

FRAME = 0.01
"""Seconds from frame to frame, where voices are compared."""


class VocoderScore(NamedTuple):
    """What `compare_vocoders` measures.

    Attributes
    ----------
    distance : mel distance from the originals, dB; the mean over clips, weighted by their length
    harmonicity : mean harmonic-to-noise ratio, dB, where the originals are voiced
    harmonicity_change : that, less the originals' own
    seconds : of sound that was compared
    """

    distance: float
    harmonicity: float
    harmonicity_change: float
    seconds: float


def mel_distance(reference: Clip, estimate: Clip) -> float:
    """Return the mean absolute difference of two log-mel spectrograms in dB, blind to phase.

    D = mean over windows of 16, 32 and 64 ms, frames m and bands b of |M_x[m, b] - M_y[m, b]|,
    with M = (20 / ln 10) `features.log_mel` in 40 bands, a quarter of a window from frame to
    frame. Levels more than 60 dB below the reference's loudest count as lying there. Three
    windows, none of them a vocoder's own, so that no vocoder is judged by just what it was told.

    Parameters
    ----------
    reference, estimate : of one length and sample rate, at least 4 kHz

    Raises
    ------
    TypeError, ValueError
        For something other than clips, different lengths or sample rates, or a silent reference.

    References
    ----------
    Yamamoto, Song and Kim (2020), "Parallel WaveGAN", eq. 6, for the mean absolute difference of
    log spectra over several windows (there without the mel bands). Notebook: 12.
    """
    _check_pair(reference, estimate)
    if reference.peak == 0:
        raise ValueError("need a reference that is not silent; its loudest band is the scale")
    distances = []
    for seconds in WINDOWS:
        window = round(seconds * reference.sample_rate) // 4 * 4
        ours, theirs = (
            20 / np.log(10) * log_mel(x, window_length=window, hop_length=window // 4, bands=BANDS)
            for x in (reference, estimate)
        )
        floor = ours.max() - DYNAMIC_RANGE
        distances.append(np.abs(np.maximum(ours, floor) - np.maximum(theirs, floor)).mean())
    return float(np.mean(distances))


def harmonicity(
    clip: Clip, *, hop_length: int, lowest: float = 70.0, highest: float = 500.0
) -> Float[np.ndarray, "frames"]:
    """Return the harmonic-to-noise ratio of each frame in dB.

    With r_a the autocorrelation of a frame under a Hann window, r_w that of the window, and the
    largest value that their quotient takes at a period of the search range,

        r = max over tau of [r_a(tau) / r_a(0)] / [r_w(tau) / r_w(0)],
        HNR = 10 log10(r / (1 - r)),

    kept between -40 and 40 dB: r is the share of the power that repeats after a period. The
    window holds 4.5 of the longest periods; lags are interpolated by a quarter of a sample.
    Frame t is centred on sample t * `hop_length`, as in `features.track_pitch`; there are
    1 + len(clip) // hop_length. A frame of constant samples has NaN. White noise comes out well
    below 0 dB, but not lowest: some period always fits it best.

    Parameters
    ----------
    clip : the sound; Hz need its sample rate, so that an array will not do
    hop_length : samples from frame to frame
    lowest, highest : the range of the pitch, in Hz

    Raises
    ------
    TypeError, ValueError
        For anything but a Clip, or where 0 < lowest < highest < sample_rate / 4 does not hold.

    References
    ----------
    Boersma (1993), "Accurate short-term analysis of the fundamental frequency and the
    harmonics-to-noise ratio of a sampled sound", eq. 4 and 9. Notebook: 12.
    """
    rate = check_clip(clip).sample_rate
    hop_length = check_count(hop_length, "hop_length")
    highest = check_number(highest, "highest", above=0, below=rate / 4)
    lowest = check_number(lowest, "lowest", above=0, below=highest)
    half = round(PERIODS / lowest * rate / 2)
    window = np.append(hann(2 * half), 0.0)
    frames = frame(
        np.pad(clip.samples.astype(np.float64), (half, half + 1)),
        frame_length=len(window),
        hop_length=hop_length,
    )
    fine = 4  # lags to a sample
    centred = frames - frames.mean(axis=1, keepdims=True)
    constant = np.abs(centred).max(axis=1) < 1e-12
    own = _autocorrelation(window[None], fine)[0]
    theirs = _autocorrelation(window * centred, fine)
    first, last = int(fine * rate / highest), int(np.ceil(fine * rate / lowest))
    power = np.where(constant, 1.0, theirs[:, 0])
    ratio = theirs[:, first : last + 1] / own[first : last + 1] * own[0] / power[:, None]
    share = np.clip(ratio.max(axis=1), LEAST_SHARE, 1 - LEAST_SHARE)
    return np.where(constant, np.nan, 10 * np.log10(share / (1 - share)))


def _autocorrelation(frames: np.ndarray, fine: int) -> Float[np.ndarray, "frames lags"]:
    """Return autocorrelations at every 1 / `fine` of a sample: band-limited interpolation."""
    size = 2 ** int(np.ceil(np.log2(2 * frames.shape[1])))
    power = np.abs(np.fft.rfft(frames, size)) ** 2
    return fine * np.fft.irfft(power, fine * size)[:, : fine * frames.shape[1]]


def compare_vocoders(
    originals: Sequence[Clip], vocoders: Mapping[str, Sequence[Clip]]
) -> dict[str, VocoderScore]:
    """Return the score of each vocoder's copies of the same originals, and the originals' own.

    The first entry, "original", compares the originals with themselves. Harmonicity is averaged
    over the frames in which `features.track_pitch` finds a voice in the original, whatever the
    copy makes of them. Whether words survive is another question: `evaluation.ears.recogniser`.

    Parameters
    ----------
    originals : recordings, each with some voice in it or not, but not all without
    vocoders : name -> copies, one for each original, of its length and sample rate

    Raises
    ------
    TypeError, ValueError
        For no originals, no voice in any of them, a missing copy, or one of another length.

    Notebook: 12.
    """
    if not originals:
        raise ValueError("need at least one original to compare with, got none")
    voiced = [~np.isnan(track_pitch(clip, hop_length=_hop(clip))) for clip in originals]
    if not any(mask.any() for mask in voiced):
        raise ValueError("need an original with a voice in it: no frame has a pitch")
    for name, copies in vocoders.items():
        if len(copies) != len(originals):
            raise ValueError(
                f"need a copy of each of {len(originals)} originals by {name}, got {len(copies)}"
            )
    # Means over time, the harmonicity where the original has a voice
    lengths = [clip.duration for clip in originals]

    def score(copies: Sequence[Clip]) -> tuple[float, float]:
        distances = [mel_distance(x, y) for x, y in zip(originals, copies, strict=True)]
        ratios = [
            harmonicity(copy, hop_length=_hop(copy))[mask]
            for copy, mask in zip(copies, voiced, strict=True)
        ]
        ratio = np.nan_to_num(np.concatenate(ratios), nan=10 * np.log10(LEAST_SHARE))
        return float(np.average(distances, weights=lengths)), float(ratio.mean())

    everything = {"original": originals, **vocoders}
    measured = {name: score(copies) for name, copies in everything.items()}
    own = measured["original"][1]
    return {
        name: VocoderScore(distance, ratio, ratio - own, sum(lengths))
        for name, (distance, ratio) in measured.items()
    }


def vocoder_table(scores: Mapping[str, VocoderScore]) -> Comparison:
    """Return the rows, columns and caption of a table of what `compare_vocoders` measured.

    Raises
    ------
    ValueError
        For no scores.
    """
    if not scores:
        raise ValueError("need at least one score for a table, got none")
    rows = [
        (
            name,
            f"{score.distance:.2f}",
            f"{score.harmonicity:.1f}",
            f"{score.harmonicity_change:+.1f}",
        )
        for name, score in scores.items()
    ]
    columns = ["vocoder", "mel distance (dB)", "HNR (dB)", "change of HNR (dB)"]
    seconds = next(iter(scores.values())).seconds
    return Comparison(rows, columns, f"{seconds:.1f} s of held-out sound")


def _hop(clip: Clip) -> int:
    return max(round(FRAME * clip.sample_rate), 1)


def _check_pair(reference: Clip, estimate: Clip) -> None:
    check_clip(reference)
    check_clip(estimate)
    if (len(reference), reference.sample_rate) != (len(estimate), estimate.sample_rate):
        raise ValueError(
            f"need a reference and an estimate of one length and sample rate, got {reference} "
            f"and {estimate}; cut what is too long, and resample"
        )
