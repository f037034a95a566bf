"""The sample rate over the number of samples: seconds a cycle instead of seconds."""


def answer(samples, sample_rate):
    return sample_rate / len(samples)
