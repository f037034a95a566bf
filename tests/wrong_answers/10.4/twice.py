"""Names one of them twice."""

answer = {"all": "B", "few": "A", "none": "A"}
