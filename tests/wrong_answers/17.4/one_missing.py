"""Leaves one out."""

answer = {"A": "WaveNet", "B": "Markov chain"}
