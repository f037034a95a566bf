"""Names all sets."""

answer = "ABC"
