"""Returns only the times whose past is known."""


def answer(x, past, present, dilation):
    return past * x[:-dilation] + present * x[dilation:]
