"""Blind listening in a page: rating sheets with a hidden reference and an anchor, and A/B/X.

The sounds are matched in level, because of two equal sounds the louder is thought the better. They
stand in an order drawn from a seed, under letters that do not tell who made them. What the learner
thinks of them is a call of a function, which writes it to a file beside the learner's notebook;
so a sheet works wherever a page can play sound. Notebook: 17.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.signal
import scipy.stats

from course_lib.audio import Clip
from course_lib.core import check_count, check_number, seeded, write_text
from course_lib.evaluation.intervals import Interval, bootstrap
from course_lib.teaching.player import Player

REFERENCE, ANCHOR = "hidden reference", "anchor"
LEVEL = 0.06
"""Root mean square to which all sounds are brought, about -24 dB below full scale."""

FOLDER = Path("ratings")
"""Where ratings are kept, beside the notebook that is running."""


def matched(clips: Mapping[str, Clip]) -> dict[str, Clip]:
    """Return sounds of equal root mean square, `LEVEL`, or lower where a peak would pass 1.

    Raises
    ------
    ValueError
        For a sound that is silent, or sounds of different sample rates.
    """
    if silent := [name for name, clip in clips.items() if clip.rms == 0]:
        raise ValueError(f"need sounds to compare, but {', '.join(silent)} is silent")
    if len({clip.sample_rate for clip in clips.values()}) > 1:
        raise ValueError("need sounds of one sample rate; bring them together with audio.resample")
    crest = max(clip.peak / clip.rms for clip in clips.values())
    level = min(LEVEL, 0.99 / crest)
    return {
        name: clip.with_samples((clip.samples * (level / clip.rms)).astype(np.float32))
        for name, clip in clips.items()
    }


def low_pass(clip: Clip, cutoff: float = 1000.0) -> Clip:
    """Return what is left of a sound below `cutoff` Hz: an anchor that is clearly worse.

    Recommendation ITU-R BS.1534 takes 3.5 kHz for music at full bandwidth; for speech at 8 kHz,
    which ends at 4 kHz, that would hardly be heard.
    """
    cutoff = check_number(cutoff, "cutoff", above=0, below=clip.sample_rate / 2)
    sections = scipy.signal.butter(8, cutoff, fs=clip.sample_rate, output="sos")
    return clip.with_samples(scipy.signal.sosfiltfilt(sections, clip.samples).astype(np.float32))


@dataclass(frozen=True)
class Sheet:
    """Sounds under letters, to be rated from 0 to 100 beside an open reference."""

    title: str
    reference: Clip
    sounds: Mapping[str, Clip]
    """By letter."""
    names: Mapping[str, str]
    """Who is behind each letter. Do not look before you have rated."""

    def __repr__(self) -> str:
        return f"{self.title}: a reference, and {', '.join(self.sounds)} to rate from 0 to 100"

    def _repr_html_(self) -> str:
        players = [_bare(self.reference, "Reference")]
        players += [_bare(clip, letter) for letter, clip in self.sounds.items()]
        return f"<div><p><strong>{self.title}</strong></p>{''.join(players)}</div>"


def sheet(title: str, reference: Clip, systems: Mapping[str, Clip], *, seed: int) -> Sheet:
    """Return a sheet: the systems, a hidden copy of the reference and an anchor, in random order.

    Parameters
    ----------
    title : what is to be judged
    reference : the sound that all are compared with
    systems : name -> sound
    seed : of the order

    Raises
    ------
    TypeError, ValueError
        For no systems, or names that are those of the reference and the anchor; and as `matched`.

    References
    ----------
    ITU-R BS.1534-3 (2015), "Method for the subjective assessment of intermediate quality level of
    audio systems" (MUSHRA). Notebook: 17.
    """
    if not systems or {REFERENCE, ANCHOR} & set(systems):
        raise ValueError(f"need one system or more, none called {REFERENCE!r} or {ANCHOR!r}")
    level = matched({REFERENCE: reference, ANCHOR: low_pass(reference), **systems})
    order = list(level)
    seeded(check_count(seed, "seed", minimum=0)).shuffle(order)
    names = dict(zip(string.ascii_uppercase, order, strict=False))
    sounds = {letter: level[name] for letter, name in names.items()}
    return Sheet(title, level[REFERENCE], sounds, names)


def rate(sheet: Sheet, scores: Mapping[str, float], *, folder: Path = FOLDER) -> dict[str, float]:
    """Keep a learner's ratings of a sheet, and return them by name: the sheet is revealed.

    Parameters
    ----------
    sheet : what was heard
    scores : letter -> 0 (bad) to 100 (no different from the reference), one for every letter
    folder : where they are kept; a sheet that is rated again replaces its earlier ratings

    Raises
    ------
    TypeError, ValueError
        For scores that are not one for each letter, from 0 to 100.
    """
    if set(scores) != set(sheet.sounds):
        raise ValueError(f"need a score for each of {', '.join(sheet.sounds)}, got {list(scores)}")
    found = {
        sheet.names[letter]: check_number(score, f"the score of {letter}", minimum=0, maximum=100)
        for letter, score in scores.items()
    }
    everything = _kept(folder) | {sheet.title: found}
    text = json.dumps(everything, ensure_ascii=False, indent=1)
    write_text(Path(folder) / "sheets.json", text + "\n")
    return found


def ratings(*, folder: Path = FOLDER) -> dict[str, Interval]:
    """Return the mean rating of each name over all sheets, best first, with a bootstrap interval.

    Raises
    ------
    ValueError
        For fewer than two sheets: one listener's one opinion has no interval.
    """
    sheets = list(_kept(folder).values())
    if len(sheets) < 2:
        raise ValueError(f"need two rated sheets or more in {folder}, got {len(sheets)}")
    names = {name for each in sheets for name in each}
    found = {}
    for name in sorted(names):
        scores = np.array([each[name] for each in sheets if name in each])
        if len(scores) > 1:
            found[name] = bootstrap(scores, np.ones(len(scores)), rng=seeded(17))
    return dict(sorted(found.items(), key=lambda item: -item[1].value))


def _kept(folder: Path) -> dict[str, dict[str, float]]:
    path = Path(folder) / "sheets.json"
    kept: dict[str, dict[str, float]] = json.loads(path.read_bytes()) if path.is_file() else {}
    return kept


# ------------------------------------------------------------------ A/B/X


class Heard(NamedTuple):
    """How often X was recognised: `share` with its interval, and p if one had guessed."""

    correct: int
    trials: int
    share: Interval
    p_value: float


@dataclass(frozen=True)
class ABX:
    """Two sounds A and B, and several X, each of which is one of them."""

    a: Clip
    b: Clip
    secret: tuple[str, ...]
    """Which one each X is. Do not look before you have answered."""

    def __repr__(self) -> str:
        return f"A, B, and {len(self.secret)} times X: which is it?"

    def _repr_html_(self) -> str:
        players = [_bare(self.a, "A"), _bare(self.b, "B")]
        for number, which in enumerate(self.secret, 1):
            players.append(_bare(self.a if which == "A" else self.b, f"X{number}"))
        return f"<div>{''.join(players)}</div>"

    def judge(self, answers: Sequence[str]) -> Heard:
        """Return how many answers were right.

        The interval is Clopper and Pearson's, exact for a binomial law; the p-value is that of at
        least so many right answers by guessing.

        Raises
        ------
        ValueError
            For answers that are not one "A" or "B" for each X.
        """
        if len(answers) != len(self.secret) or set(answers) - {"A", "B"}:
            raise ValueError(f"need {len(self.secret)} answers, each 'A' or 'B', got {answers}")
        right = sum(map(str.__eq__, answers, self.secret))
        test = scipy.stats.binomtest(right, len(answers), alternative="greater")
        ends = scipy.stats.binomtest(right, len(answers)).proportion_ci()
        share = Interval(right / len(answers), float(ends.low), float(ends.high))
        return Heard(right, len(answers), share, float(test.pvalue))


def abx(a: Clip, b: Clip, *, trials: int = 8, seed: int) -> ABX:
    """Return an A/B/X test of two sounds, matched in level.

    Raises
    ------
    TypeError, ValueError
        For fewer than one trial, or as `matched`.

    References
    ----------
    Munson and Gardner (1950), "Standardizing auditory tests". Notebook: 17.
    """
    level = matched({"A": a, "B": b})
    rng = seeded(check_count(seed, "seed", minimum=0))
    secret = tuple("AB"[i] for i in rng.integers(2, size=check_count(trials, "trials")))
    return ABX(level["A"], level["B"], secret)


def _bare(clip: Clip, letter: str) -> str:
    """Return a player that tells nothing but its letter: no picture, for that would tell."""
    whole = Player(clip, letter, "listen")._repr_html_()
    audio = whole[whole.index("<audio") : whole.index("</audio>") + len("</audio>")]
    return (
        '<figure style="display:inline-block;width:17em;max-width:100%;margin:0 1em 1em 0">'
        f"<figcaption><strong>{letter}</strong></figcaption>{audio}</figure>"
    )
