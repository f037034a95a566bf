"""The `course` command, one file a group of commands."""

from course_lib.cli.entry import main

__all__ = ["main"]
