"""Takes steps for looks, whatever the sampler."""


def answer(sampler, steps, guidance):
    return steps * (1 if guidance == 1 else 2)
