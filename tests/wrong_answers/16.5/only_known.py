"""Returns the table of the sound with its hole."""


def answer(guess, known, missing, forward, inverse):
    return forward(known)
