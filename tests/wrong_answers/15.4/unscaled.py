"""Hands x and t to a denoiser that knows x0 + sigma n."""


def answer(denoise, x, t):
    return (x - denoise(x, t)) / t
