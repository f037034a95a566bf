"""Writes the guided noise over the noise that it was given."""


def answer(x, told, untold, w, a, s):
    untold += w * (told - untold)
    return (x - s * untold) / a
