"""`python -m course_lib`: the command line, for machines without make."""

from course_lib.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
