"""The jobs that are really nearest to each person, reckoned without the database."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks.synthetic_vectors import Numbers

WANTED = 50


def _nothing() -> npt.NDArray[np.float32]:
    return np.zeros((0, 0), dtype=np.float32)


@dataclass
class Truth:
    """How near each live job is to each person, by numpy.

    similarities: (people, live jobs).
    """

    people: list[int]  # ids
    strangers: list[int]  # people without a vector
    insisting: dict[str, list[int]]  # ids, by filter: as the first people, and stricter
    first_live: int  # id; those of the others follow
    similarities: npt.NDArray[np.float32] = field(default_factory=_nothing)
    shown: dict[int, Numbers] = field(default_factory=dict)  # ids, by person

    def nearest(
        self,
        count: int = WANTED,
        passing: npt.NDArray[np.bool_] | None = None,
        people: list[int] | None = None,
    ) -> dict[int, list[int]]:
        """The nearest live jobs, of those that pass; of people who insist, too."""
        return {
            person: self._nearest(row, count, passing)
            for row, person in enumerate(people or self.people)
        }

    def nearest_unseen(self) -> dict[int, list[int]]:
        found = {}
        for row, person in enumerate(self.people):
            passing = np.ones(self.similarities.shape[1], dtype=bool)
            passing[self.shown[person] - self.first_live] = False
            found[person] = self._nearest(row, WANTED, passing)
        return found

    def passing(self, ids: list[int]) -> npt.NDArray[np.bool_]:
        passing = np.zeros(self.similarities.shape[1], dtype=bool)
        passing[np.array(ids, dtype=np.int64) - self.first_live] = True
        return passing

    def _nearest(
        self, row: int, count: int, passing: npt.NDArray[np.bool_] | None
    ) -> list[int]:
        near = self.similarities[row]
        places = np.arange(len(near)) if passing is None else np.flatnonzero(passing)
        count = min(count, len(places))
        if count == 0:
            return []
        best = places[np.argpartition(-near[places], count - 1)[:count]]
        ids: list[int] = (best + self.first_live).tolist()
        return ids
