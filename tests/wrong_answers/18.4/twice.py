"""Names one of them twice."""

answer = {"tempo": "C", "pitch": "A", "both": "C"}
