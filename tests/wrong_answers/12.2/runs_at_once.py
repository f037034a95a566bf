"""Returns a weighted sum instead of a function that remembers."""


def answer(dilation, past, present):
    return past + present
