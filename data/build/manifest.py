"""Build data/ from unpacked Debian packages: python data/build/manifest.py PACKAGES [OUTPUT]

PACKAGES is a folder into which the packages named in speech.py, percussion.py, music.py and
recorded.py were unpacked, one over the other:

    apt-get download NAMES...; for deb in *.deb; do dpkg -x $deb PACKAGES; done

OUTPUT is data/ itself unless given. The recordings and manifest.csv are written there, files that
the manifest no longer names are deleted, and the table in README.md is brought up to date.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import music
import percussion
import recorded
import speech
from recording import Made, write_flac

from course_lib.corpora.catalogue import Catalogue, Recording, read_manifest, write_manifest

DATA = Path(__file__).resolve().parents[1]
COLLECTIONS = (speech, percussion, music, recorded)
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def row(made: Made) -> dict[str, str]:
    """What the manifest says about a recording, but for what it measures itself."""
    return {
        "path": f"{made.name}.flac",
        "collection": made.name.split("/")[0],
        "label": made.label,
        "text": made.text,
        "voice": made.voice,
        "language": made.language,
        "source": made.source.name,
        "licence": made.source.licence,
        "split": made.split,
    }


def table(catalogue: Catalogue) -> str:
    """A Markdown table of what there is, one line for each voice, kit or instrument."""
    groups: dict[tuple[str, ...], list[Recording]] = defaultdict(list)
    for r in catalogue:
        groups[r.collection, r.language, r.voice, r.licence].append(r)
    lines = [
        "| collection | language | voice, kit or instrument | licence | recordings | seconds |"
    ]
    lines.append("|---|---|---|---|---:|---:|")
    for key, recordings in sorted(groups.items()):
        seconds = sum(r.seconds for r in recordings)
        lines.append(f"| {' | '.join(key)} | {len(recordings)} | {seconds:.1f} |")
    return "\n".join(lines) + "\n"


def main(packages: Path, output: Path = DATA) -> None:
    rows = []
    with ThreadPoolExecutor(2) as pool:
        for collection in COLLECTIONS:
            made = list(collection.build(packages))
            list(pool.map(lambda m: write_flac(output / f"{m.name}.flac", m), made))
            rows += map(row, made)
    write_manifest(output, rows)
    catalogue = read_manifest(output)
    named = {r.path for r in catalogue}
    for collection in catalogue.values("collection"):
        for path in set((output / collection).rglob("*.flac")) - named:
            path.unlink()
    readme = DATA / "README.md"
    text = readme.read_text(encoding="utf-8")
    (output / "README.md").write_text(TABLE.sub(table(catalogue), text), encoding="utf-8")
    print(f"{catalogue} in {output}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*map(Path, sys.argv[1:]))
