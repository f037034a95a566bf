"""Executing notebooks, building pages, writing the learner's copies."""
