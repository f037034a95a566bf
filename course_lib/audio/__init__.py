"""Clips of sound: reading, writing, resampling and simple synthesis."""

from course_lib.audio.clip import Clip
from course_lib.audio.files import read, write
from course_lib.audio.resample import resample

__all__ = ["Clip", "read", "resample", "write"]
