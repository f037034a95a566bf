"""Clips of sound: reading, writing, resampling and simple synthesis."""

from course_lib.audio.clip import Clip, check_clip
from course_lib.audio.files import read, write
from course_lib.audio.resample import resample
from course_lib.audio.synthesis import chirp, noise, pulse_train, tone

__all__ = [
    "Clip",
    "check_clip",
    "chirp",
    "noise",
    "pulse_train",
    "read",
    "resample",
    "tone",
    "write",
]
