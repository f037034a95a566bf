"""Takes two notes for all of them."""

answer = {"all": "A", "few": "B", "none": "C"}
