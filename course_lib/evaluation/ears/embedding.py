"""A published ear: the embedding of sound effects that the package aisfx carries.

Somebody else's network, trained on other sounds for another purpose, has no part in what it is
asked to judge. The package (optional) pins old versions of everything around it, so it must be
installed without those: ``pip install --no-deps aisfx``. What is used of it is the network and its
weights alone; its frames are computed here, as its authors' Essentia settings say.

Notebook: 16.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import Any

import numpy as np
import scipy.signal
import torch
from jaxtyping import Float

from course_lib.audio import Clip, check_clip
from course_lib.core import shown
from course_lib.features import frame

SAMPLE_RATE = 44_100
WINDOW_LENGTH, HOP_LENGTH, BANDS = 2048, 1024, 96
FRAMES = 100
"""What the network hears at once: 2.3 s, of which a single hit fills less than half."""

LOUDEST = 9.457798957824707
"""The greatest value in its authors' training set, which they divide by."""

INSTALL = "pip install tqdm, and then pip install --no-deps aisfx"


class SoundEffects:
    """The embedding of aisfx, 512 numbers for a sound of up to 2.3 s.

    Each sound is scaled to a peak of 1, resampled to 44.1 kHz, and filled up with silence::

        M[m, b] = log10(1 + 10^4 sum_k bank[b, k] |X[m, k]|^2) / 9.458

    with 96 triangles over HTK's mel scale, each of weight 1 in all, goes through eight
    convolutions; the mean over bands and the maximum over time of the last are the embedding.

    Raises
    ------
    ModuleNotFoundError
        Where aisfx is not installed; the message says how.

    References
    ----------
    Ma and Lerch (2022), "Representation learning for the automatic indexing of sound effects
    libraries". Notebook: 16.
    """

    def __init__(self) -> None:
        self._network = _network()

    def __call__(self, clips: Sequence[Clip]) -> Float[np.ndarray, "count 512"]:
        """Return the embedding of each clip.

        Raises
        ------
        TypeError, ValueError
            For no clips, something that is not a Clip, or one longer than 2.3 s.
        """
        if not len(clips):
            raise ValueError("need at least one clip to embed, got none")
        pictures = torch.from_numpy(np.stack([picture(clip) for clip in clips])).float()
        with torch.no_grad():
            found = [self._network(piece) for piece in pictures.split(16)]
        return torch.cat(found).double().numpy()


def picture(clip: Clip) -> Float[np.ndarray, "100 96"]:
    """Return what aisfx's network hears of a clip; see `SoundEffects`."""
    x = check_clip(clip).samples.astype(np.float64) / (clip.peak or 1.0)
    common = np.gcd(SAMPLE_RATE, clip.sample_rate)
    x = scipy.signal.resample_poly(x, SAMPLE_RATE // common, clip.sample_rate // common)
    room = (FRAMES - 1) * HOP_LENGTH
    most = room / SAMPLE_RATE
    if len(x) > room:
        raise ValueError(
            f"need at most {shown(most, clip.duration)} s of sound, got "
            f"{shown(clip.duration, most)} s; cut it"
        )
    half = WINDOW_LENGTH // 2
    padded = np.pad(x, (half, room - len(x) + half))
    frames = frame(padded, frame_length=WINDOW_LENGTH, hop_length=HOP_LENGTH)
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW_LENGTH))) ** 2
    return np.log10(1 + 1e4 * power @ _bank().T) / LOUDEST


@functools.cache
def _bank() -> Float[np.ndarray, "bands bins"]:
    """Return triangles over HTK's mel scale, as Essentia's MelBands makes them."""
    frequencies = np.arange(WINDOW_LENGTH // 2 + 1) * SAMPLE_RATE / WINDOW_LENGTH
    mels = 2595 * np.log10(1 + frequencies / 700)
    centres, step = np.linspace(0, mels[-1], BANDS + 2, retstep=True)
    bank = np.maximum(0, 1 - np.abs(mels - centres[1:-1, None]) / step)
    return bank / bank.sum(axis=1, keepdims=True)


@functools.cache
def _network() -> Any:
    """Return aisfx's network with its weights, without running what its file may hold beside."""
    try:
        from aisfx.models.cnn2d import EmbeddingNet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"need the package {error.name} for this embedding: {INSTALL}"
        ) from error
    scalar = np.int64(0).__reduce__()[0]
    pickled: list[Any] = [
        (scalar, "numpy.core.multiarray.scalar"),  # as it was called before numpy 2
        np.dtype,
        np.dtypes.Int64DType,
    ]
    path = files("aisfx") / "models" / "checkpoint.pth"
    with as_file(path) as file, torch.serialization.safe_globals(pickled):
        weights, _ = torch.load(file, map_location="cpu", weights_only=True)
    network = EmbeddingNet("max", 3, 1, 64)
    prefix = "embedding_net."
    network.load_state_dict(
        {key[len(prefix) :]: value for key, value in weights.items() if key.startswith(prefix)}
    )
    return network.eval()
