"""Mel spectrograms: frequency as the ear spaces it. The scale is Slaney's, librosa's default."""

from __future__ import annotations

import numpy as np
import scipy.fft
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_number, check_values, shown
from course_lib.features.stft import check_spectrogram, stft

_HZ_PER_MEL = 200 / 3
_CORNER_HZ = 1000.0  # linear below, logarithmic above
_CORNER_MEL = _CORNER_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27
_FLOOR = 1e-5
_LARGEST = 700.0  # exp(709) is the last finite power
_HIGHEST_MEL = 10_000.0  # 10^298 Hz
_STEPS = 20
_TINY = np.finfo(np.float64).tiny


def hz_to_mel(frequency: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Return frequencies in Hz, 0 or more, on Slaney's mel scale.

    m = 3 f / 200 below 1000 Hz, and 15 + 27 ln(f / 1000) / ln 6.4 above.

    References
    ----------
    Slaney (1998), Auditory Toolbox, Technical Report 1998-010; librosa's default. HTK's scale,
    2595 log10(1 + f / 700), is another. Notebook: 01.

    Raises
    ------
    TypeError, ValueError
        For what is not finite real numbers.
    """
    frequency = check_values(frequency, "frequency")
    above = _CORNER_MEL + np.log(np.maximum(frequency, _CORNER_HZ) / _CORNER_HZ) / _LOG_STEP
    return np.where(frequency < _CORNER_HZ, frequency / _HZ_PER_MEL, above)


def mel_to_hz(mel: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Undo `hz_to_mel`: f = 200 m / 3 below 15 mel, 1000 exp((m - 15) ln 6.4 / 27) above.

    Raises
    ------
    TypeError, ValueError
        For what is not finite real numbers, or mel beyond 10,000, far above all hearing.
    """
    mel = check_values(mel, "mel")
    if mel.max(initial=0.0) > _HIGHEST_MEL:
        raise ValueError(
            f"need mel of {_HIGHEST_MEL:g} or less, got {shown(mel.max(), _HIGHEST_MEL)}"
        )
    above = _CORNER_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _CORNER_MEL) - _CORNER_MEL))
    return np.where(mel < _CORNER_MEL, mel * _HZ_PER_MEL, above)


def mel_filter_bank(
    sample_rate: int,
    window_length: int,
    *,
    bands: int = 80,
    lowest: float = 0.0,
    highest: float | None = None,
) -> Float[np.ndarray, "bands bins"]:
    """Return overlapping triangles, equally spaced in mel, each with unit area over Hz.

    Band b rises from 0 at c[b] to its peak 2 / (c[b + 2] - c[b]) at c[b + 1], and falls to 0 at
    c[b + 2], where c are bands + 2 frequencies equally spaced in mel.

    Parameters
    ----------
    sample_rate : Hz
    window_length : of the transform, in samples; bin k lies at k sample_rate / window_length Hz
    bands : how many triangles
    lowest, highest : Hz; `highest` is sample_rate / 2 where it is None

    Raises
    ------
    TypeError, ValueError
        For settings out of range, or so many bands that one of them falls between two bins.
    """
    sample_rate = check_count(sample_rate, "sample_rate")
    window_length = check_count(window_length, "window_length", minimum=2)
    highest = sample_rate / 2 if highest is None else check_number(highest, "highest")
    lowest, nyquist = check_number(lowest, "lowest"), sample_rate / 2
    if not 0 <= lowest < highest <= nyquist:
        raise ValueError(
            f"need 0 <= lowest < highest <= {shown(nyquist, highest)} Hz, got "
            f"{shown(lowest, 0, highest)} and {shown(highest, lowest, nyquist)}"
        )
    bands = check_count(bands, "bands")
    low, high = hz_to_mel(np.array([lowest, highest]))
    corners = mel_to_hz(np.linspace(low, high, bands + 2))
    bins = np.arange(window_length // 2 + 1) * sample_rate / window_length
    rise = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    fall = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    bank = np.maximum(0, np.minimum(rise, fall)) * 2 / (corners[2:] - corners[:-2])[:, None]
    empty = np.flatnonzero(bank.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"need bands that hold at least one bin of {sample_rate / window_length:.3g} Hz, but "
            f"{len(empty)} of {bands} hold none; take fewer bands or a longer window"
        )
    return bank


def log_mel(
    clip: Clip, *, window_length: int = 512, hop_length: int = 128, bands: int = 80
) -> Float[np.ndarray, "frames bands"]:
    """Return the natural logarithm of the mel-weighted magnitude spectrogram.

    L[m, b] = ln max(1e-5, sum_k bank[b, k] |X[m, k]|), with X from `stft`. Silence is at
    ln 1e-5 = -11.5 throughout.

    Parameters
    ----------
    clip : the sound
    window_length, hop_length : in samples, as in `stft`
    bands : as in `mel_filter_bank`

    Raises
    ------
    TypeError, ValueError
        For something that is not a Clip (whose sample rate is needed), or bad settings.
    """
    magnitude = np.abs(stft(check_clip(clip), window_length=window_length, hop_length=hop_length))
    bank = mel_filter_bank(clip.sample_rate, window_length, bands=bands)
    return np.log(np.maximum(_FLOOR, magnitude @ bank.T))


def magnitude_from_log_mel(
    log_mel: Float[np.ndarray, "frames bands"], sample_rate: int, window_length: int
) -> Float[np.ndarray, "frames bins"]:
    """Return a magnitude spectrogram that has the given mel spectrogram.

    S of 0 or more is sought with bank S = M = exp(L). At first S[m, k] is the mean over the
    bands that bin k lies in of M[m, b] / sum_j bank[b, j], which is flat; then, 20 times,

        S[m, k] <- S[m, k] sum_b bank[b, k] M[m, b] / (bank S)[m, b] / sum_b bank[b, k]:

    each bin is multiplied by what its bands want over what they have, on average. Nothing can
    become negative, a weak band counts as much as a strong one, and no step increases the
    divergence of bank S from M, sum_b M ln(M / bank S) - M + bank S. It is zero, and so are
    least squares, where any spectrum has these bands; of those that have, the result is one
    near the flat start. Bins outside every band, such as the first, are 0. Detail finer than a
    band is gone for good.

    Raises
    ------
    TypeError, ValueError
        For values that are not finite, real and of shape (frames, bands), or beyond 700, whose
        exponential overflows, or settings with which `mel_filter_bank` cannot have made them.

    References
    ----------
    Lee and Seung (2001), "Algorithms for non-negative matrix factorization", theorem 2, with
    the bank held fixed. Notebook: 01.
    """
    log_mel = check_spectrogram(log_mel, np.floating)
    if log_mel.max() > _LARGEST:
        raise ValueError(
            f"need natural logarithms of at most {_LARGEST:g}, got "
            f"{shown(log_mel.max(), _LARGEST)}; "
            "divide decibels by 20 / ln 10"
        )
    bank = mel_filter_bank(sample_rate, window_length, bands=log_mel.shape[1])
    mel = np.exp(log_mel.astype(np.float64))
    inside = bank > 0
    share = bank / np.maximum(bank.sum(axis=0), _TINY)
    magnitude = (mel / bank.sum(axis=1)) @ (inside / np.maximum(inside.sum(axis=0), 1))
    for _ in range(_STEPS):
        magnitude *= (mel / np.maximum(magnitude @ bank.T, _TINY)) @ share
    return magnitude


def mel_cepstrum(
    log_power: Float[np.ndarray, "frames bands"], *, order: int
) -> Float[np.ndarray, "frames order_plus_one"]:
    """Return the mel-cepstrum, the cosine transform of a logarithmic mel spectrum.

    c[m, d] = (1 / B) sum_{b=0}^{B-1} ln P[m, b] cos(pi d (b + 1/2) / B), so that
    ln P[m, b] = c[m, 0] + 2 sum_{d=1}^{B-1} c[m, d] cos(pi d (b + 1/2) / B).

    Parameters
    ----------
    log_power : ln P, the natural logarithm of the power in each of B mel bands
    order : the highest d, from 0 to B - 1

    Raises
    ------
    TypeError, ValueError
        For another shape, or an order out of range.

    References
    ----------
    Davis and Mermelstein (1980), "Comparison of parametric representations for monosyllabic word
    recognition", whose coefficients these are up to scale. Notebook: 06.
    """
    log_power = check_values(log_power, "log powers", shape=("frames", "bands"))
    bands = log_power.shape[1]
    order = check_count(order, "order", minimum=0)
    if order >= bands:
        raise ValueError(f"need an order below the number of bands, {bands}, got {order}")
    return scipy.fft.dct(log_power, type=2)[:, : order + 1] / (2 * bands)
