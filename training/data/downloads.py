"""Gets the source files of one package or repository through its own ordinary client (pip, npm, git).

Nothing is installed and nothing that is downloaded is run: archives are read where they lie.
"""

from __future__ import annotations

import io
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from training.data.filters import language_of
from training.data.sources import Source

File = tuple[str, bytes]
"""A path inside the package, and the file's bytes."""

MAX_FILE_BYTES = 1_000_000
TIMEOUT_SECONDS = 600


class SourceGone(Exception):
    """A source cannot be had any more; the message is a sentence for the person who builds the corpus."""


def read_source(source: Source, cache: Path, mirrors: Path | None = None) -> Iterator[File]:
    """Yields the files of a source, downloading it into `cache` once.

    `mirrors` is a folder of git directories named `owner+name.git`, for machines that cannot reach the
    repository host. Raises SourceGone when the client cannot find the package.
    """
    if source.kind == "stdlib":
        yield from _read_stdlib()
    elif source.kind == "pip":
        yield from _read_archive(pip_archive(source, cache / "pip" / source.slug))
    elif source.kind == "npm":
        yield from _read_archive(_npm(source, cache / "npm" / source.slug))
    else:
        yield from _read_git(source, _git(source, cache / "git", mirrors))


def _run(source: Source, command: list[str], cwd: Path | None = None, stdin: bytes | None = None) -> bytes:
    try:
        done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceGone(f"{source.name}: {command[0]} did not run to its end ({error}).") from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"]
        raise SourceGone(f"{source.name} {source.version}: {lines[-1][:200]}")
    return done.stdout


def _only_archive(folder: Path) -> Path | None:
    found = [path for path in folder.glob("*") if path.name.endswith((".whl", ".zip", ".tar.gz", ".tgz"))]
    return found[0] if found else None


def pip_archive(source: Source, folder: Path) -> Path:
    """Prefers the source archive and takes the wheel where a package publishes nothing else."""
    if archive := _only_archive(folder):
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    pin = f"{source.name}=={source.version}"
    base = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    try:
        _run(source, [*base, "--only-binary", ":all:", pin])
    except SourceGone:
        # A source archive is asked for last, because pip builds its metadata, which is slow.
        _run(source, [*base, "--no-binary", ":all:", pin])
    archive = _only_archive(folder)
    if archive is None:
        raise SourceGone(f"{source.name} {source.version}: pip left no archive.")
    return archive


def _npm(source: Source, folder: Path) -> Path:
    if archive := _only_archive(folder):
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    _run(source, ["npm", "pack", "--silent", f"{source.name}@{source.version}"], cwd=folder)
    archive = _only_archive(folder)
    if archive is None:
        raise SourceGone(f"{source.name} {source.version}: npm left no archive.")
    return archive


def _git(source: Source, folder: Path, mirrors: Path | None) -> Path:
    """A git directory that holds the wanted commit; history is not fetched."""
    mirror = mirrors / f"{source.slug}.git" if mirrors else None
    if mirror is not None and mirror.exists():
        return mirror
    target = folder / f"{source.slug}.git"
    if not (target / "HEAD").exists():
        _run(source, ["git", "init", "--quiet", "--bare", str(target)])
    address = f"https://github.com/{source.name}.git"
    if (
        subprocess.run(
            ["git", "-C", str(target), "cat-file", "-e", source.version], check=False, capture_output=True
        ).returncode
        != 0
    ):
        _run(source, ["git", "-C", str(target), "fetch", "--quiet", "--depth", "1", address, source.version])
    return target


def _read_git(source: Source, directory: Path) -> Iterator[File]:
    """Reads blobs one by one, because a partial mirror lacks some (large) objects and an archive needs all."""
    git = ["git", "-C", str(directory)]
    listing = _run(source, [*git, "ls-tree", "-r", "-z", source.version]).decode("utf-8", "replace")
    entries = [line.split("\t", 1) for line in listing.split("\0") if line]
    blobs = [(path, facts.split()[2]) for facts, path in entries if facts.startswith("100")]
    wanted = [(path, blob) for path, blob in blobs if language_of(path)]
    asked = "".join(f"{blob}\n" for _, blob in wanted).encode()
    stream = io.BytesIO(_run(source, [*git, "cat-file", "--batch"], stdin=asked))
    for path, _ in wanted:
        header = stream.readline().split()
        if header[-1:] == [b"missing"]:
            continue
        data = stream.read(int(header[2]))
        stream.read(1)
        if len(data) <= MAX_FILE_BYTES:
            yield path, data


def _read_archive(path: Path) -> Iterator[File]:
    if path.name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.is_dir() and entry.file_size <= MAX_FILE_BYTES:
                    yield entry.filename, archive.read(entry)
    else:
        yield from _read_tar(tarfile.open(path))  # noqa: SIM115 (_read_tar closes it)


def _read_tar(archive: tarfile.TarFile) -> Iterator[File]:
    with archive:
        for entry in archive:
            if entry.isfile() and entry.size <= MAX_FILE_BYTES:
                data = archive.extractfile(entry)
                if data is not None:
                    yield entry.name, data.read()


def _read_stdlib() -> Iterator[File]:
    """The standard library of the interpreter that runs this program, without what is installed into it."""
    root = Path(sysconfig.get_paths()["stdlib"])
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        if "site-packages" not in inside.parts and path.stat().st_size <= MAX_FILE_BYTES:
            yield inside.as_posix(), path.read_bytes()
