"""In which numbers a run multiplies matrices: bfloat16 where the machine is fast at it.

A product of bfloat16 numbers is exact in float32, and half as many bytes move. But only some
processors multiply them in hardware; the others convert them one by one, which is several times
slower than float32, or have no way at all for some layers.
"""

from __future__ import annotations

import os
from typing import Literal, NamedTuple

import torch

PRECISIONS = ("float32", "bfloat16")
"""In which matrices may be multiplied."""

_EMULATING = ("AVX512_CORE", "AVX512_CORE_VNNI")
"""Limits of oneDNN under which it converts bfloat16, and calls it supported nevertheless."""


class Precision(NamedTuple):
    """In which numbers matrices are multiplied, and why: a clause that follows a colon."""

    name: Literal["float32", "bfloat16"]
    why: str


def choose_precision(asked: str, device: torch.device) -> Precision:
    """Return the precision for a run that begins on a device.

    Parameters
    ----------
    asked : of `Schedule`; "auto" takes bfloat16 where the device multiplies it in hardware
    device : where the network is

    Raises
    ------
    ValueError
        For "bfloat16" on a device that does not multiply it in hardware.
    """
    if asked == "float32":
        return Precision("float32", "the schedule asks for it")
    lacking = _lacking(device)
    if lacking is None:
        why = "this machine multiplies it in hardware"
        return Precision("bfloat16", why if asked == "auto" else "the schedule asks for it")
    if asked == "bfloat16":
        raise ValueError(
            f'need hardware for the precision "bfloat16", but {lacking}; '
            'take the precision "auto" or "float32"'
        )
    return Precision("float32", lacking)


def keep_precision(began: Literal["float32", "bfloat16"], device: torch.device) -> Precision:
    """Return the precision for a run that goes on: the one it began with, where that is fast."""
    lacking = _lacking(device) if began == "bfloat16" else None
    if lacking is None:
        return Precision(began, "the run began in it")
    return Precision("float32", f"the run began in bfloat16, but {lacking}")


def _lacking(device: torch.device) -> str | None:
    """Return why a device is slow at bfloat16, or None where it is fast."""
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return None if fast else "this GPU does not multiply bfloat16 in hardware"
    # A processor with AMX has the instructions of AVX-512 for bfloat16, too. Those of ARM are
    # left alone: not every layer of torch uses them.
    capabilities = getattr(torch.cpu, "get_capabilities", None)  # torch 2.6 has none
    if capabilities is None:
        return "this torch does not tell whether the processor multiplies bfloat16 in hardware"
    if not capabilities().get("avx512_bf16", False):
        return "this processor has no AVX-512 or AMX instructions for bfloat16"
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return "torch is kept from AVX-512 (ATEN_CPU_CAPABILITY)"
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if limit in _EMULATING or not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return "oneDNN is kept from the instructions for bfloat16 (ONEDNN_MAX_CPU_ISA)"
    return None
