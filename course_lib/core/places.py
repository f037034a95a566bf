"""Where the course lies: in a checkout of its repository, or among the installed packages."""

from __future__ import annotations

from importlib import metadata, resources
from pathlib import Path

DISTRIBUTION = "audio-generation-course"
"""The distribution that holds course_lib and, beside it, the notebooks."""

DATA_DISTRIBUTION = "audio-generation-course-data"
"""The distribution that holds the recordings and the trained networks."""

PACKAGE = Path(__file__).resolve().parents[1]


def checkout(package: Path = PACKAGE) -> Path | None:
    """Return the repository's folder that course_lib runs from; None for an installed copy.

    An editable install (``pip install -e .``) runs from its checkout.
    """
    folder = package.parent
    return folder if (folder / "pyproject.toml").is_file() else None


def installed_data() -> Path | None:
    """Return the folder of the installed data package, or None where it is not installed."""
    try:
        return Path(str(resources.files(DATA_DISTRIBUTION.replace("-", "_")))).resolve()
    except ModuleNotFoundError:
        return None


def installed_notebooks() -> Path | None:
    """Return the folder of the notebooks that were installed with course_lib, or None.

    A wheel's data files may lie anywhere below the environment: the list of what was installed
    says where.
    """
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return None
    found = [file for file in files if file.suffix == ".ipynb"]
    return Path(str(found[0].locate())).resolve().parent if found else None
