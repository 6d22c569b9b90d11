"""Builds the corpus: `python -m training.data.corpus --out DIR`.

Writes train.jsonl.gz and held.jsonl.gz (one file a line: source, path, language, text) and report.json.
The corpus stays outside the repository: it is other people's text.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from training.data.cache import CACHE
from training.data.downloads import SourceGone, read_source
from training.data.duplicates import NearDuplicates
from training.data.filters import MAIN_LANGUAGES, clean, is_test, language_of, reason_to_drop
from training.data.sources import Source, load_sources

MAX_SOURCE_BYTES = 8_000_000
MAX_SAMPLE_BYTES = 5_000_000
"""For a source outside the main languages, which stay the bulk of the corpus."""
TEST_SHARE = 0.1


@dataclass(frozen=True)
class Document:
    """One source file as the model will read it."""

    source: str
    path: str
    language: str
    text: str


def documents_of(source: Source, files: Iterator[tuple[str, bytes]], report: Counter[str]) -> list[Document]:
    """Filters the files of one source; `report` counts the bytes kept and dropped, by reason.

    A source gives at most eight megabytes of code, and a tenth of that in tests, so that no project's habits
    become the model's. One project often mixes the main languages, so its source gives all of them. A source
    in any other language gives files of that language alone, at most five megabytes.
    """
    main = source.language in MAIN_LANGUAGES
    languages = MAIN_LANGUAGES if main else {source.language}
    code: list[Document] = []
    tests: list[Document] = []
    for path, data in files:
        language = language_of(path)
        if language is None or language not in languages:
            continue
        report["read"] += len(data)
        reason = reason_to_drop(path, data)
        if reason is not None:
            report[reason] += len(data)
            continue
        document = Document(source.name, path, language, clean(data))
        (tests if is_test(path) else code).append(document)
    code = _capped(code, MAX_SOURCE_BYTES if main else MAX_SAMPLE_BYTES, "cap", report)
    allowed_tests = int(TEST_SHARE * sum(len(document.text) for document in code))
    return code + _capped(tests, allowed_tests, "tests", report)


def _capped(documents: list[Document], limit: int, reason: str, report: Counter[str]) -> list[Document]:
    kept: list[Document] = []
    used = 0
    for document in documents:
        if used + len(document.text) > limit:
            report[reason] += len(document.text)
            continue
        used += len(document.text)
        kept.append(document)
    return kept


def build(sources: list[Source], out: Path, cache: Path, mirrors: Path | None) -> dict[str, object]:
    """Builds the corpus of all sources and returns the report; sources that are gone are skipped."""
    out.mkdir(parents=True, exist_ok=True)
    funnel: Counter[str] = Counter()
    kept: dict[str, int] = {}
    languages: Counter[str] = Counter()
    gone: list[str] = []
    duplicates = NearDuplicates()
    with (
        gzip.open(out / "train.jsonl.gz", "wt", encoding="utf-8", compresslevel=5) as train,
        gzip.open(out / "held.jsonl.gz", "wt", encoding="utf-8", compresslevel=5) as held,
    ):
        for source in sorted(sources, key=lambda source: not source.held_out):
            try:
                documents = documents_of(source, read_source(source, cache, mirrors), funnel)
            except SourceGone as error:
                print(f"Skipped: {error}", file=sys.stderr, flush=True)
                gone.append(source.name)
                continue
            total = 0
            for document in documents:
                if not duplicates.is_new(document.text):
                    funnel["near-duplicate"] += len(document.text)
                    continue
                (held if source.held_out else train).write(json.dumps(asdict(document)) + "\n")
                total += len(document.text)
                split = "held" if source.held_out else "train"
                languages[f"{document.language} ({split})"] += len(document.text)
            kept[source.name] = total
            print(f"{source.kind:6} {source.name:40} {total / 1e6:7.2f} MB", flush=True)
    report = {"bytes": dict(funnel), "languages": dict(languages), "kept": kept, "gone": gone}
    (out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def read_documents(path: Path, languages: Container[str] | None = None) -> Iterator[Document]:
    """Reads back what `build` wrote: all documents, or those in `languages`."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            document = Document(**json.loads(line))
            if languages is None or document.language in languages:
                yield document


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CACHE / "corpus", help="where the corpus goes")
    parser.add_argument("--downloads", type=Path, default=CACHE / "downloads", help="where archives are kept")
    parser.add_argument("--mirrors", type=Path, help="folder of git directories named owner+name.git")
    parser.add_argument("--only", nargs="*", help="names of the sources to take (default: all)")
    options = parser.parse_args()
    sources = [source for source in load_sources() if not options.only or source.name in options.only]
    try:
        report = build(sources, options.out, options.downloads, options.mirrors)
    except OSError as error:
        sys.exit(f"The corpus could not be written to {options.out}: {error.strerror}. Free some space and run again.")
    print(json.dumps({"languages": report["languages"], "gone": report["gone"]}, indent=2))


if __name__ == "__main__":
    main()
