"""Believes that guidance costs nothing."""


def answer(sampler, steps, guidance):
    return {"heun": 2 * steps - 1, "midpoint": 2 * steps}.get(sampler, steps)
