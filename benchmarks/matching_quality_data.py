"""A labelled benchmark is read here: postings, profiles, and who should find what.

A folder of three files, one JSON document to a line or to a file:

  jobs_real.jsonl.gz      postings, as `import-jobs` reads them, with an `id`
  bench_public.jsonl.gz   profiles: preferences as `import-users` reads them, and
                          track, kind, relevance {job id: [grade by role, full grade]}
                          and maybe _drop, the ids that are left out for this profile
  bench_corpora.json.gz   {track: [job ids]} or {track: {kind: [job ids]}}
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whatsapp_bot.errors import InputError

JOBS, PROFILES, CORPORA = (
    "jobs_real.jsonl.gz",
    "bench_public.jsonl.gz",
    "bench_corpora.json.gz",
)
PREFERENCES = (
    "job_roles",
    "technical_skills",
    "preferred_locations",
    "years_of_experience",
    "experience_level",
    "work_arrangements",
    "salary_min",
    "salary_currency",
)
# What profiles of track P are judged by may not be in what is searched.
JUDGED_BY = "category"


@dataclass(frozen=True)
class Profile:
    id: str
    kind: str
    preferences: Mapping[str, object]
    left_out: Sequence[str]  # job ids
    grades: Mapping[str, tuple[int, int]]  # job id -> by role, with all conditions


@dataclass(frozen=True)
class Corpus:
    """Postings, and the profiles that search in them."""

    name: str
    postings: Sequence[Mapping[str, object]]
    profiles: Sequence[Profile]


def read_corpora(folder: Path) -> list[Corpus]:
    """Raises InputError when a file cannot be read."""
    postings = {str(job["id"]): job for job in _lines(folder / JOBS)}
    profiles: dict[str, list[Profile]] = {}
    ids = dict(_named_corpora(_document(folder / CORPORA)))
    for record in _lines(folder / PROFILES):
        track, kind = record["track"], record["kind"]
        name = track if track in ids else f"{track} {kind}"
        profiles.setdefault(name, []).append(_profile(record))
    return [
        Corpus(name, [_searched(postings[id_]) for id_ in ids[name]], found)
        for name, found in profiles.items()
    ]


def _named_corpora(document: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for track, ids in document.items():
        if isinstance(ids, Mapping):
            yield from ((f"{track} {kind}", some) for kind, some in ids.items())
        else:
            yield track, ids


def _searched(job: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in job.items() if key != JUDGED_BY}


def _profile(record: Mapping[str, Any]) -> Profile:
    return Profile(
        id=record["id"],
        kind=record["kind"],
        preferences={
            key: record[key] for key in PREFERENCES if record.get(key) is not None
        },
        left_out=record.get("_drop", ()),
        grades={job: (g[0], g[1]) for job, g in record["relevance"].items()},
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in _read(path).splitlines():
        yield json.loads(line)


def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_read(path))
    return document


def _read(path: Path) -> str:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error}") from error
