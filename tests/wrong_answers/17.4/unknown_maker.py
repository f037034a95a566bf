"""Names somebody who did not take part."""

answer = {"A": "WaveNet", "B": "GRU", "C": "recording"}
