"""Distrusts the set that holds the most variety."""

answer = "A"
