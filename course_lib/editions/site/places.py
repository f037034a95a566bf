"""Where a chapter runs without an installation: links at its head, once the course has an address.

None of these services is asked for anything by the page: a reader follows a link or does not.
"""

from __future__ import annotations

import re

from course_lib.editions.chapters import Chapter

REPOSITORY = ""
"""The course's repository on GitHub as "owner/name"; while it is empty, chapters have no links."""

ROW = """\
**Run this chapter** in [Binder](https://mybinder.org/v2/gh/{repository}/HEAD?labpath={path}),
[Codespaces](https://codespaces.new/{repository}) or
[Colab](https://colab.research.google.com/github/{repository}/blob/HEAD/{path}). In Colab, run this
first: `!pip install git+https://github.com/{repository} "git+https://github.com/{repository}\
#subdirectory=data"`
"""


def run_row(chapter: Chapter, repository: str) -> str:
    """Return links to the places that run a chapter, as Markdown; nothing without a repository.

    Raises
    ------
    ValueError
        For a repository that is not "owner/name".
    """
    if not repository:
        return ""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository, re.ASCII):
        raise ValueError(f'need a repository as "owner/name", or "", got {repository!r}')
    return ROW.format(repository=repository, path=f"notebooks/{chapter.path.name}")
