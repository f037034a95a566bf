"""Takes babble for words."""

answer = {"A": "recording", "B": "Markov chain", "C": "WaveNet"}
