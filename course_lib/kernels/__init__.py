"""Compiled loops over plain arrays; each has a readable twin where its model stands."""
