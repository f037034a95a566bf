"""Find words in phrases of the recordings: python data/build/align.py the of

For each phrase of the training split that holds one of the words, prints where the word begins
and ends, in seconds, with its neighbours. `course_lib/corpora/words.py` cuts its pieces there.
Needs pocketsphinx (an extra of the package: recogniser).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pocketsphinx import Decoder

from course_lib.corpora import Recording, speech

FRAME = 0.01  # seconds


def align(recording: Recording) -> Iterator[tuple[str, float, float]]:
    """Yield what is said with its start and stop in seconds, silences as ``<sil>``."""
    decoder = Decoder(lm=None, loglevel="FATAL")
    decoder.set_align_text(recording.text)
    decoder.start_utt()
    pcm = (recording.load().samples * 32767).astype("<i2").tobytes()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    for segment in decoder.seg():
        word = segment.word.split("(")[0]  # the(2) is another pronunciation
        yield word, segment.start_frame * FRAME, (segment.end_frame + 1) * FRAME


def main(words: list[str]) -> None:
    for recording in speech(language="en", split="train", label="phrase"):
        if not {*words} & {*recording.text.split()}:
            continue
        said = [("(start)", 0.0, 0.0), *align(recording), ("(end)", 0.0, 0.0)]
        for before, (word, start, stop), after in zip(said, said[1:], said[2:], strict=False):
            if word in words:
                print(f"{word:5} {recording.name:45} {start:.2f} {stop:.2f}", before[0], after[0])


if __name__ == "__main__":
    main(sys.argv[1:])
