"""Takes the chipmunk for a change of tempo."""

answer = {"tempo": "B", "pitch": "A", "both": "C"}
