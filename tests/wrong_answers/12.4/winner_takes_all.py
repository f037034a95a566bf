"""Gives the likeliest voice everything."""

import numpy as np


def answer(nats):
    return (nats == nats.max()).astype(float)
