"""Keeps everything that it ever heard."""


def answer(dilation, past, present):
    heard = [0.0] * dilation

    def push(x):
        heard.append(x)
        return past * heard[-1 - dilation] + present * x

    return push
