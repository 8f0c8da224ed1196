"""The keyword matcher: what answers when vectors cannot."""

from __future__ import annotations

import re
from datetime import date

from whatsapp_bot.database.jobs import JobStore
from whatsapp_bot.database.users import UserStore
from whatsapp_bot.matching.ranking import as_match, best_first
from whatsapp_bot.matching.reasons import reasons
from whatsapp_bot.matching.scoring import SHOWN_FROM, examine, score
from whatsapp_bot.matching.wishes import Wishes
from whatsapp_bot.records import Match, Row

CANDIDATES = 300  # found by full-text search, then scored one by one
MAX_WORDS = 60


class IntelligentJobMatcher:
    def __init__(self, jobs: JobStore, users: UserStore) -> None:
        self._jobs = jobs
        self._users = users

    def find_matching_jobs(
        self, user_id: int, limit: int = 50, unseen: bool = False
    ) -> list[Match]:
        """Her best live jobs by titles, skills, place, pay and experience, best first.

        unseen: leave out what she was shown. Raises NotFound when she told no
        preferences, DatabaseError.
        """
        preferences = self._users.get_preferences(user_id)
        words = _search_words(preferences)
        if words:
            rows = self._jobs.find_by_words(user_id, words, CANDIDATES, unseen)
        else:
            # She named no work: the newest jobs, by place and pay.
            rows = self._jobs.find_newest(user_id, CANDIDATES, unseen)
        return _rank(rows, preferences)[:limit]


def _rank(rows: list[Row], preferences: Row) -> list[Match]:
    wishes, today = Wishes.of(preferences), date.today()
    matches = []
    for row in rows:
        facts = examine(wishes, row, today)
        found = score(facts, None)
        if found >= SHOWN_FROM:
            matches.append(as_match(row, found, reasons(facts)))
    return best_first(matches)


def _search_words(preferences: Row) -> str:
    """Any of her roles' and skills' words, for a web-style search."""
    texts = [*preferences["job_roles"], *preferences["technical_skills"]]
    if not texts:
        texts = [*preferences["job_categories"], preferences["user_job_input"] or ""]
    words = re.findall(r"[\w#+.]+", " ".join(texts).lower())
    # "or" between two words is the search's own.
    return " or ".join([w for w in dict.fromkeys(words) if w != "or"][:MAX_WORDS])
