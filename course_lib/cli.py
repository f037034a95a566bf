"""The `course` command."""


def main() -> int:
    """Run the `course` command and return its exit status."""
    raise NotImplementedError
