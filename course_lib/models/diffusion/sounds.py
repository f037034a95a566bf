"""A diffusion model of short sounds: a network that removes noise, and the sounds it dreams of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from course_lib.core import (
    LabelledBatch,
    SignalLike,
    check_count,
    check_generator,
    check_kept,
    check_number,
    check_signal,
    class_index,
    spawn,
)
from course_lib.models.diffusion.configuration import (
    SIGMA_MAX,
    SIGMA_MIN,
    Body,
    SoundDiffusionConfig,
)
from course_lib.models.diffusion.guidance import guided, pinned
from course_lib.models.diffusion.process import (
    Denoiser,
    Draw,
    edm_sigmas,
    flow_scales,
    flow_times,
    per_sound,
)
from course_lib.models.diffusion.samplers import (
    State,
    ddim,
    flow_euler,
    flow_midpoint,
    heun,
    last,
    multistep,
    noises,
)
from course_lib.models.diffusion.scoring import DiffusionScorer
from course_lib.models.diffusion.targets import edm_loss, preconditioned, simple_loss

SamplerName: TypeAlias = Literal["ddim", "ddpm", "heun", "multistep", "euler", "midpoint"]
"""How sounds are drawn; `SoundDiffusion.sample` says which is which."""

TOGETHER = 8
"""So many sounds are drawn at once; more at once would be no faster, and need memory."""


class SoundDiffusion(nn.Module):
    """A network that removes noise from short sounds of several classes.

    ::

        network = zoo.load("diffusion-percussion")
        hits = network.sample(label="snare", guidance=2.0, count=4, rng=np.random.default_rng(1))

    D(z, sigma, label) = c_skip z + c_out F(c_in z, c_noise, label) is its guess of the clean
    table of numbers z behind a noisy one, with F the body and the factors of Karras et al.
    (2022), table 1, for data of unit variance.

    Parameters
    ----------
    config : what it is made of
    seed : of the first weights

    References
    ----------
    Karras, Aittala, Aila and Laine (2022), "Elucidating the design space of diffusion-based
    generative models"; Rouard and Hadjeres (2021), "CRASH: raw audio score-based generative
    modeling for controllable high-resolution drum sound synthesis". Notebook: 16.
    """

    def __init__(self, config: SoundDiffusionConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(check_count(seed, "seed", minimum=0))
            body: Body = config.body
            self.body = body.build(len(config.classes))
        self.seen = body.transform(config.length, scale=config.scale, softness=config.softness)

    # ------------------------------------------------------------- learning

    def loss(self, batch: LabelledBatch, carry: object = None) -> tuple[Tensor, None]:
        """Return the weighted mean squared error of the guess, and nothing to carry.

        ln sigma ~ N(level_mean, level_std^2), drawn like the noise from the batch's seed. On the
        path "edm" it is `edm_loss`; on the path "flow", || (n - z) - u ||^2 with
        u = (z_t - D) / t, the direction in which the network would move z_t = (1 - t) z + t n,
        and t = sigma / (1 + sigma).

        Raises
        ------
        ValueError
            For sounds of another length, or labels that are no classes.
        """
        config = self.config
        batch.check(config.length, len(config.classes))
        with torch.autocast(batch.sounds.device.type, enabled=False):
            z = self.seen(batch.sounds.float())
        generator = torch.Generator().manual_seed(batch.seed)
        level = torch.randn(len(batch), generator=generator)
        sigma = torch.exp(config.level_mean + config.level_std * level).to(z)
        untold = torch.rand(len(batch), generator=generator) < config.label_dropout
        label = torch.where(untold.to(z.device), len(config.classes), batch.labels)
        n = torch.randn(z.shape, generator=generator).to(z)
        denoise = self.conditioned(label)
        if config.path == "edm":
            return edm_loss(denoise, z, sigma, n, 1.0), None
        return simple_loss(_velocity(denoise), z, sigma, n, "flow"), None

    # ------------------------------------------------------------ denoising

    def conditioned(self, label: Tensor) -> Denoiser:
        """Return D(z, sigma) for sounds of these classes, int64 of shape (batch,)."""

        def network(z: Tensor, level: Tensor) -> Tensor:
            answer: Tensor = self.body(z.float(), level.float(), label)
            return answer.to(z.dtype)

        return preconditioned(network, 1.0)

    def denoiser(self, label: str | None, *, guidance: float = 1.0) -> Denoiser:
        """Return D(z, sigma) for sounds of one class, or of any.

        Parameters
        ----------
        label : one of the classes; None for any
        guidance : how much the class is exaggerated, `diffusion.guided`; 1 is not at all

        Raises
        ------
        TypeError, ValueError
            For a label that is no class (near ones are offered), or guidance that is not a
            finite number, or other than 1 with nothing to guide towards.

        Notebook: 16.
        """
        classes = self.config.classes
        some = len(classes) if label is None else class_index(label, classes)
        guidance = check_number(guidance, "guidance")
        if label is None and guidance != 1:
            raise ValueError(f"need a class to guide towards, got guidance {guidance} and none")
        return guided(self._one(some), self._one(len(classes)), guidance)

    def _one(self, label: int) -> Denoiser:
        """Return the denoiser of one class, for every sound of a batch."""

        def denoise(z: Tensor, sigma: Tensor) -> Tensor:
            return self.conditioned(torch.full((len(z),), label, device=z.device))(z, sigma)

        return denoise

    # -------------------------------------------------------------- drawing

    def sample(
        self,
        length: int | None = None,
        *,
        count: int = 1,
        rng: np.random.Generator,
        label: str | None = None,
        steps: int = 25,
        guidance: float = 1.0,
        sampler: SamplerName | None = None,
    ) -> Float[np.ndarray, "count length"]:
        """Draw sounds.

        Parameters
        ----------
        length : samples of each that are kept, at most `config.length`, which is the default
        count : how many; the i-th sound does not depend on it, up to rounding
        rng : draws the noise
        label, guidance : as in `denoiser`
        steps : of the sampler; heun and midpoint ask the network twice in each
        sampler : "ddim"; "ddpm", which is ddim with as much fresh noise as DDPM adds; "heun";
            "multistep", DPM-Solver++(2M); "euler" and "midpoint" along straight paths; None for
            "heun", or "midpoint" for a network trained by flow matching

        Returns
        -------
        array of float32, within [-1, 1]: sounds beyond are scaled down

        Raises
        ------
        TypeError, ValueError
            For counts below 1, a length that is too long, or bad settings.

        Notebook: 16.
        """
        length = check_kept(length, self.config.length, self.config.sample_rate)
        denoise = self.denoiser(label, guidance=guidance)
        rngs = spawn(rng, count)
        sounds = [
            self._drawn(denoise, rngs[i : i + TOGETHER], steps, sampler)
            for i in range(0, count, TOGETHER)
        ]
        return np.concatenate(sounds)[:, :length]

    def watch(
        self,
        denoise: Denoiser,
        rngs: list[np.random.Generator],
        steps: int,
        sampler: SamplerName | None = None,
    ) -> Iterator[State]:
        """Yield what a sampler has after each step, in the numbers that the network sees.

        Parameters
        ----------
        denoise : such as `denoiser` gives
        rngs : one generator a sound
        steps, sampler : as in `sample`

        Raises
        ------
        TypeError, ValueError
            For no generators, fewer than one step, or another sampler.

        Notebook: 16.
        """
        steps = check_count(steps, "steps")
        start_of = noises(rngs, self.config.body.shape(self.config.length))
        draw: Draw = lambda: start_of().to(self._device)  # noqa: E731
        sigmas = edm_sigmas(steps, sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX)
        alpha_bars = (1 / (1 + sigmas[:-1] ** 2)).flip(0)
        times = flow_times(steps, first=SIGMA_MAX / (1 + SIGMA_MAX))
        ways: dict[str, Callable[[], Iterator[State]]] = {
            "ddim": lambda: ddim(denoise, draw(), alpha_bars),
            "ddpm": lambda: ddim(denoise, draw(), alpha_bars, eta=1.0, draw=draw),
            "heun": lambda: heun(denoise, draw(), sigmas),
            "multistep": lambda: multistep(denoise, draw(), sigmas),
            "euler": lambda: flow_euler(denoise, draw(), times),
            "midpoint": lambda: flow_midpoint(denoise, draw(), times),
        }
        usual = "midpoint" if self.config.path == "flow" else "heun"
        if (sampler or usual) not in ways:
            raise ValueError(f"need a sampler out of {', '.join(ways)}, got {sampler!r}")
        return ways[sampler or usual]()

    def _drawn(
        self,
        denoise: Denoiser,
        rngs: list[np.random.Generator],
        steps: int,
        sampler: SamplerName | None,
    ) -> Float[np.ndarray, "count length"]:
        with torch.no_grad():
            sounds = self.seen.inverse(last(self.watch(denoise, rngs, steps, sampler)))
        loudest = sounds.abs().amax(dim=1, keepdim=True)
        return (sounds / loudest.clamp(min=1)).cpu().numpy()

    # ------------------------------------------------------------ repairing

    def inpaint(
        self,
        x: SignalLike,
        missing: Bool[np.ndarray, "time"],
        *,
        count: int = 1,
        rng: np.random.Generator,
        label: str | None = None,
        steps: int = 25,
        guidance: float = 1.0,
        sampler: SamplerName | None = None,
    ) -> Float[np.ndarray, "count time"]:
        """Fill what is missing of a sound, each time in another way; what is known stays.

        Parameters
        ----------
        x : the sound, shape (time,), at most `config.length` samples; whatever stands where it
            is missing must be finite
        missing : True where it is missing, shape (time,)
        count, rng, label, steps, guidance, sampler : as in `sample`

        Raises
        ------
        TypeError, ValueError
            For bad input, a mask that is not boolean or of another length, or bad settings.

        References
        ----------
        Wang, Yu and Zhang (2023), as `diffusion.pinned`. Notebook: 16.
        """
        x = check_signal(x)
        missing = np.asarray(missing)
        if missing.dtype != bool or missing.shape != x.shape:
            raise TypeError(
                f"need a boolean for each of {len(x)} samples, True where it is missing, got "
                f"{missing.dtype} of shape {missing.shape}"
            )
        known = self._padded(np.where(missing, 0.0, x))
        mask = torch.ones(self.config.length, dtype=torch.bool, device=known.device)
        mask[: len(x)] = torch.from_numpy(~missing).to(mask)
        repaired = pinned(
            self.denoiser(label, guidance=guidance),
            known,
            mask,
            forward=self.seen,
            inverse=self.seen.inverse,
        )
        filled = []
        for child in spawn(rng, count):  # a pinned denoiser knows one sound
            with torch.no_grad():
                z = last(self.watch(repaired, [child], steps, sampler))
            filled.append(self.seen.inverse(z)[0].cpu().numpy()[: len(x)])
        return np.where(missing, np.clip(np.stack(filled), -1, 1), x).astype(np.float32)

    def enhance(self, x: SignalLike, noise: float) -> Float[np.ndarray, "time"]:
        """Return the network's guess of a sound to which white noise has been added.

        E[x0 | x0 + noise n = x], one look, no drawing: the best guess in the mean square, if the
        network were perfect.

        Parameters
        ----------
        x : the noisy sound, shape (time,), at most `config.length` samples
        noise : standard deviation of the noise, in amplitude

        Raises
        ------
        TypeError, ValueError
            For bad input, or a network that does not see the waveform itself: noise that is
            white in a sound is not in a compressed table.

        Notebook: 16.
        """
        x = check_signal(x)
        noise = check_number(noise, "noise", above=0)
        if not self.seen.keeps_white_noise:
            raise ValueError(
                "need a network that sees the waveform itself, such as diffwave-percussion; in a "
                "compressed table white noise is no longer the same everywhere"
            )
        z = self.seen(self._padded(x))
        with torch.no_grad():
            guess = self.denoiser(None)(z, z.new_tensor([noise / self.seen.scale]))
        return self.seen.inverse(guess)[0].cpu().numpy()[: len(x)]

    def _padded(self, x: Float[np.ndarray, "time"]) -> Float[Tensor, "1 length"]:
        """Return a sound of the network's own length, as a batch of one."""
        length = self.config.length
        if len(x) > length:
            raise ValueError(f"need at most {length} samples, got {len(x)}; cut the sound")
        padded = torch.from_numpy(np.pad(x, (0, length - len(x)))).float()[None]
        return padded.to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.parameters()).device

    # ------------------------------------------------------------- scoring

    def scorer(
        self,
        label: str | None,
        *,
        rng: np.random.Generator,
        kind: Literal["estimate", "lower bound"] = "estimate",
        steps: int = 32,
    ) -> DiffusionScorer:
        """Return this network as a density over sounds of one class, or of any.

        Parameters
        ----------
        label : one of the classes; None for any
        rng : draws Hutchinson's probes, or the noise of the bound
        kind : "estimate" by the probability-flow ODE, or the variational "lower bound"
        steps : noise levels on the way

        Raises
        ------
        TypeError, ValueError
            For a label that is no class, or bad settings.

        Notebook: 16.
        """
        if kind not in ("estimate", "lower bound"):
            raise ValueError(f"need 'estimate' or 'lower bound', got {kind!r}")
        return DiffusionScorer(
            self.denoiser(label),
            self.seen,
            self.config.length,
            self._device,
            check_generator(rng),
            kind,
            check_count(steps, "steps", minimum=2),
        )


def _velocity(denoise: Denoiser) -> Denoiser:
    """Return u(x_t, sigma) = (x_t - D) / t, where a denoiser would move x_t on a straight path."""

    def predict(x: Tensor, sigma: Tensor) -> Tensor:
        a, s = (per_sound(scale, x) for scale in flow_scales(sigma))
        return (x - denoise(x / a, sigma)) / s

    return predict
