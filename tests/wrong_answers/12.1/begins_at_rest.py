"""Counts the warm-up from zero, so that the first step does nothing."""

import math


def answer(step, steps, peak, warmup):
    if step < warmup:
        return peak * step / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
