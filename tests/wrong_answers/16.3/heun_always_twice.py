"""Counts two looks for Heun's last step, which leads to zero noise."""


def answer(sampler, steps, guidance):
    looks = steps * (2 if sampler in ("heun", "midpoint") else 1)
    return looks * (1 if guidance == 1 else 2)
