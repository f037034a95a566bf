"""Lets the cosine run over the whole run, warm-up included, so that the rate jumps."""

import math


def answer(step, steps, peak, warmup):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + math.cos(math.pi * step / steps)) / 2
