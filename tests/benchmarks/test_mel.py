"""The `mel` group: that a race counts only at equal or lower error; how fast, only `bench` asks."""

import numpy as np
import pytest

from course_lib.benchmarks import mel
from course_lib.features import log_mel, magnitude_from_log_mel, stft


def test_the_groups_own_races_count(monkeypatch):
    monkeypatch.setattr(mel, "SECONDS", (1,))
    monkeypatch.setattr(mel, "ITERATIONS", 1)
    monkeypatch.setattr(mel, "interleaved", lambda *sides: [1.0] * len([f() for f in sides]))
    inverse, speech = mel.rows()
    assert inverse.peer.startswith("librosa")
    assert "spectral error" in inverse.name
    assert speech.ratio == 1  # a second of sound in what counts as a second


def test_held_out_speech_has_the_length_asked_for():
    assert len(mel.held_out(3)) == 3 * mel.RATE


def test_errors_are_relative():
    clip = mel.held_out(1)
    truth = np.abs(stft(clip, window_length=mel.WINDOW, hop_length=mel.HOP))
    assert mel.errors(clip, truth) == (0, 0)
    assert mel.errors(clip, 1.5 * truth) == pytest.approx((0.5, 0.5))
    above = truth.copy()
    above[:, 0] += 1  # in no band
    assert mel.errors(clip, above)[0] > 0.01
    assert mel.errors(clip, above)[1] == 0


def test_a_race_at_a_higher_error_is_void(monkeypatch):
    monkeypatch.setattr(mel, "interleaved", lambda *sides: [1.0, 3.0])
    clip = mel.held_out(1)
    frames = log_mel(clip, window_length=mel.WINDOW, hop_length=mel.HOP)
    ours = magnitude_from_log_mel(frames, mel.RATE, mel.WINDOW)
    truth = np.abs(stft(clip, window_length=mel.WINDOW, hop_length=mel.HOP))
    assert mel.race("x", clip, lambda: ours, lambda: ours, goal=2.0).ratio == 3
    nearer = ours + 0.5 * (truth - ours)
    with pytest.raises(ArithmeticError, match="x: our relative error of the spectrum"):
        mel.race("x", clip, lambda: ours, lambda: nearer, goal=2.0)
    loud = truth + 100 * np.eye(1, truth.shape[1])  # bin 0, which is in no band
    with pytest.raises(ArithmeticError, match="x: our relative error of the bands"):
        mel.race("x", clip, lambda: ours, lambda: loud, goal=2.0)
    with pytest.raises(ArithmeticError, match="smallest magnitude is -0"):
        mel.race("x", clip, lambda: ours - 1e-3, lambda: ours, goal=2.0)
