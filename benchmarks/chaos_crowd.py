"""People who talk to the bot through the fake Graph server, each waiting for her answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.fake_graph import FakeGraph, Message, Person

# What one person says: a line's texts at once, the next line when all of it is answered.
# Within a line, no answer depends on another's.
TALK = (
    ("I dey find driver work for Ikeja, 150k a month",),
    ("yes",),
    ("saved", "help", "settings"),
    ("alerts daily",),
    ("pause 2 weeks", "saved"),
)
NAME = "Adaeze Chaos"


@dataclass
class Talker:
    """written: the ids of her messages, as she wrote them."""

    person: Person
    lines: int = 0
    written: list[str] = field(default_factory=list)

    def write_on(self) -> None:
        for text in TALK[self.lines]:
            self.written.append(self.person.write(text))
        self.lines += 1

    def received(self) -> list[Message]:
        """But for what Meta gave up later."""
        return [m for m in self.person.received() if m.error is None]

    def answers(self) -> dict[str | None, str]:
        """Words by our id of the message: what was sent twice is one."""
        return {message.callback_data: message.body for message in self.received()}


class Crowd:
    """at_once: so many talk at a time."""

    def __init__(self, graph: FakeGraph, talkers: int, at_once: int) -> None:
        self._graph = graph
        self._at_once = at_once
        self.talkers = [self._new(number) for number in range(talkers)]
        self._silent = list(reversed(self.talkers))
        self._talking: list[Talker] = []
        self._model = self._new(0)
        self._known: list[Counter[str]] = []  # after each line: all answers so far

    def _new(self, number: int) -> Talker:
        hides_phone = number % 7 == 6
        return Talker(self._graph.person(NAME, hides_phone=hides_phone))

    # --- while nothing goes wrong: one shows what is answered

    def rehearse(self) -> bool:
        """One more line of hers; whether there was one."""
        if self._model.lines:
            self._known.append(Counter(self._model.answers().values()))
        if self._model.lines == len(TALK):
            return False
        self._model.write_on()
        return True

    # --- then all do

    def talk_on(self) -> bool:
        """Whoever was answered says her next line; whether anybody still talks."""
        self._talking = [each for each in self._talking if self._goes_on(each)]
        while self._silent and len(self._talking) < self._at_once:
            talker = self._silent.pop()
            talker.write_on()
            self._talking.append(talker)
        return bool(self._talking)

    def _goes_on(self, talker: Talker) -> bool:
        if len(talker.answers()) < self._known[talker.lines - 1].total():
            return True
        if talker.lines == len(TALK):
            return False
        talker.write_on()
        return True

    # --- what became of it

    @property
    def written(self) -> int:
        return sum(len(talker.written) for talker in [self._model, *self.talkers])

    @property
    def answers_due(self) -> int:
        """Of all that the crowd will ever write."""
        return self._known[-1].total() * len(self.talkers)

    def lost(self) -> int:
        """Answers that nobody got."""
        return sum(
            (self._known[-1] - Counter(talker.answers().values())).total()
            for talker in self.talkers
        )

    def too_many(self) -> int:
        """Answers that nobody was to get; copies of one message are not counted here."""
        return sum(
            (Counter(talker.answers().values()) - self._known[-1]).total()
            for talker in self.talkers
        )

    def copies(self) -> tuple[int, int]:
        """Messages that Meta took once more: while our webhook knew nothing of the first,
        and although it did."""
        unknowing = knowing = 0
        for talker in self.talkers:
            first: dict[str | None, Message] = {}
            for message in talker.received():
                before = first.setdefault(message.callback_data, message)
                if before is message:
                    continue
                if before.told_at is not None and before.told_at <= message.at:
                    knowing += 1
                else:
                    unknowing += 1
        return unknowing, knowing

    def secrets(self) -> list[str]:
        """What may be in no log: numbers, ids and words, ours to her too."""
        people = [talker.person for talker in [self._model, *self.talkers]]
        numbers = [word for each in people for word in (each.phone, each.bsuid)]
        texts = [text for line in TALK for text in line if " " in text]
        said = [text[:20] for text in self._known[-1]]
        return [*numbers, *texts, *said, NAME]

    def out_of_order(self) -> int:
        """People to whom a message was sent before one that was to go first."""
        return sum(not _is_in_order(talker) for talker in self.talkers)

    def reordered(self, answered: Mapping[int, Row]) -> tuple[int, int]:
        """People who were answered in another order than they wrote; and of these, those
        whose messages came as they wrote them. answered: wamid, and came, a number that
        grows, of what each message of ours answers."""
        people = by_us = 0
        for talker in self.talkers:
            said = [answered[each] for each in _first_sent(talker)]
            order = list(dict.fromkeys(row["wamid"] for row in said))
            if order != talker.written:
                came = {row["wamid"]: row["came"] for row in said}
                people += 1
                by_us += sorted(came, key=lambda wamid: came[wamid]) == talker.written
        return people, by_us


def _is_in_order(talker: Talker) -> bool:
    return (ids := _first_sent(talker)) == sorted(ids)


def _first_sent(talker: Talker) -> list[int]:
    """Our ids of what she was sent, in that order, each once; what failed later too."""
    ids = [message.callback_data for message in talker.person.received()]
    return [int(each) for each in dict.fromkeys(ids) if each is not None]
