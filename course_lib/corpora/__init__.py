"""Reading the recordings in data/, and fetching larger public sets on demand."""
