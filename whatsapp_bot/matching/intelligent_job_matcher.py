"""The keyword matcher: what answers when vectors cannot."""

from __future__ import annotations

from datetime import date

from whatsapp_bot.database.jobs import JobSearch, JobStore
from whatsapp_bot.matching.musts import Musts
from whatsapp_bot.matching.search_words import search_words
from whatsapp_bot.matching.seeker import Seeker
from whatsapp_bot.records import Match, Row

CANDIDATES = 300  # found by full-text search, then scored one by one


class IntelligentJobMatcher:
    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def find_matching_jobs(
        self, user_id: int, limit: int = 50, unseen: bool = False
    ) -> list[Match]:
        """Her best live jobs by titles, skills, place, pay and experience, best first.

        Her musts hold; where nothing fulfils them all, the least important are given
        up, and the reasons say so. unseen: leave out what she was shown; what she
        refused never comes. Raises NotFound when she told no preferences, DatabaseError.
        """
        with self._jobs.search(user_id, unseen) as search:
            seeker = Seeker.of(search.preferences, search.feedback())
            for kept in seeker.musts.widening():
                found = ((row, None) for row in _find(search, kept))
                matches = seeker.best(found, limit, date.today())
                if matches:
                    break
        return matches


def _find(search: JobSearch, musts: Musts) -> list[Row]:
    words, job_filter = search_words(musts.wishes), musts.filter
    if words:
        rows = search.find_by_words(words, job_filter, CANDIDATES)
    else:
        # She named no work: the newest jobs, by place and pay.
        rows = search.find_newest(job_filter, CANDIDATES)
    return [row for row in rows if musts.holds(row)]
