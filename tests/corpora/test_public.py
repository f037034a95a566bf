"""Public corpora, fetched from a server on this machine that is good, broken, or hostile."""

import dataclasses
import hashlib
import http.server
import io
import tarfile
import threading

import numpy as np
import pytest
import soundfile

from course_lib import corpora
from course_lib.corpora.public import FSDD, LJ_SPEECH, unpack


def wave(seconds: float, sample_rate: int) -> bytes:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    file = io.BytesIO()
    soundfile.write(file, 0.5 * np.sin(2 * np.pi * 300 * time), sample_rate, format="WAV")
    return file.getvalue()


def archive(files: dict[str, bytes], mode: str = "w:gz", extra: tarfile.TarInfo | None = None):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if extra is not None:
            tar.addfile(extra)
    return file.getvalue()


DIGITS = {
    f"{FSDD.top}/recordings/{digit}_{speaker}_{take}.wav": wave(0.2 + digit / 100, 8000)
    for digit, speaker, take in ((7, "jackson", 0), (7, "theo", 6), (3, "theo", 10))
} | {f"{FSDD.top}/README.md": b"spoken digits"}


@pytest.fixture
def server(monkeypatch):
    """A web server on this machine; `server.content` is what it serves, by path."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests += 1
            promised, sent = self.server.content.get(self.path, (None, b""))
            self.send_response(404 if promised is None else 200)
            self.send_header("Content-Length", str(promised or 0))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.content, running.requests = {}, 0
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def serve(server):
    """Serve an archive and return the corpus that expects it."""

    def serve(corpus, content: bytes, *, sent: bytes | None = None, promised: int | None = None):
        sent = content if sent is None else sent
        name = "/archive.tar.gz"
        server.content[name] = (len(sent) if promised is None else promised, sent)
        return dataclasses.replace(
            corpus,
            url=f"http://127.0.0.1:{server.server_port}{name}",
            sha256=hashlib.sha256(content).hexdigest(),
        )

    return serve


def left_over(cache) -> list[str]:
    return sorted(p.name for p in cache.iterdir()) if cache.exists() else []


def test_fetch_reads_like_the_course_catalogue(serve, tmp_path):
    catalogue = serve(FSDD, archive(DIGITS)).fetch(tmp_path, progress=False)
    assert len(catalogue) == 3
    recording = catalogue["recordings/7_theo_6"]
    assert (recording.label, recording.text, recording.voice) == ("digit", "seven", "theo")
    assert (recording.sample_rate, recording.split) == (8000, "validation")
    assert recording.seconds == pytest.approx(0.27)
    assert recording.licence == "CC-BY-SA-4.0"
    assert recording.load(16_000).sample_rate == 16_000
    assert [r.voice for r in catalogue.select(split="test")] == ["jackson"]
    catalogue.verify()
    assert left_over(tmp_path) == [FSDD.name]


def test_fetch_downloads_once(serve, server, tmp_path):
    corpus = serve(FSDD, archive(DIGITS))
    first = corpus.fetch(tmp_path, progress=False)
    again = corpus.fetch(tmp_path, progress=False)
    assert list(first) == list(again)
    assert server.requests == 1


def test_lj_speech_keeps_quotes_and_reads_the_spoken_form(serve, tmp_path):
    lines = 'LJ001-0001|"Chap. 2|"chapter two\nLJ001-0002|1 more"|one more"\n'
    files = {
        f"{LJ_SPEECH.top}/metadata.csv": lines.encode(),
        f"{LJ_SPEECH.top}/wavs/LJ001-0001.wav": wave(0.1, 22_050),
        f"{LJ_SPEECH.top}/wavs/LJ001-0002.wav": wave(0.2, 22_050),
    }
    catalogue = serve(LJ_SPEECH, archive(files, "w:bz2")).fetch(tmp_path, progress=False)
    assert [r.text for r in catalogue] == ['"chapter two', 'one more"']
    assert catalogue[1].load().sample_rate == 22_050


def test_progress_is_shown_on_standard_error(serve, tmp_path, capsys):
    serve(FSDD, archive(DIGITS)).fetch(tmp_path, progress=True)
    shown = capsys.readouterr()
    assert "archive.tar.gz" in shown.err
    assert shown.out == ""


def test_no_progress_when_unasked(serve, tmp_path, capsys):
    serve(FSDD, archive(DIGITS)).fetch(tmp_path, progress=False)
    assert capsys.readouterr().out == ""


def test_a_connection_cut_short(serve, tmp_path):
    whole = archive(DIGITS)
    corpus = serve(FSDD, whole, sent=whole[: len(whole) // 2], promised=len(whole))
    with pytest.raises(ConnectionError, match="could not download http:"):
        corpus.fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == []


def test_a_truncated_archive(serve, tmp_path):
    whole = archive(DIGITS)
    corpus = serve(FSDD, whole, sent=whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="need an archive with SHA-256"):
        corpus.fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == []


def test_a_tampered_archive(serve, tmp_path):
    evil = DIGITS | {f"{FSDD.top}/recordings/7_jackson_0.wav": wave(0.3, 8000)}
    corpus = serve(FSDD, archive(DIGITS), sent=archive(evil))
    with pytest.raises(ValueError, match="altered on the way"):
        corpus.fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == []


def test_a_good_archive_after_a_bad_one(serve, server, tmp_path):
    whole = archive(DIGITS)
    corpus = serve(FSDD, whole, sent=whole[:-10])
    with pytest.raises(ValueError, match="SHA-256"):
        corpus.fetch(tmp_path, progress=False)
    assert len(serve(FSDD, whole).fetch(tmp_path, progress=False)) == 3


def test_an_archive_that_is_not_there(serve, server, tmp_path):
    corpus = serve(FSDD, archive(DIGITS))
    server.content.clear()
    with pytest.raises(ConnectionError, match="404"):
        corpus.fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == []


def test_without_a_network(serve, server, tmp_path, monkeypatch):
    corpus = dataclasses.replace(FSDD, url="http://127.0.0.1:1/archive.tar.gz")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ConnectionError, match=r"put the archive at .*archive\.tar\.gz"):
        corpus.fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == []


def test_an_archive_put_there_by_hand(serve, server, tmp_path):
    corpus = serve(FSDD, archive(DIGITS))
    (tmp_path / "archive.tar.gz").write_bytes(archive(DIGITS))
    server.content.clear()
    # gzip writes the time into the archive: expect the one that lies there
    sha256 = hashlib.sha256((tmp_path / "archive.tar.gz").read_bytes()).hexdigest()
    corpus = dataclasses.replace(corpus, sha256=sha256)
    assert len(corpus.fetch(tmp_path, progress=False)) == 3
    assert server.requests == 0


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def device(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.CHRTYPE
    return member


HOSTILE = {
    "a path upwards": archive(DIGITS | {"../evil.wav": b"evil"}),
    "a path upwards from within": archive(DIGITS | {f"{FSDD.top}/../../evil.wav": b"evil"}),
    "an absolute path": archive(DIGITS | {"/evil.wav": b"evil"}),
    "a symbolic link outside": archive(DIGITS, extra=link(f"{FSDD.top}/out", "/etc")),
    "a symbolic link upwards": archive(DIGITS, extra=link(f"{FSDD.top}/out", "../../..")),
    "a hard link outside": archive(
        DIGITS, extra=link(f"{FSDD.top}/out", "../../evil", tarfile.LNKTYPE)
    ),
    "a device": archive(DIGITS, extra=device(f"{FSDD.top}/null")),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_archive_with_the_right_checksum(serve, tmp_path, content):
    cache = tmp_path / "deep" / "cache"
    with pytest.raises(ValueError, match=r"reaches outside|absolute path"):
        serve(FSDD, content).fetch(cache, progress=False)
    assert left_over(cache) == ["archive.tar.gz"]
    assert left_over(tmp_path) == ["deep"]
    assert left_over(tmp_path / "deep") == ["cache"]


DAMAGED = {
    "half an archive": archive(DIGITS)[: len(archive(DIGITS)) // 2],
    "a web page": b"<html>please log in</html>",
    "nothing": b"",
    "a flipped byte": (lambda b: b[:400] + bytes([b[400] ^ 0xFF]) + b[401:])(archive(DIGITS)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive_with_the_right_checksum(serve, tmp_path, content):
    with pytest.raises(ValueError, match="not a whole tar archive"):
        serve(FSDD, content).fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == ["archive.tar.gz"]


def test_an_archive_of_something_else(serve, tmp_path):
    with pytest.raises(ValueError, match=f"need a folder {FSDD.top}"):
        serve(FSDD, archive({"other/file.wav": wave(0.1, 8000)})).fetch(tmp_path, progress=False)
    assert left_over(tmp_path) == ["archive.tar.gz"]


def test_unpack_keeps_ordinary_files(tmp_path):
    (tmp_path / "in.tar").write_bytes(archive(DIGITS, "w"))
    unpack(tmp_path / "in.tar", tmp_path / "out")
    unpacked = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.wav")}
    assert unpacked == {name for name in DIGITS if name.endswith(".wav")}


def test_the_published_corpora_are_pinned():
    for corpus in (FSDD, LJ_SPEECH):
        assert corpus.url.startswith("https://")
        assert len(bytes.fromhex(corpus.sha256)) == 32


@pytest.mark.parametrize(
    ("fetch", "corpus"), [(corpora.fsdd, FSDD), (corpora.lj_speech, LJ_SPEECH)]
)
def test_the_functions_fetch_their_corpus(fetch, corpus, tmp_path):
    home = tmp_path / corpus.name
    home.mkdir()
    (home / "manifest.csv").write_text(
        "path,collection,label,text,voice,language,seconds,sample_rate,sha256,source,licence,split\n"
    )
    assert len(fetch(tmp_path)) == 0
