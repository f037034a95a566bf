"""One voice with the mouth of another: envelopes mapped by a mixture, frame by frame.

A voice is an excitation through a tube (`applications.lpc`). To make one speaker sound like
another, keep what drives the tube, with the other's pitch, and move the tube. How it has to move is
learned from words that both have said: frames that belong together are found by dynamic time
warping, and a mixture of Gaussians over pairs (a, b) of their log area ratios predicts b from a.

Notebook: 18.

References
----------
Stylianou, Cappé and Moulines (1998), "Continuous probabilistic transform for voice conversion",
IEEE Trans. Speech and Audio Processing 6(2); Kain and Macon (1998), "Spectral voice conversion for
text-to-speech synthesis", ICASSP (the joint density, eq. 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from course_lib.applications.lpc import LpcFrames, analyse, synthesise
from course_lib.audio import Clip, check_clip
from course_lib.core import check_count, check_generator
from course_lib.features import dynamic_time_warping, log_mel, mel_cepstrum
from course_lib.models.states.gaussians import Gaussians
from course_lib.models.states.gmm import GaussianMixture

ORDER = 18

STEEPEST = 0.995
"""Reflection coefficients beyond it are brought back: a tube that is all but closed rings on."""

SOFTEST = 35.0
"""Frames so many dB below the loudest are silence, and not compared."""


def log_area_ratios(
    reflection: Float[np.ndarray, "frames order"],
) -> Float[np.ndarray, "frames order"]:
    """Return ln((1 + k) / (1 - k)): any real number is a stable tube, so one may add and average.

    References
    ----------
    Viswanathan and Makhoul (1975), "Quantization properties of transmission parameters in linear
    predictive systems", IEEE Trans. ASSP 23(3). Notebook: 18.
    """
    return 2 * np.arctanh(np.clip(reflection, -STEEPEST, STEEPEST))


@dataclass(frozen=True, eq=False)
class VoiceMap:
    """From the frames of one voice to those of another.

    Attributes
    ----------
    joint : density of pairs (a, b) of log area ratios, first voice first
    semitones : from the first voice's median pitch to the second's
    """

    joint: GaussianMixture
    semitones: float

    @classmethod
    def fit(
        cls,
        pairs: Sequence[tuple[Clip, Clip]],
        *,
        components: int = 4,
        order: int = ORDER,
        rng: np.random.Generator,
    ) -> VoiceMap:
        """Learn from words that both voices have said.

        Parameters
        ----------
        pairs : of each word a clip of the first voice and one of the second, at one sample rate
        components : of the mixture
        order : reflection coefficients of a frame
        rng : for the mixture's start

        Raises
        ------
        TypeError, ValueError
            For no pairs, clips of different sample rates, voices without a pitch, or too few
            frames for the mixture.

        Notebook: 18.
        """
        check_generator(rng)
        rates = {check_clip(clip).sample_rate for pair in pairs for clip in pair}
        if len(rates) != 1:
            raise ValueError(f"need pairs of clips at one sample rate, got {sorted(rates)} Hz")
        analysed = [[(clip, analyse(clip, order=order)) for clip in pair] for pair in pairs]
        joint = np.concatenate([_joined(a, b) for a, b in analysed])
        pitches = [np.concatenate([pair[i][1].pitch for pair in analysed]) for i in (0, 1)]
        for which, pitch in zip(("first", "second"), pitches, strict=True):
            if not np.isfinite(pitch).any():
                raise ValueError(f"need a {which} voice with a pitch, got none that is voiced")
        first, second = (float(np.nanmedian(pitch)) for pitch in pitches)
        # Few frames for so many covariances: none may be too narrow
        mixture = GaussianMixture.fit(
            joint, check_count(components, "components"), covariance="full", floor=0.02, rng=rng
        )
        return cls(mixture, 12 * float(np.log2(second / first)))

    @property
    def order(self) -> int:
        """Reflection coefficients of a frame."""
        return self.joint.gaussians.dims // 2

    def mapped(
        self, reflection: Float[np.ndarray, "frames order"]
    ) -> Float[np.ndarray, "frames order"]:
        """Return the second voice's reflection coefficients, E[b | a] of each frame.

            E[b | a] = sum_k P(k | a) (mu_kb + C_kba C_kaa^-1 (a - mu_ka))

        Raises
        ------
        ValueError
            For frames of another order.

        References
        ----------
        Kain and Macon (1998), eq. 5. Notebooks: 06, 18.
        """
        if reflection.ndim != 2 or reflection.shape[1] != self.order:
            raise ValueError(f"need frames of order {self.order}, got shape {reflection.shape}")
        a, size = log_area_ratios(reflection), self.order
        means, matrices = self.joint.gaussians.means, self.joint.gaussians.matrices()
        heard = Gaussians(means[:, :size], matrices[:, :size, :size], "full")
        shares = GaussianMixture(self.joint.weights, heard).responsibilities(a)  # P(k | a)
        expected = np.zeros_like(a)
        for share, mean, matrix in zip(shares.T, means, matrices, strict=True):
            slope = np.linalg.solve(matrix[:size, :size], matrix[:size, size:])  # C_aa^-1 C_ab
            expected += share[:, None] * (mean[size:] + (a - mean[:size]) @ slope)
        return np.tanh(expected / 2)

    def convert(self, clip: Clip, *, rng: np.random.Generator) -> Clip:
        """Return a clip of the first voice as the second would say it, at the level of the first.

        What drives the second voice's tube are pulses that follow the first voice's melody, at
        the second's median pitch, and noise where it is unvoiced (`lpc.synthesise`).

        Raises
        ------
        TypeError, ValueError
            For something other than a Clip or a generator, or a clip too short for the order.
        """
        frames = analyse(clip, order=self.order)
        moved = replace(frames, reflection=self.mapped(frames.reflection))
        return synthesise(moved, "pulses", pitch_scale=2 ** (self.semitones / 12), rng=rng)


def matched_frames(a: Clip, b: Clip, *, hop_length: int) -> Int[np.ndarray, "pairs 2"]:
    """Return which frames of two readings of a word belong together.

    Compared are mel-cepstra 1 to 12 without their mean over the word: what differs between two
    voices at all times says nothing about when.

    Parameters
    ----------
    a, b : at one sample rate
    hop_length : samples from frame to frame
    """
    cepstra = []
    for clip in (a, b):
        frames = log_mel(clip, window_length=4 * hop_length, hop_length=hop_length, bands=40)
        frames = np.maximum(frames, frames.max() - SOFTEST * np.log(10) / 10)
        cepstrum = mel_cepstrum(frames, order=12)[:, 1:]
        cepstra.append(cepstrum - cepstrum.mean(axis=0))
    return dynamic_time_warping(np.linalg.norm(cepstra[0][:, None] - cepstra[1], axis=2))


def _joined(
    a: tuple[Clip, LpcFrames], b: tuple[Clip, LpcFrames]
) -> Float[np.ndarray, "pairs dims"]:
    """Return the pairs of frames in which both voices are heard, side by side."""
    (first, ours), (second, theirs) = a, b
    m, n = matched_frames(first, second, hop_length=ours.hop_length).T
    heard = _heard(ours)[m] & _heard(theirs)[n]
    ratios = (log_area_ratios(ours.reflection)[m], log_area_ratios(theirs.reflection)[n])
    return np.concatenate(ratios, axis=1)[heard]


def _heard(frames: LpcFrames) -> Bool[np.ndarray, "frames"]:
    return frames.level > frames.level.max() * 10 ** (-SOFTEST / 20)
