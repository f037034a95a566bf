"""Measures that imitate listeners, by their libraries: are words understood, is the sound good?"""

from __future__ import annotations

import warnings

from course_lib.audio import Clip, check_clip

WIDEBAND = 16_000
"""Hz, the sample rate of wideband PESQ."""


def stoi(reference: Clip, estimate: Clip) -> float:
    """Return the short-time objective intelligibility of an estimate, by pystoi.

    For pieces of 384 ms of 15 bands of a third of an octave, at 10 kHz, it correlates the
    envelopes of the two, and returns the mean: 1 for the same sound, less than a half for noise
    in its place. It was made to rise with the share of words that listeners understand.

    Parameters
    ----------
    reference, estimate : the clean sound and what is judged, of one length and sample rate

    Raises
    ------
    TypeError, ValueError
        For something other than clips, two of different lengths or sample rates, a silent
        reference, or less than 0.4 s of sound.

    References
    ----------
    Taal, Hendriks, Heusdens and Jensen (2011), "An algorithm for intelligibility prediction of
    time-frequency weighted noisy speech", eq. 3-6 (with clipping). Notebook: 18.
    """
    _check(reference, estimate)
    from pystoi import stoi as measure

    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            return float(measure(reference.samples, estimate.samples, reference.sample_rate))
        except RuntimeWarning as warning:
            raise ValueError(
                f"need at least 0.4 s in which the reference is not silent, got {reference}"
            ) from warning


def pesq(reference: Clip, estimate: Clip) -> float:
    """Return the quality that listeners would give, from 1.04 to 4.64, by wideband PESQ.

    Parameters
    ----------
    reference, estimate : the clean sound and what is judged, at 16 kHz

    Raises
    ------
    ModuleNotFoundError
        Where the package pesq is not installed; the message says how.
    TypeError, ValueError
        As `stoi`, or for another sample rate, or where PESQ hears no speech.

    References
    ----------
    ITU-T Recommendation P.862.2 (2007). Notebook: 18.
    """
    _check(reference, estimate)
    if reference.sample_rate != WIDEBAND:
        raise ValueError(f"need {WIDEBAND} Hz for wideband PESQ, got {reference}; resample both")
    try:
        from pesq import PesqError
        from pesq import pesq as measure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "need the package pesq, which pip builds with a C compiler: "
            'pip install "audio-generation-course[pesq]"'
        ) from error
    try:
        return float(measure(WIDEBAND, reference.samples, estimate.samples, "wb"))
    except PesqError as error:
        raise ValueError(f"need speech that PESQ hears, got {reference}: {error}") from error


def dnsmos(clip: Clip) -> float:
    """Return the quality that listeners would give to speech on its own, from 1 to 5, by DNSMOS.

    A network of 2021 hears the sound and no reference: it learned from noisy and enhanced speech
    that people had rated. It hears 9 s; shorter sounds are repeated, and longer ones heard piece by
    piece.

    Parameters
    ----------
    clip : speech at 16 kHz

    Raises
    ------
    ModuleNotFoundError
        Where the package speechmos is not installed; the message says how.
    TypeError, ValueError
        For something other than a clip, an empty or a silent one, another sample rate, or samples
        beyond full scale.

    References
    ----------
    Reddy, Gopal and Cutler (2022), "DNSMOS P.835: A non-intrusive perceptual objective speech
    quality metric to evaluate noise suppressors", the overall rating. Notebook: 10.
    """
    check_clip(clip)
    if clip.sample_rate != WIDEBAND:
        raise ValueError(f"need {WIDEBAND} Hz for DNSMOS, got {clip}; resample it")
    if not 0 < clip.peak <= 1:
        raise ValueError(f"need sound within full scale and not silent, got {clip}")
    try:
        from speechmos import dnsmos as measure
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "need the package speechmos and what it imports: "
            'pip install "audio-generation-course[dnsmos]"'
        ) from error
    return float(measure.run(clip.samples, WIDEBAND)["ovrl_mos"])


def _check(reference: Clip, estimate: Clip) -> None:
    check_clip(reference)
    check_clip(estimate)
    ours, theirs = ((len(clip), clip.sample_rate) for clip in (reference, estimate))
    if ours != theirs:
        raise ValueError(
            f"need two clips of one length and sample rate, got {reference} and {estimate}"
        )
    if reference.peak == 0:
        raise ValueError("need a reference that is not silent; got nothing but zeros")
