"""Draw README's picture: one sentence, and what the LPC voice makes of it.

Run it with `python assets/voice.py`; it writes `voice.png` beside itself, or to the path given.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from course_lib import corpora
from course_lib.applications import analyse, synthesise
from course_lib.models.linear import AR
from course_lib.teaching import plot_spectrogram, use_style


def main(path: Path) -> None:
    mpl.use("agg")
    use_style()
    recording = corpora.load("speech/en/tt-weasels", sample_rate=8000)
    frames = analyse(recording)
    noise = AR.fit(recording, order=16).sample(len(recording), rng=np.random.default_rng(1))[0]
    sounds = {
        "a recording": recording,
        "one AR model for all of it": recording.with_samples(noise),
        "a new one every 10 ms, driven by a buzz: a robot": synthesise(
            frames, pitch=150.0, rng=np.random.default_rng(1)
        ),
        "driven by noise: a whisper": synthesise(frames, "noise", rng=np.random.default_rng(1)),
    }
    figure, grid = plt.subplots(2, 2, figsize=(9, 4.4), dpi=100, sharex=True, sharey=True)
    for ax, (title, clip) in zip(grid.flat, sounds.items(), strict=True):
        plot_spectrogram(clip, ax)
        ax.set_title(title)
        ax.label_outer()
    figure.savefig(path)
    image = Image.open(path).convert("RGB").quantize(48, dither=Image.Dither.NONE)
    image.save(path, optimize=True)


if __name__ == "__main__":
    default = Path(__file__).with_suffix(".png")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
