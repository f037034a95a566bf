"""How far two utterances of the same words are apart: cepstra, compared along a warped time."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.features import dynamic_time_warping, log_mel, mel_cepstrum

DYNAMIC_RANGE = 60.0
"""dB below the loudest band of a clip at which a difference no longer counts."""

BANDS = 80
WINDOW, HOP = 0.05, 0.0125
"""Seconds that a frame looks at, and from frame to frame."""


def mel_cepstral_distortion(reference: Clip, estimate: Clip, *, order: int = 13) -> float:
    """Return the mel-cepstral distortion of two utterances in dB, after warping their time.

    With the mel-cepstra c and c' of `mel_cepstrum`, and the K pairs of frames (m, n) of
    `dynamic_time_warping`,

        MCD = (10 sqrt 2 / ln 10) (1 / K) sum over (m, n) of
              sqrt(sum_{d=1}^{order} (c[m, d] - c'[n, d])^2).

    For order = 79 that is the root mean square, over the 80 bands, of the difference in dB less
    its mean; a smaller order compares envelopes. The loudness does not count: c[m, 0] is left
    out, and levels more than 60 dB below a clip's own loudest band count as lying there. Figures
    of other programs differ, as their cepstra do.

    Parameters
    ----------
    reference, estimate : the same words, of one sample rate, each as long as it likes
    order : the highest coefficient compared, 1 to 79

    Raises
    ------
    TypeError, ValueError
        For something other than clips, different sample rates, a silent reference, or an order
        out of range.

    References
    ----------
    Kubichek (1993), "Mel-cepstral distance measure for objective speech quality assessment".
    Notebook: 06.
    """
    check_clip(reference)
    if reference.sample_rate != check_clip(estimate).sample_rate:
        raise ValueError(
            f"need two clips of one sample rate, got {reference} and {estimate}; resample one"
        )
    if reference.peak == 0:
        raise ValueError("need a reference that is not silent; its loudest band is the scale")
    power = [_log_power(clip) for clip in (reference, estimate)]
    deep = DYNAMIC_RANGE * np.log(10) / 10
    ours, theirs = (mel_cepstrum(np.maximum(p, p.max() - deep), order=order)[:, 1:] for p in power)
    distances = np.sqrt(np.sum((ours[:, None] - theirs) ** 2, axis=2))  # (M, N)
    m, n = dynamic_time_warping(distances).T
    return float(10 * np.sqrt(2) / np.log(10) * distances[m, n].mean())


def _log_power(clip: Clip) -> Float[np.ndarray, "frames bands"]:
    window = round(WINDOW * clip.sample_rate) // 2 * 2
    hop = round(HOP * clip.sample_rate)
    return 2 * log_mel(clip, window_length=window, hop_length=hop, bands=BANDS)
