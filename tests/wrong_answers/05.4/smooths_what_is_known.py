"""Known samples are replaced by their predictions too."""


def answer(x, phi):
    filled = x.copy()
    for t in range(len(phi), len(x)):
        filled[t] = phi @ filled[t - len(phi) : t][::-1]
    return filled
