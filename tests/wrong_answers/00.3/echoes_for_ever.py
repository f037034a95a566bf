"""The delayed sample is taken from the result, so that every echo echoes again."""


def answer(samples, delay, gain):
    result = samples.copy()
    for t in range(delay, len(result)):
        result[t] += gain * result[t - delay]
    return result
