"""Returns the probability that a sound is made."""


def answer(p, q, share):
    return (1 - share) * q / (share * p + (1 - share) * q)
