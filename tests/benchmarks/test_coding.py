"""The `coding` group: pieces of all held-out speech come back; how small, `course bench` asks."""

import io

import numpy as np
import pytest
import soundfile

from course_lib.applications.exact import ExactAR
from course_lib.benchmarks import coding
from course_lib.corpora import speech
from course_lib.features import MuLaw


def test_there_are_fifty_recordings_or_more():
    pieces = coding.middles(0.01)
    assert len(pieces) == len(speech(split="test")) >= 50
    assert {len(piece) for piece in pieces} == {80}


def test_the_piece_is_the_middle():
    recording = next(iter(speech(split="test")))
    whole = MuLaw().encode(recording.load(coding.RATE))
    first = (len(whole) - 800) // 2
    np.testing.assert_array_equal(coding.middles(0.1)[0], whole[first : first + 800])


def test_a_row_counts_bytes_of_files_that_came_back(monkeypatch):
    monkeypatch.setattr(coding, "SECONDS", {"adaptive AR": 0.02})
    (row,) = coding.rows()
    assert row.at_most
    assert row.ratio == row.ours / row.theirs
    assert row.name.startswith(f"adaptive AR, {len(speech(split='test'))} files of 0.02 s")


def test_what_does_not_come_back_has_no_size(monkeypatch):
    codes = coding.middles(0.02)[0]
    monkeypatch.setattr(coding, "decompress", lambda data, model: codes + 1)
    with pytest.raises(ArithmeticError, match="160 levels do not come back"):
        coding.restored(codes, ExactAR(MuLaw()), name="adaptive AR")


def test_flac_holds_the_same_levels():
    codes = np.arange(256)
    samples, rate = soundfile.read(io.BytesIO(coding.bytes_of_flac(codes)), dtype="int16")
    assert rate == coding.RATE
    np.testing.assert_array_equal((samples >> 8) + 128, codes)
