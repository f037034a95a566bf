"""The checks of notebook 00: four warm-ups with a sound as an array of numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_lib.teaching.exercises.registry import Wrong, exercise, expect_array, expect_close


@exercise(
    "00.1",
    "How long is a sound?",
    hints=[
        "A sample rate of 8000 Hz means 8000 samples every second.",
        "How many seconds do 8000 samples take? And 16,000? And 4000?",
        "Divide the number of samples by the sample rate, with / and not with //.",
    ],
)
def sound_length(answer: Callable[..., float]) -> None:
    got = float(expect_array(answer(np.zeros(12_000), 8000), (), "the length of 12,000 samples"))
    if np.isclose(got, 8000 / 12_000):
        raise Wrong(
            "your fraction is upside down: 12,000 samples at 8000 Hz last longer than 1 s, "
            f"got {got:.3f} s"
        )
    if got == 1.0:
        raise Wrong("12,000 samples at 8000 Hz last 1.5 s, got 1; // throws the half second away")
    expect_close(got, 1.5, "the length in seconds of 12,000 samples at 8000 Hz")
    expect_close(
        answer(np.ones(441), 44_100), 0.01, "the length in seconds of 441 samples at 44,100 Hz"
    )


@exercise(
    "00.2",
    "How loud is a sound?",
    hints=[
        "Square every sample, take the mean of the squares, take the square root: the RMS.",
        "np.sqrt(np.mean(samples**2)) is the RMS; a sine of amplitude 1 has 0.707.",
        "Decibels of an amplitude are 20 log10(amplitude): 20 * np.log10(rms).",
    ],
)
def sound_level(answer: Callable[..., float]) -> None:
    square = np.tile([0.5, -0.5], 100)
    what = "the level of a square wave of amplitude 0.5"
    got = float(expect_array(answer(square), (), what))
    if np.isclose(got, 10 * np.log10(0.5)):
        raise Wrong(f"{what} is 20 log10(0.5) = -6.02 dB, got {got:.2f}; 10 log10 is for powers")
    if np.isclose(got, 20 * np.log(0.5)):
        raise Wrong(f"{what} is -6.02 dB, got {got:.2f}; decibels use log10, np.log is natural")
    expect_close(got, 20 * np.log10(0.5), f"{what}, in dB,")
    sine = np.sin(2 * np.pi * np.arange(800) / 80)
    what = "the level of a sine of amplitude 1"
    got = float(expect_array(answer(sine), (), what))
    if abs(got) < 1e-6:
        raise Wrong(f"{what} is -3.01 dB, got 0; you took its peak, not its root mean square")
    expect_close(got, 20 * np.log10(np.sqrt(0.5)), f"{what}, in dB,", atol=1e-6)


@exercise(
    "00.3",
    "An echo",
    hints=[
        "Write down y[t] for t = 0, 1, 2, 3 with delay = 2: which x does each one contain?",
        "Start from a copy of the samples, so that the original stays as it was.",
        "y[delay:] += gain * samples[:-delay] adds the delayed copy; nothing comes before it.",
    ],
)
def one_echo(answer: Callable[..., np.ndarray]) -> None:
    given = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0])
    kept = given.copy()
    got = expect_array(answer(given, 3, 0.5), (8,), "the echo of eight samples")
    if not np.array_equal(given, kept):
        raise Wrong("your function changed the samples it was given; work on samples.copy()")
    if got[0] == 0.0:
        raise Wrong("y[0] should be x[0] = 1, got 0: the sound itself is missing, or moved")
    if np.isclose(got[6], 0.25):
        raise Wrong(
            "your echo echoes again: the copy of a click at 0 comes at 3 and not at 6 too; "
            "take the delayed samples from x and not from y"
        )
    if not np.isclose(got[2], 0.0):
        raise Wrong(
            f"y[2] should be 0, got {got[2]:g}: the loud last sample came round to the beginning, "
            "as np.roll does; nothing sounds before the sound began"
        )
    if np.isclose(got[4], 1.0):
        raise Wrong("your echo comes before its sound: y[t] needs x[t - delay], not x[t + delay]")
    expected = kept.copy()
    expected[3:] += 0.5 * kept[:-3]
    expect_close(got, expected, "the echo (delay 3, gain 0.5) of a click at 0 and one at 7")


@exercise(
    "00.4",
    "Guess the next sample",
    hints=[
        "A straight line through the points at t - 2 and t - 1: by how much does it rise a step?",
        "It rises by x[t-1] - x[t-2], so that it meets t at x[t-1] + (x[t-1] - x[t-2]).",
        "Without a loop: samples[2:] - (2 * samples[1:-1] - samples[:-2]).",
    ],
)
def straight_line_errors(answer: Callable[..., np.ndarray]) -> None:
    line = np.array([1.0, 3.0, 5.0, 7.0, 9.0])
    got = expect_array(answer(line), (3,), "the errors on the line 1, 3, 5, 7, 9, from t = 2 on,")
    if np.allclose(got, 2.0):
        raise Wrong(
            "on the line 1, 3, 5, 7, 9 the guess should be perfect, got errors of 2 each: "
            "you guessed that the sound stays where it is, not that it goes on as it went"
        )
    expect_close(got, np.zeros(3), "the errors on the line 1, 3, 5, 7, 9")
    bend = np.array([0.0, 0.0, 1.0, 0.0])
    got = expect_array(answer(bend), (2,), "the errors on 0, 0, 1, 0")
    if np.allclose(got, [-1.0, 2.0]):
        raise Wrong(
            "the sign is turned: an error is what came minus what was guessed, so that on "
            "0, 0, 1, 0 the first is 1 - 0 = 1"
        )
    expect_close(got, [1.0, -2.0], "the errors on 0, 0, 1, 0")
