"""The models of the course, one file each."""
