"""Build data/ from unpacked Debian packages: python data/build/manifest.py PACKAGES

PACKAGES is a folder into which the packages named in speech.py, percussion.py and music.py
were unpacked, one over the other:

    apt-get download NAMES...; for deb in *.deb; do dpkg -x $deb PACKAGES; done
"""

from __future__ import annotations

import csv
import hashlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import music
import percussion
import speech
from recording import SAMPLE_RATE, Made, write_flac

DATA = Path(__file__).resolve().parents[1]
COLLECTIONS = {"speech": speech, "percussion": percussion, "music": music}


def row(made: Made) -> dict[str, str]:
    """Write one recording and describe it as a row of the manifest."""
    path = DATA / f"{made.name}.flac"
    write_flac(path, made)
    return {
        "path": f"{made.name}.flac",
        "collection": made.name.split("/")[0],
        "label": made.label,
        "text": made.text,
        "voice": made.voice,
        "language": made.language,
        "seconds": f"{len(made.samples) / SAMPLE_RATE:.4f}",
        "sample_rate": str(SAMPLE_RATE),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "source": made.source.name,
        "licence": made.source.licence,
        "split": made.split,
    }


def main(packages: Path) -> None:
    for collection in COLLECTIONS:
        shutil.rmtree(DATA / collection, ignore_errors=True)
    with ThreadPoolExecutor(2) as pool:
        rows = [r for m in COLLECTIONS.values() for r in pool.map(row, m.build(packages))]
    rows.sort(key=lambda r: r["path"])
    with open(DATA / "manifest.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} recordings in {DATA}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
