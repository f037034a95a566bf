"""A diffusion model of sounds as a density over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from course_lib.core import Likelihood, SignalLike, check_signal
from course_lib.models.diffusion.configuration import SIGMA_MAX, SIGMA_MIN
from course_lib.models.diffusion.likelihood import bound_log_likelihood, ode_log_likelihood
from course_lib.models.diffusion.process import Denoiser, edm_sigmas
from course_lib.models.diffusion.transforms import Transform


@dataclass(frozen=True, eq=False)
class DiffusionScorer:
    """A denoiser with all that a likelihood of sounds needs; `SoundDiffusion.scorer` makes it.

    Parameters
    ----------
    denoise : of one class, or of any, in the numbers that the network sees
    seen : the way from sounds to those numbers
    length : samples in a sound
    device : where the network is
    rng, kind, steps : as in `SoundDiffusion.scorer`
    """

    denoise: Denoiser
    seen: Transform
    length: int
    device: torch.device
    rng: np.random.Generator
    kind: Literal["estimate", "lower bound"]
    steps: int

    def log_likelihood(self, x: SignalLike) -> Likelihood:
        """Return log p(x | label), a density over amplitudes.

        log p(x) = log p(z) + ln |det dz/dx|, with log p(z) by `ode_log_likelihood` or
        `bound_log_likelihood` between the noise levels that sounds are drawn with.

        Raises
        ------
        TypeError, ValueError
            For bad input, or a sound of another length than the network's: fill it up with
            silence, which is then a part of what is scored.
        """
        x = check_signal(x)
        if len(x) != self.length:
            raise ValueError(
                f"need the {self.length} samples that this network draws, got {len(x)}; fill up "
                "with zeros, np.pad, and score the silence too"
            )
        z = self.seen(torch.from_numpy(x).float()[None].to(self.device))
        if self.kind == "estimate":
            sigmas = edm_sigmas(self.steps, sigma_min=SIGMA_MIN, sigma_max=SIGMA_MAX)
            nats = ode_log_likelihood(self.denoise, z, sigmas, rng=self.rng)
        else:
            nats = bound_log_likelihood(
                self.denoise,
                z,
                sigma_min=SIGMA_MIN,
                sigma_max=SIGMA_MAX,
                rng=self.rng,
                draws=self.steps,
            )
        return Likelihood(float(nats + self.seen.log_jacobian(z)), self.kind)
