"""The recordings and trained networks of the course, as a package that `course_lib` finds.

`course_lib.corpora` and `course_lib.zoo` read them; README.md names every source and licence.
"""
