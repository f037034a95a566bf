"""Takes the chipmunk for a change of pitch."""

answer = {"tempo": "C", "pitch": "B", "both": "A"}
