"""Checks of notebook 01, Sound as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.features import hann, mu_law_compress
from course_lib.teaching.exercises.registry import (
    Wrong,
    exercise,
    expect_array,
    expect_close,
)


@exercise(
    "01.1",
    "The frequency that you hear",
    hints=[
        "Samples cannot tell f from f - fs, f - 2 fs, and so on. Which is nearest to 0 Hz?",
        "round(f / fs) is the number of times to take fs away.",
        "What is left may be negative. A cosine at -1 kHz is a cosine at 1 kHz: take abs().",
    ],
)
def check_apparent_frequency(answer: Callable[[float, float], float]) -> None:
    for frequency, sample_rate in (
        (440, 8000),
        (5000, 8000),
        (7999, 8000),
        (8000, 8000),
        (9000, 8000),
        (21000, 8000),
        (30500, 16000),
    ):
        expected = abs(frequency - sample_rate * round(frequency / sample_rate))
        got = float(expect_array(answer(frequency, sample_rate), (), "the frequency"))
        where = f"a tone of {frequency} Hz sampled at {sample_rate} Hz"
        if not 0 <= got <= sample_rate / 2:
            raise Wrong(
                f"{where} can only sound between 0 and {sample_rate // 2} Hz, got {got:g} Hz"
            )
        expect_close(got, expected, f"{where}: the frequency heard")


@exercise(
    "01.2",
    "The µ-law",
    hints=[
        "f(x) = sign(x) ln(1 + mu |x|) / ln(1 + mu): compress the size, then put the sign back.",
        "np.sign(x), np.abs(x) and np.log1p(y) = ln(1 + y) are all you need.",
    ],
)
def check_companding(answer: Callable[[np.ndarray, float], np.ndarray]) -> None:
    x = np.array([0.0, 0.001, 0.1, 0.5, 1.0])
    for mu in (255.0, 15.0):
        loud = expect_array(answer(np.array([1.0]), mu), (1,), "the result for [1.0]")
        if abs(loud[0] - 1) > 1e-8:
            raise Wrong(f"full scale must stay full scale: f(1) should be 1, got {loud[0]:.6g}")
        expected = mu_law_compress(x, mu)
        expect_close(answer(x, mu), expected, f"f([0, 0.001, 0.1, 0.5, 1]) with mu = {mu:g}")
        try:
            expect_close(answer(-x, mu), -expected, "f of those amplitudes, negated,")
        except Wrong as wrong:
            raise Wrong(f"the law treats both signs alike, f(-x) = -f(x), but {wrong}") from None


@exercise(
    "01.3",
    "Signal-to-noise ratio",
    hints=[
        "The noise is what you would have to add to the reference to get the estimate.",
        "A ratio of powers: the sum of squares of the reference over that of the noise.",
        "For a ratio of powers, decibels are 10 log10; for a ratio of amplitudes, 20 log10.",
    ],
)
def check_signal_to_noise(answer: Callable[[np.ndarray, np.ndarray], float]) -> None:
    x = np.array([1.0, 2.0, -3.0, 4.0])
    expect_close(
        answer(x, 0.9 * x), 20.0, "the SNR of an estimate that is 10 % too quiet (noise = 0.1 x)"
    )
    expect_close(
        answer(x, x + np.array([1.0, -1.0, 1.0, -1.0])),
        10 * np.log10(30 / 4),
        "the SNR of [1, 2, -3, 4] with noise [1, -1, 1, -1]",
    )
    expect_close(
        answer(x, x + 1.0), 10 * np.log10(30 / 4), "the SNR of [1, 2, -3, 4] with 1 added to all"
    )


@exercise(
    "01.4",
    "How loud is the image?",
    hints=[
        "A tone at f times the low sample rate has its first image at 1 - f.",
        "Both pass through the same kernel: the ratio of their levels is G(1 - f) / G(f), "
        "with G(f) = exp(-2 (pi sigma f)^2).",
        "G is a gain of amplitudes, so decibels are 20 log10.",
    ],
)
def check_image_level(answer: Callable[[float, float], float]) -> None:
    for sigma, frequency in ((0.5, 0.0), (0.5, 0.1), (0.3, 0.25), (1.0, 0.4), (0.5, 0.5)):
        exponent = -2 * (np.pi * sigma) ** 2 * ((1 - frequency) ** 2 - frequency**2)
        expect_close(
            answer(frequency, sigma),
            20 * np.log10(np.e) * exponent,
            f"the image's level in dB for a tone at {frequency:g} of the low rate and "
            f"sigma = {sigma:g}",
            atol=1e-6,
        )


@exercise(
    "01.5",
    "A window that undoes a window",
    hints=[
        "At each sample, the sum over all overlapping frames of window times synthesis window "
        "must be 1.",
        "Try the window itself divided by something: sum_m w[n - m hop] v[n - m hop] = 1.",
        "v[n] = w[n] / sum_m w[n - m hop]^2, where m runs over all shifts that touch sample n: "
        "add up (window**2)[n % hop :: hop] for each n.",
    ],
)
def check_synthesis_window(answer: Callable[[np.ndarray, int], np.ndarray]) -> None:
    hamming = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(60) / 60)
    cases: list[tuple[str, Any, int]] = [
        ("a Hann window of 64 samples", hann(64), 16),
        ("a Hann window of 64 samples", hann(64), 32),
        ("a Hamming window of 60 samples", hamming, 20),
        ("a Hamming window of 60 samples", hamming, 25),
    ]
    for name, window, hop in cases:
        what = f"{name} at a hop of {hop}"
        theirs = expect_array(answer(window.copy(), hop), window.shape, f"your window for {what}")
        total = np.array([np.sum((window * theirs)[n::hop]) for n in range(hop)])
        worst = int(np.argmax(np.abs(total - 1)))
        if abs(total[worst] - 1) > 1e-8:
            raise Wrong(
                f"for {what}, window times your window adds up to {total[worst]:.4g} instead of 1 "
                f"at samples {worst}, {worst + hop}, ... of the signal"
            )
