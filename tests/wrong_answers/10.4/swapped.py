"""Takes the forger between the notes for the good one."""

answer = {"all": "C", "few": "A", "none": "B"}
