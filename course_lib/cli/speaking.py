"""The command that reads aloud: say."""

from __future__ import annotations

import argparse
import sys

from course_lib.cli.models import TALKER, VOCODERS, talker_named, vocoder_named
from course_lib.cli.shared import Commands, add_output_options, add_seed, check_output, working


def add_commands(commands: Commands) -> None:
    """Add say."""
    command = commands.add_parser("say", help="let a talker read a number, date or time aloud")
    command.add_argument("text", metavar="TEXT", help='such as "7,341" or "Tuesday 5:43 pm"')
    command.add_argument("--talker", metavar="NAME", default=TALKER, help=f"default {TALKER}")
    command.add_argument(
        "--vocoder",
        metavar="NAME",
        help=f"{' or '.join(VOCODERS)} in place of Griffin and Lim's search",
    )
    add_seed(command)
    add_output_options(command)
    command.add_argument(
        "--keep", action="store_true", help="write a sound in which words may be missing, too"
    )
    command.set_defaults(run=_say)


def _say(options: argparse.Namespace) -> int:
    from course_lib.audio import write
    from course_lib.core import seeded
    from course_lib.models.sequence.spoken import WordsInDoubtError

    check_output(options.output, options.overwrite)
    talker, vocoder = talker_named(options.talker), vocoder_named(options.vocoder)
    words = " ".join(talker.words(options.text))
    with working(f"reading {words}"):
        try:
            sound, doubts = talker.say(options.text, vocoder=vocoder, rng=seeded(options.seed)), ""
        except WordsInDoubtError as error:
            sound, doubts = error.clip, str(error)
    if doubts:
        kept = "" if options.keep else "; pass --keep to keep the sound"
        print(f"course say: {doubts}{kept}", file=sys.stderr)
    if options.keep or not doubts:
        write(options.output, sound, overwrite=options.overwrite)
        print(f"{options.output}: {sound.duration:.2f} s, {words}, from {options.talker}")
    return 1 if doubts else 0
