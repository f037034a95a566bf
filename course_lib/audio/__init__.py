"""Clips of sound: reading, writing, resampling and simple synthesis."""

from course_lib.audio.clip import Clip, check_clip
from course_lib.audio.files import check_target, read, write
from course_lib.audio.resample import resample
from course_lib.audio.synthesis import chirp, noise, pulse_train, tone
from course_lib.audio.tempo import change_pitch, change_tempo

__all__ = [
    "Clip",
    "change_pitch",
    "change_tempo",
    "check_clip",
    "check_target",
    "chirp",
    "noise",
    "pulse_train",
    "read",
    "resample",
    "tone",
    "write",
]
