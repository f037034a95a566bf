"""exp of a large logit."""

import numpy as np


def answer(logits, temperature, uniform):
    if temperature == 0:
        return int(np.argmax(logits))
    with np.errstate(all="ignore"):
        p = np.exp(logits / temperature)
        return int(np.argmax(np.cumsum(p) / p.sum() > uniform))
