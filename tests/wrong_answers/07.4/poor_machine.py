"""Distrusts the machine that was hardly trained, instead of its chains."""

answer = "B"
