"""`course bench quality`: every model of the course on the same held-out sound.

Three blocks, which do not compare with one another: English prompts like those trained on, at
8 kHz; prompts of other voices and languages, at 8 kHz; drum hits at 16 kHz. All bits are counted
on 8-bit mu-law levels. Classical models are fitted here to the training recordings; networks
come from the zoo, and whatever joins the zoo joins the table. Notebook: 17.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from course_lib import zoo
from course_lib.audio import Clip
from course_lib.core import (
    LabelledScorer,
    LevelScorer,
    Likelihood,
    Sampler,
    Scorer,
    SignalLike,
    check_signal,
    seeded,
)
from course_lib.corpora import speech
from course_lib.corpora.catalogue import data_folder
from course_lib.evaluation.showdown import Contestant, Result, from_json, judge
from course_lib.features import MuLaw
from course_lib.models.latent import RBM, Learning
from course_lib.models.linear import AR, ARMA, AdaptiveAR
from course_lib.models.states import HMM, GaussianMixture, Histogram, MarkovChain
from course_lib.zoo.hits import CLASSES, LENGTH, hits, sounds_of
from course_lib.zoo.prompts import prepared

WIDTH = 16
"""Samples of a block, of which mixtures, hidden Markov models and Boltzmann machines are made."""

SPEECH_RATE = 8000


class Block(NamedTuple):
    """What belongs in one table: models, clips to judge them by, and what the grid is."""

    title: str
    contestants: list[Contestant]
    held_out: list[Clip]
    training: list[Clip]

    @property
    def sizes(self) -> list[int]:
        """Samples of each held-out clip."""
        return [len(clip) for clip in self.held_out]

    def results(self, *, draws: int = 24) -> Iterator[Result]:
        """Measure one contestant after the other."""
        for contestant in self.contestants:
            yield judge(contestant, self.held_out, MuLaw(), training=self.training, draws=draws)


@dataclass(frozen=True)
class Blockwise:
    """A density of blocks of `WIDTH` samples as a density of sounds: p(x) = p(block, block, ...).

    Parameters
    ----------
    score : from blocks, (blocks, WIDTH), to their log-likelihood
    draw : from how many blocks, and a generator, to blocks
    """

    score: Callable[[np.ndarray], Likelihood]
    draw: Callable[[int, np.random.Generator], np.ndarray]

    def log_likelihood(self, x: SignalLike) -> Likelihood:
        """Return log p of a sound whose length is a multiple of `WIDTH`.

        Raises
        ------
        ValueError
            For another length.
        """
        x = check_signal(x)
        if len(x) % WIDTH:
            raise ValueError(f"need a multiple of {WIDTH} samples, got {len(x)}; cut the rest off")
        return self.score(x.reshape(-1, WIDTH))

    def sample(self, length: int, *, count: int = 1, rng: np.random.Generator) -> np.ndarray:
        """Draw `count` sounds of `length` samples."""
        blocks = -(-length // WIDTH)
        drawn = [self.draw(blocks, child).reshape(-1)[:length] for child in rng.spawn(count)]
        return np.clip(np.stack(drawn), -1, 1)


def speech_block(*, clips: int | None = None, models: Sequence[str] | None = None) -> Block:
    """Return the block of what was trained on: all held-out prompts, or the `clips` shortest.

    Parameters
    ----------
    clips : how many; None for all
    models : names of contestants to keep; None for all
    """
    prompts = speech(language="en", split="test")
    return _block("English prompts, held out", _clips(prompts, clips), models)


def voices_block(*, clips: int | None = None, models: Sequence[str] | None = None) -> Block:
    """Return the block of the recordings that no single-voice model was trained on.

    French, Italian and Russian are read by three other people, Spanish by the voice of English.
    """
    others = speech(language=("fr", "es", "it", "ru"))
    every = max(1, len(others) // 24)
    chosen = sorted(others, key=lambda r: (r.seconds, r.name))[every // 2 :: every]
    title = "French, Spanish, Italian and Russian, not trained on"
    return _block(title, _clips(chosen, clips), models)


def percussion_block(*, clips: int | None = None, models: Sequence[str] | None = None) -> Block:
    """Return the block of drum hits of kits that were not trained on, at 16 kHz."""
    sounds, labels = sounds_of(hits("test"))
    every = max(1, len(sounds) // (12 if clips is None else clips))
    held_out, labels = sounds[::every], labels[::every]
    training = sounds_of(hits("train"))[0]
    everything = Clip.join([clip.cut(0, 0.5) for clip in training])
    found = [
        _fitted("order 0", lambda: Histogram.fit(training, MuLaw()), 255, LENGTH),
        _fitted("AR(16), global", lambda: AR.fit(everything, 16, innovation="laplace"), 17, LENGTH),
        _fitted("AR(16), adaptive", AdaptiveAR, 0, LENGTH),
    ]
    for name in zoo.names():
        network, about = zoo.load(name), zoo.card(name)
        if getattr(network.config, "length", None) == LENGTH and isinstance(network, Sampler):
            found.append(_hits_network(name, network, about, labels))
    return Block("drum hits, 8-bit µ-law at 16000 Hz", _kept(found, models), held_out, training)


BLOCKS = {"speech": speech_block, "voices": voices_block, "percussion": percussion_block}
"""The blocks of `course bench quality`."""


class Stored(NamedTuple):
    """A block that was measured before."""

    title: str
    sizes: list[int]
    results: list[Result]


def stored() -> dict[str, Stored]:
    """Return what ``course bench quality --json data/quality.json`` measured, block by block.

    Raises
    ------
    FileNotFoundError
        Where the data folder has no such file.
    """
    blocks = json.loads((data_folder() / "quality.json").read_bytes())
    return {
        name: Stored(block["title"], block["sizes"], from_json(block["results"]))
        for name, block in blocks.items()
    }


def _block(who: str, held_out: list[Clip], models: Sequence[str] | None) -> Block:
    title = f"{who}; 8-bit µ-law at {SPEECH_RATE} Hz"
    return Block(title, _kept(_speech_contestants(), models), held_out, _training()[:120])


def _kept(found: list[Contestant], models: Sequence[str] | None) -> list[Contestant]:
    if models is None:
        return found
    known = [contestant.name for contestant in found]
    if unknown := set(models) - set(known):
        raise ValueError(f"need models out of {', '.join(known)}, got {', '.join(sorted(unknown))}")
    return [contestant for contestant in found if contestant.name in models]


def _clips(recordings: Any, count: int | None) -> list[Clip]:
    """Return the clips, the shortest first, each cut to a multiple of `WIDTH` samples."""
    chosen = sorted(recordings, key=lambda r: (r.seconds, r.name))[:count]
    clips = [prepared(recording.load(SPEECH_RATE)) for recording in chosen]
    return [clip.with_samples(clip.samples[: len(clip) // WIDTH * WIDTH]) for clip in clips]


@functools.cache
def _training() -> list[Clip]:
    return _clips(speech(language="en", split="train"), None)


@functools.cache
def _on_grid() -> list[Clip]:
    """Return the training prompts as the grid holds them, on which every model is judged.

    The filter of the resampling leaves nothing near 4 kHz. A density that learned this would meet
    the grid's rounding there, which it takes for impossible.
    """
    levels = MuLaw()
    return [clip.with_samples(levels.decode(levels.encode(clip))) for clip in _training()]


@functools.cache
def _blocks() -> np.ndarray:
    """Return blocks of the training prompts, every fourth of them."""
    everything = np.concatenate([clip.samples for clip in _on_grid()]).astype(np.float64)
    return everything.reshape(-1, WIDTH)[::4]


@functools.cache
def _speech_contestants() -> list[Contestant]:
    training = _training()
    everything, few = Clip.join(_on_grid()), Clip.join(_on_grid()[:40])
    chain = functools.cache(lambda: MarkovChain.fit(training, 2, MuLaw(), smoothing=4.0))
    found = [
        _fitted("order 0", lambda: Histogram.fit(training, MuLaw()), 255),
        _fitted("Markov, order 2", chain, 255 * 256**2),
        _fitted("AR(16), global", lambda: AR.fit(everything, 16, innovation="laplace"), 17),
        _fitted("AR(16), adaptive", AdaptiveAR, 0),
        _fitted("ARMA(12, 4)", lambda: ARMA.fit(few, (12, 4)), 17),
        _fitted("GMM of blocks", _mixture, 16 * (1 + 16 + 136) - 1),
        _fitted("HMM of blocks", _hidden, 16 * 15 + 15 + 16 * (16 + 136)),
        _fitted("RBM of blocks", _machine, 16 * 64 + 2 * 16 + 64),
    ]
    for name in zoo.names():
        network, about = zoo.load(name), zoo.card(name)
        config = network.config
        conditioned = getattr(config, "voices", ()) or getattr(config, "mel", None) is not None
        if isinstance(network, LevelScorer) and not conditioned and config.levels == 256:
            found.append(_network(name, network, about))
    return found


def _mixture() -> Blockwise:
    model = GaussianMixture.fit(
        _blocks(), 16, covariance="full", floor=1e-7, steps=20, rng=seeded(0)
    )
    return Blockwise(model.log_likelihood, lambda n, rng: model.sample(n, rng=rng)[0])


def _hidden() -> Blockwise:
    sequences = [clip.samples.astype(np.float64).reshape(-1, WIDTH) for clip in _on_grid()[::4]]
    model = HMM.fit(sequences, 16, covariance="full", floor=1e-7, steps=12, rng=seeded(0))
    return Blockwise(model.log_likelihood, lambda n, rng: model.sample(n, rng=rng)[0])


def _machine() -> Blockwise:
    """Return an RBM with Gaussian units; blocks are scaled to the deviation of speech."""
    scale = float(_blocks().std())
    settings = Learning("cd", rate=0.003, momentum=0.5)
    model = RBM.fit(
        _blocks()[::4] / scale, 64, units="gaussian", epochs=15, settings=settings, rng=seeded(0)
    )
    partition = model.log_partition(chains=100, steps=500, rng=seeded(1))

    def score(x: np.ndarray) -> Likelihood:
        change = Likelihood(-x.size * float(np.log(scale)))
        return model.log_likelihood(x / scale, log_partition=partition) + change

    return Blockwise(score, lambda n, rng: scale * model.sample(n, sweeps=200, rng=rng))


def _fitted(
    name: str, fit: Callable[[], Any], parameters: int, length: int = SPEECH_RATE
) -> Contestant:
    """Return a model that is fitted when it is first needed."""
    model = functools.cache(fit)
    rate = 16_000 if length == LENGTH else SPEECH_RATE

    def draw(i: int) -> Clip:
        x = model().sample(length, rng=np.random.default_rng([3, i]))[0]
        return Clip(np.clip(x, -1, 1).astype(np.float32), rate)

    return Contestant(name, lambda _: model(), draw, parameters, "here")


def _network(name: str, network: Any, about: dict[str, Any]) -> Contestant:
    def draw(i: int) -> Clip:
        x = network.sample(SPEECH_RATE, rng=np.random.default_rng([3, i]))[0]
        return Clip(x.astype(np.float32), SPEECH_RATE)

    numbers = about["weights"]["numbers"]
    return Contestant(name, lambda _: network, draw, numbers, _training_of(about))


def _hits_network(
    name: str, network: Any, about: dict[str, Any], labels: Sequence[str]
) -> Contestant:
    """Return a network of hits; it is told the class of each hit that it scores or draws."""

    def scored(i: int) -> Scorer:
        scorer: Scorer = network.scorer(labels[i], rng=np.random.default_rng([5, i]))
        return scorer

    def draw(i: int) -> Clip:
        label = CLASSES[i % len(CLASSES)]
        x = network.sample(LENGTH, label=label, rng=np.random.default_rng([3, i]))[0]
        return Clip(np.clip(x, -1, 1).astype(np.float32), network.config.sample_rate)

    scorer: Callable[[int], Any] | None = None
    if isinstance(network, LabelledScorer):
        scorer = scored
    elif isinstance(network, Scorer | LevelScorer):
        scorer = lambda _: network  # noqa: E731 - one line beside the other case
    numbers = about["weights"]["numbers"]
    return Contestant(name, scorer, draw, numbers, _training_of(about), "the class")


def _training_of(about: dict[str, Any]) -> str:
    """Return in words how long a network was trained, earlier parts of it included, and on what."""
    parts = zoo.trainings(about)
    seconds = sum(part["seconds"] for part in parts)
    hardware = dict.fromkeys(each for part in parts for each in part.get("hardware", ["unknown"]))
    return f"{seconds:,.0f} s, {' and '.join(hardware)}"
