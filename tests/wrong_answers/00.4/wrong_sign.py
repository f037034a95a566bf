"""What was guessed minus what came."""


def answer(samples):
    return (2 * samples[1:-1] - samples[:-2]) - samples[2:]
