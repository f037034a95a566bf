"""Counts two looks even where nothing is guided."""


def answer(sampler, steps, guidance):
    looks = {"heun": 2 * steps - 1, "midpoint": 2 * steps}.get(sampler, steps)
    return 2 * looks
