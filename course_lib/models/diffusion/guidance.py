"""Denoisers made of denoisers: guidance towards a class, and known parts held in place."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_lib.core import check_number
from course_lib.models.diffusion.process import (
    Denoiser,
    check_alike,
)


def guided(conditional: Denoiser, unconditional: Denoiser, scale: float) -> Denoiser:
    """Return D = D_u + scale (D_c - D_u), classifier-free guidance.

    A scale of 1 is no guidance: then the answer is `conditional` itself. Above 1, what the
    condition changes is exaggerated.

    Raises
    ------
    TypeError, ValueError
        For a scale that is not a finite number.

    References
    ----------
    Ho and Salimans (2022), "Classifier-free diffusion guidance", eq. 6, with scale = 1 + w.
    Notebook: 16.
    """
    scale = check_number(scale, "scale")
    if scale == 1:
        return conditional

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        free = unconditional(x, sigma)
        return free + scale * (conditional(x, sigma) - free)

    return denoise


def pinned(
    denoise: Denoiser,
    known: Float[Tensor, "batch *sound"],
    mask: Bool[Tensor, "*sound"],
    *,
    forward: Callable[[Tensor], Tensor] = lambda sound: sound,
    inverse: Callable[[Tensor], Tensor] = lambda x: x,
) -> Denoiser:
    """Return a denoiser that already knows part of the sound: inpainting.

    Its guess is forward(where(mask, known, inverse(D(x, sigma)))). An approximation: D still
    sees the known part through noise, of which less and less is left.

    Parameters
    ----------
    denoise : D
    known : the sound with the gap, whatever stands in the gap
    mask : True where the sound is known; of known's shape, or of one that broadcasts to it
    forward, inverse : to what the denoiser works on and back, for one that works on a transform

    Raises
    ------
    TypeError
        For a mask that is not boolean.
    ValueError
        For a mask that does not broadcast to `known`, a known part with NaN or infinity, or a
        guess whose sound is not of known's shape.

    References
    ----------
    Wang, Yu and Zhang (2023), "Zero-shot image restoration using denoising diffusion null-space
    model", with the mask for its operator A. Notebook: 16.
    """
    if mask.dtype != torch.bool:
        raise TypeError(f"need a boolean mask, True where the sound is known, got {mask.dtype}")
    try:
        mask = mask.expand_as(known)
    except RuntimeError as error:
        raise ValueError(
            f"need a mask for sounds of shape {tuple(known.shape)}, got {tuple(mask.shape)}"
        ) from error
    if not known[mask].isfinite().all():
        raise ValueError("need a finite sound where the mask is True, got NaN or infinity")

    def guess(x: Tensor, sigma: Tensor) -> Tensor:
        sound = inverse(denoise(x, sigma))
        check_alike(known, sound, "denoised sound", "the known one")
        return forward(torch.where(mask, known.to(sound), sound))

    return guess
