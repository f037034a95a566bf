"""The guesses themselves, not their errors."""


def answer(samples):
    return 2 * samples[1:-1] - samples[:-2]
