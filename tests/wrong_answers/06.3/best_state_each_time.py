"""Takes the best state at each time by itself."""


def answer(log_start, log_transitions, log_densities):
    return log_densities.argmax(axis=1)
