"""The voice as a buzz and a hiss in a moving tube: linear-predictive analysis and synthesis.

An AR model of a whole sentence hums one average colour. Fitted anew every 10 ms it follows the
mouth, and splits the sound into two parts that can be changed separately: the vocal tract (the
reflection coefficients of an all-pole filter) and what drives it (the residual). Give the filter
its own residual and the recording comes back sample for sample; give it a pulse train of the
same pitch and it speaks like the telephones of the 1970s; another pitch, and the same words are
sung; noise, and they are whispered. Notebook: 03.

Sign convention: f_m[t] = f_{m-1}[t] - k_m b_{m-1}[t-1], b_m[t] = b_{m-1}[t-1] - k_m f_{m-1}[t],
with f_0 = b_0 = x and f_p = e, so that k_m is the partial autocorrelation and |k_m| < 1 for all
m is stability.

References
----------
Atal and Hanauer (1971), Speech analysis and synthesis by linear prediction of the speech wave,
J. Acoust. Soc. Am. 50(2).
Makhoul (1975), Linear prediction: a tutorial review, Proc. IEEE 63(4).
Markel and Gray (1976), Linear Prediction of Speech, Springer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.signal
from jaxtyping import Float

from course_lib.audio import Clip
from course_lib.core import check_count, check_generator, check_number, check_order, shown
from course_lib.features.frames import frame, hann
from course_lib.features.pitch import track_pitch
from course_lib.kernels.ar import autocorrelation_frames, levinson_frames
from course_lib.kernels.lattice import lattice_filter, lattice_residual

Excitation = Literal["residual", "pulses", "noise"]

SMOOTHING = 60.0
"""Hz of blur on each frame's spectrum: a high voice has few harmonics, none of them a resonance."""

PULSE_SPREAD = 0.004
"""Seconds over which a pulse's frequencies are spread, low ones first: a bare click is harsh."""


@dataclass(frozen=True, eq=False)
class LpcFrames:
    """A voice taken apart: what the mouth did and what drove it, frame by frame.

    Frame t stands at sample t * hop_length. Change a part with ``dataclasses.replace``, for
    instance the pitch, and synthesise.

    Attributes
    ----------
    reflection : (frames, order), reflection coefficients of the vocal tract, |k| < 1
    gain : (frames,), root mean square of the residual around each frame
    level : (frames,), root mean square of the sound around each frame
    pitch : (frames,), fundamental frequency in Hz, NaN where unvoiced
    residual : (time,), the sound minus its prediction
    sample_rate : in Hz
    hop_length : samples from frame to frame

    Raises
    ------
    ValueError
        For parts of different lengths, a reflection coefficient outside (-1, 1), or a pitch of 0
        or less.
    """

    reflection: Float[np.ndarray, "frames order"]
    gain: Float[np.ndarray, "frames"]
    level: Float[np.ndarray, "frames"]
    pitch: Float[np.ndarray, "frames"]
    residual: Float[np.ndarray, "time"]
    sample_rate: int
    hop_length: int

    def __post_init__(self) -> None:
        lengths = {len(self.reflection), len(self.gain), len(self.level), len(self.pitch)}
        if len(lengths) > 1:
            raise ValueError(
                "need one reflection row, gain, level and pitch for each frame, "
                f"got {sorted(lengths)} of them"
            )
        if not (np.abs(self.reflection) < 1).all():
            raise ValueError(
                "need reflection coefficients strictly between -1 and 1 for a stable voice, "
                f"got {shown(np.abs(self.reflection).max(), 1)}"
            )
        if (self.pitch <= 0).any():
            raise ValueError(f"need a pitch above 0 Hz or NaN, got {np.nanmin(self.pitch):g}")

    def __len__(self) -> int:
        return len(self.reflection)

    def __repr__(self) -> str:
        return (
            f"LpcFrames({len(self)} frames of order {self.order} every "
            f"{1000 * self.hop_length / self.sample_rate:g} ms, {self.voiced.mean():.0%} voiced)"
        )

    @property
    def order(self) -> int:
        """The number of reflection coefficients."""
        return self.reflection.shape[1]

    @property
    def voiced(self) -> np.ndarray:
        """Where the vocal folds swing, (frames,)."""
        return np.isfinite(self.pitch)

    def steadiest_vowel(self) -> int:
        """Return the loudest voiced frame that has a voiced frame on either side.

        Raises
        ------
        ValueError
            Where the sound has no three voiced frames in a row.
        """
        inside = np.zeros(len(self), bool)
        inside[1:-1] = self.voiced[:-2] & self.voiced[1:-1] & self.voiced[2:]
        if not inside.any():
            raise ValueError(
                "need three voiced frames in a row to find a vowel, got none; "
                "analyse a clip in which somebody speaks"
            )
        return int(np.argmax(np.where(inside, self.level, -1.0)))


def analyse(
    clip: Clip,
    *,
    order: int = 16,
    window_length: int | None = None,
    hop_length: int | None = None,
) -> LpcFrames:
    """Take a voice apart: one AR model a frame, what is left when it has predicted, and the pitch.

    Each frame is windowed (Hann), its autocorrelation r_k is tapered to
    r_k exp(-(2 pi 60 k / sample_rate)^2 / 2), a blur of the spectrum by 60 Hz that keeps the
    filter from fitting single harmonics, and Levinson's recursion gives its reflection
    coefficients, always inside (-1, 1). They move on straight lines between frames, which keeps
    them there, through a time-varying lattice whose output is the residual e.

    Parameters
    ----------
    clip : the sound
    order : coefficients a frame; about sample_rate / 1000 for the resonances, and a few for the
        slope of the spectrum
    window_length : samples under each window; 30 ms if None
    hop_length : samples from frame to frame; 10 ms if None

    Raises
    ------
    TypeError
        For anything but a Clip, or settings that are not whole numbers.
    ValueError
        For a sample rate of 2000 Hz or less, a clip with fewer than order + 1 samples, an order
        below 1, a window that is not longer than the order, or a hop beyond the window.

    References
    ----------
    Atal and Hanauer (1971); Makhoul (1975); the lattice: Markel and Gray (1976); the taper:
    Tohkura, Itakura and Hashimoto (1978), Spectral smoothing technique in PARCOR speech
    analysis-synthesis, IEEE Trans. ASSP 26(6). Notebook: 03.
    """
    _check_clip(clip)
    order = check_order(order, len(clip), minimum=1)
    if window_length is None:
        window_length = max(round(0.03 * clip.sample_rate), order + 1)
    if hop_length is None:
        hop_length = max(round(0.01 * clip.sample_rate), 1)
    window_length = check_count(window_length, "window_length")
    hop_length = check_count(hop_length, "hop_length")
    order = check_order(order, window_length, minimum=1)
    if hop_length > window_length:
        raise ValueError(
            f"need a hop_length of at most window_length = {window_length}, got {hop_length}"
        )
    # Autocorrelation of each windowed frame
    samples = clip.samples.astype(np.float64)
    window = hann(window_length)
    padded = np.pad(samples, (window_length // 2, window_length - window_length // 2))
    framed = frame(padded, frame_length=window_length, hop_length=hop_length)
    r = autocorrelation_frames(framed * window, order)
    # Lag window: no peak narrower than this
    lag = np.arange(order + 1) / clip.sample_rate
    r *= np.exp(-0.5 * (2 * np.pi * SMOOTHING * lag) ** 2)
    # Levinson recursion; the lattice's residual
    _, reflection, _ = levinson_frames(r)
    centres = np.minimum(np.arange(len(reflection)) * hop_length, len(samples) - 1)
    residual = lattice_residual(samples, reflection, float(hop_length))
    return LpcFrames(
        reflection=reflection,
        gain=_running_level(residual, window)[centres],
        level=_running_level(samples, window)[centres],
        pitch=track_pitch(clip, hop_length=hop_length),
        residual=residual,
        sample_rate=clip.sample_rate,
        hop_length=hop_length,
    )


def _check_clip(clip: Clip) -> None:
    if not isinstance(clip, Clip):
        raise TypeError(
            f"need a Clip, got {type(clip).__name__}; "
            "a voice has a pitch in Hz, which needs a sample rate: Clip(samples, 8000)"
        )
    if clip.sample_rate <= 2000:
        raise ValueError(f"need a sample rate above 2000 Hz for a voice, got {clip.sample_rate}")


def _running_level(samples: np.ndarray, window: np.ndarray) -> Float[np.ndarray, "time"]:
    """Return the root mean square under the window around each sample."""
    first = len(window) - 1 - len(window) // 2
    power = np.convolve(samples**2, window[::-1])[first : first + len(samples)]
    return np.sqrt(power / window.sum())


def lattice_residual_by_hand(
    x: np.ndarray, reflection: Float[np.ndarray, "frames order"], hop_length: float
) -> Float[np.ndarray, "time"]:
    """Return the residual of a moving lattice, step by step (twin of ``lattice_residual``).

    f_m[t] = f_{m-1}[t] - k_m b_{m-1}[t-1] and b_m[t] = b_{m-1}[t-1] - k_m f_{m-1}[t], from
    f_0[t] = b_0[t] = x[t] up to e[t] = f_p[t]; k_m moves on straight lines between frames.
    Notebook: 03.
    """
    k = _tracks(reflection, len(x), hop_length)
    delayed, e = np.zeros(k.shape[1] + 1), np.zeros(len(x))
    for t in range(len(x)):
        f, b = x[t], np.append(x[t], np.zeros(k.shape[1]))
        for m in range(k.shape[1]):
            f, b[m + 1] = f - k[t, m] * delayed[m], delayed[m] - k[t, m] * f
        e[t], delayed = f, b
    return e


def lattice_filter_by_hand(
    e: np.ndarray, reflection: Float[np.ndarray, "frames order"], hop_length: float
) -> Float[np.ndarray, "time"]:
    """Return the sound of a moving lattice, step by step (twin of ``lattice_filter``).

    The same two equations read backwards: f_{m-1}[t] = f_m[t] + k_m b_{m-1}[t-1], from
    f_p[t] = e[t] down to x[t] = f_0[t]. Notebook: 03.
    """
    k = _tracks(reflection, len(e), hop_length)
    delayed, x = np.zeros(k.shape[1] + 1), np.zeros(len(e))
    for t in range(len(e)):
        f, b = e[t], np.zeros(k.shape[1] + 1)
        for m in reversed(range(k.shape[1])):
            f = f + k[t, m] * delayed[m]
            b[m + 1] = delayed[m] - k[t, m] * f
        b[0] = x[t] = f
        delayed = b
    return x


def _tracks(reflection: np.ndarray, length: int, hop_length: float) -> np.ndarray:
    """Return every coefficient at every sample, (time, order)."""
    position = np.arange(length) / hop_length
    return np.stack([_at(position, track) for track in reflection.T], axis=1)


def synthesise(
    frames: LpcFrames,
    excitation: Excitation = "pulses",
    *,
    pitch: float | None = None,
    pitch_scale: float = 1.0,
    stretch: float = 1.0,
    breath_above: float = 2500.0,
    rng: np.random.Generator | None = None,
) -> Clip:
    """Put a voice together again, driven by its own residual, by pulses, or by noise.

    With the residual, the lattice undoes the analysis exactly. Otherwise the excitation is made
    anew at the residual's level: where the voice is voiced, "pulses" gives harmonics of the
    pitch up to `breath_above` and noise beyond it; elsewhere, and everywhere with "noise", white
    noise. The sound's level is then matched to the original's frame by frame; if it would
    exceed 1 it is scaled down as a whole.

    Parameters
    ----------
    frames : what ``analyse`` returned
    excitation : "residual" (the recording itself), "pulses" (a vocoder), "noise" (a whisper)
    pitch : one pitch in Hz for every voiced frame (a robot); None keeps the melody
    pitch_scale : factor on the pitch; 2 is an octave up
    stretch : factor on the duration; 2 speaks at half speed
    breath_above : Hz above which voiced sound is breath, so that it does not buzz
    rng : needed unless the excitation is the residual

    Raises
    ------
    TypeError, ValueError
        For another excitation, a missing generator, numbers out of range, a pitch that reaches
        a quarter of the sample rate, or changes of pitch or time that the residual cannot make.

    References
    ----------
    Atal and Hanauer (1971); pulses mixed with noise: Makhoul, Viswanathan, Schwartz and Huggins
    (1978), A mixed-source model for speech compression and synthesis. Notebook: 03.
    """
    pitch_scale = check_number(pitch_scale, "pitch_scale", above=0)
    stretch = check_number(stretch, "stretch", above=0)
    breath_above = check_number(breath_above, "breath_above", above=0)
    # The residual itself: back through the lattice
    if excitation == "residual":
        if pitch is not None or pitch_scale != 1.0 or stretch != 1.0:
            raise ValueError(
                "the residual has its own pitch and pace; "
                'pass excitation="pulses" or "noise" to change them'
            )
        samples = lattice_filter(frames.residual, frames.reflection, float(frames.hop_length))
        return Clip(samples, frames.sample_rate)
    if excitation not in ("pulses", "noise"):
        raise ValueError(f'need "residual", "pulses" or "noise", got {excitation!r}')
    # Pulses or noise: a new contour of pitch, then the voice's own tube
    contour = np.full(len(frames), np.nan)
    if excitation == "noise":
        if pitch is not None or pitch_scale != 1.0:
            raise ValueError('a whisper has no pitch; pass excitation="pulses" to change it')
    else:
        melody = frames.pitch if pitch is None else check_number(pitch, "pitch", above=0)
        contour = np.where(frames.voiced, melody, np.nan) * pitch_scale
    return speak(
        frames,
        np.arange(len(frames)),
        contour,
        frames.level,
        length=round(len(frames.residual) * stretch),
        hop_length=frames.hop_length * stretch,
        breath_above=breath_above,
        rng=rng,
    )


def speak(
    frames: LpcFrames,
    which: np.ndarray,
    pitch: np.ndarray,
    level: np.ndarray,
    *,
    length: int,
    hop_length: float,
    breath_above: float,
    rng: np.random.Generator | None,
) -> Clip:
    """Drive the tracts of the frames `which`, in that order, to the given pitch and level."""
    if (pitch >= frames.sample_rate / 4).any():
        raise ValueError(
            f"need a pitch below a quarter of the sample rate, {frames.sample_rate / 4:g} Hz, "
            f"got {np.nanmax(pitch):.0f} Hz; lower the notes or the scale"
        )
    position = np.arange(length) / hop_length
    excitation = _excitation(
        pitch, position, frames.sample_rate, breath_above, check_generator(rng)
    )
    excitation *= _at(position, frames.gain[which])
    samples = lattice_filter(excitation, frames.reflection[which], hop_length)
    samples = _match_level(samples, level, position, hop_length, frames.sample_rate)
    return Clip(samples / max(1.0, np.abs(samples).max()), frames.sample_rate)


def _at(position: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the values of the frames, on straight lines between them."""
    return np.interp(position, np.arange(len(values)), values)


def _excitation(
    pitch: np.ndarray,
    position: np.ndarray,
    sample_rate: int,
    breath_above: float,
    rng: np.random.Generator,
) -> Float[np.ndarray, "time"]:
    """Return a flat-spectrum driver of unit power: harmonics where there is a pitch, else noise.

    The voiced part is a sum of cosines a_k cos(k theta + psi_k), a band-limited pulse train.
    With a_k^2 = 4 f0 / sample_rate its power density is that of unit white noise. A second-order
    low pass at `breath_above` weights the harmonics and its power complement the noise, so that
    both together stay nearly flat.
    """
    noise = rng.standard_normal(len(position))
    voiced = np.isfinite(pitch)
    if not voiced.any():
        return noise
    known = np.flatnonzero(voiced)
    f0 = np.exp(np.interp(position, known, np.log(pitch[known])))
    theta = 2 * np.pi * np.cumsum(f0) / sample_rate
    pulses = np.zeros(len(position))
    for k in range(1, int(0.5 * sample_rate / f0.min()) + 1):
        f = k * f0
        low_pass = 1 / (1 + (f / breath_above) ** 4)
        inside = np.clip((0.5 * sample_rate - f) / (0.02 * sample_rate), 0, 1)
        psi = 2 * np.pi * PULSE_SPREAD * f**2 / sample_rate
        pulses += np.sqrt(4 * f0 / sample_rate * low_pass) * inside * np.cos(k * theta - psi)
    breath = np.zeros(len(noise))
    if breath_above < sample_rate / 2:
        high_pass = scipy.signal.butter(2, breath_above, "high", fs=sample_rate, output="sos")
        breath = scipy.signal.sosfilt(high_pass, noise)
    share = _at(position, voiced.astype(float))
    return np.sqrt(share) * (pulses + breath) + np.sqrt(1 - share) * noise


def _match_level(
    samples: np.ndarray,
    level: np.ndarray,
    position: np.ndarray,
    hop_length: float,
    sample_rate: int,
) -> Float[np.ndarray, "time"]:
    """Scale the sound smoothly so that its level around each frame is the one asked for."""
    window = hann(round(0.03 * sample_rate))
    centres = np.arange(len(level)) * hop_length
    for _ in range(2):  # scaling one frame changes its neighbours a little: twice is enough
        here = np.interp(centres, np.arange(len(samples)), _running_level(samples, window))
        factor = np.divide(level, here, out=np.zeros_like(level), where=here > 1e-9)
        samples = samples * _at(position, factor)
    return samples
