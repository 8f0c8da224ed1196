"""What the fake knows: people, their chats, templates, switches; and who watches."""

from __future__ import annotations

import random
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.chaos import Chaos, Fault
from whatsapp_bot.whatsapp.fake_graph.clock import Clock
from whatsapp_bot.whatsapp.fake_graph.courier import Courier, Post
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.messages import Message, Status
from whatsapp_bot.whatsapp.fake_graph.people import Person
from whatsapp_bot.whatsapp.fake_graph.rates import PairRate, Throughput
from whatsapp_bot.whatsapp.fake_graph.templates import ApprovedTemplate
from whatsapp_bot.whatsapp.fake_graph.updates import Account, Update, new_bsuid

Watcher = Callable[[dict[str, Any]], None]
KEPT_LINES = 200  # of the log on the page


class Network:
    """All of it is guarded by `lock`, which also tells of every change."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        *,
        webhook_url: str | None,
        templates: Iterable[ApprovedTemplate],
        status_delays: tuple[float, float, float],
        messages_per_second: int,
        free_service_messages: int,
        is_pair_rate_strict: bool,
        workers: int,
        retry_seconds: Sequence[float],
        seed: int,
        first_phone: int,
    ) -> None:
        """status_delays: seconds from the request until sent, delivered and read."""
        self.account, self.clock = account, clock
        self.status_delays = status_delays
        self.chaos = Chaos()
        self.faults: list[Fault] = []
        self.templates = {(t.name, t.language): t for t in templates}
        self.people: dict[int, Person] = {}
        self._by_id: dict[str, Person] = {}
        self.messages: dict[str, Message] = {}
        self.chats: defaultdict[int, list[Message]] = defaultdict(list)
        self.refused: list[GraphError] = []
        self.cost = 0.0
        self.throughput = Throughput(messages_per_second)
        self.pair_rates: defaultdict[int, PairRate] = defaultdict(
            lambda: PairRate(is_pair_rate_strict)
        )
        self.lock = threading.Condition(threading.RLock())
        self.rng = random.Random(seed)
        self._first_phone = first_phone
        self._free_messages = free_service_messages
        self._used: defaultdict[float, int] = defaultdict(int)  # by period
        self._watchers: list[Watcher] = []
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT_LINES)
        self.courier = Courier(
            webhook_url,
            account,
            clock,
            random.Random(seed),
            lambda: self.chaos,
            self._posted,
            workers,
            retry_seconds,
        )
        clock.watch(self.tell_clock)

    # --- people

    def add_person(
        self, name: str, phone: str | None = None, *, hides_phone: bool = False
    ) -> Person:
        """phone: digits; None for one that nobody has. hides_phone: she took a username,
        so that updates and requests know her by her BSUID only. Raises ValueError for a
        number that somebody has."""
        with self.lock:
            number = len(self.people) + 1
            if phone is None:
                phone = f"2340000{self._first_phone + number - 1:06}"
            phone = phone.removeprefix("+")
            if not phone.isdecimal() or phone in self._by_id:
                raise ValueError("a phone number must be digits, and be nobody else's")
            person = Person(self, number, name, phone, new_bsuid(), hides_phone)
            self.people[number] = person
            self.index(person)
            self.tell({"person": person.as_json()})
            return person

    def find_person(self, to: str | None, recipient: str | None) -> Person | None:
        """By phone if there is one, else by BSUID."""
        return self._by_id.get(str(recipient) if to is None else to)

    def index(self, person: Person, *old: str) -> None:
        """By her phone and BSUID of now, and not by the old ones."""
        for id_ in old:
            del self._by_id[id_]
        self._by_id |= {person.phone: person, person.bsuid: person}

    def show_typing(self, number: int, seconds: float) -> None:
        """The business writes to her, or does not any more."""
        person = self.people[number]
        person.typing_until = self.clock.now() + seconds if seconds else 0.0
        self.tell({"person": person.as_json()})

    # --- messages and their fate

    def record(self, message: Message) -> None:
        with self.lock:
            self.messages[message.id] = message
            self.chats[message.person].append(message)
            self.tell({"message": message.as_json()})

    def move(self, message: Message, status: Status) -> None:
        with self.lock:
            if message.move_to(status):
                self.tell({"message": message.as_json()})

    def announce(self, update: Update) -> None:
        with self.lock:
            update.due_at += self.rng.random() * self.chaos.delay
        self.courier.add(update)

    def follow(self, message: Message, person: Person) -> None:
        """What becomes of an accepted message, as far as her phone lets it."""
        at = [message.at + wait for wait in self.status_delays]
        self._status(message, person, "sent", at[0], self._pricing(message))
        self.reach(message, person, at[1], at[2])

    def reach(
        self,
        message: Message,
        person: Person,
        delivered_at: float | None = None,
        read_at: float | None = None,
    ) -> None:
        """Delivered and read, now or when it is said, if her phone is on and open."""
        if person.phone_is == "off":
            return
        now, pricing = self.clock.now(), self._pricing(message)
        is_read = person.phone_is == "open"
        is_skipped = is_read and self.rng.random() < self.chaos.skip_delivered
        if message.promised == "sent" and not is_skipped:
            self._status(message, person, "delivered", delivered_at or now, pricing)
            pricing = {}
        if is_read and message.promised != "read":
            self._status(message, person, "read", read_at or now, pricing)

    def fail(self, message: Message, person: Person | None, error: GraphError) -> None:
        value = self._status_value(message, person, "failed", self.clock.now())
        value["statuses"][0]["errors"] = [error.as_status()]
        del value["contacts"]
        message.error = error.code
        self._tell_status(message, "failed", value, message.at)

    def _pricing(self, message: Message) -> dict[str, Any]:
        return {
            "billable": message.price > 0,
            "pricing_model": "PMP",
            "type": "regular" if message.price > 0 else "free_customer_service",
            "category": message.category,
        }

    def price(self, category: str, now: float) -> float:
        """Of a message that is delivered. Free service messages are counted by 30 days."""
        if category == "service":
            period = now // (30 * 86_400)
            self._used[period] += 1
            if self._used[period] <= self._free_messages:
                return 0.0
        return limits.PRICES[category]

    def _status(
        self,
        message: Message,
        person: Person,
        status: Status,
        at: float,
        pricing: dict[str, Any],
    ) -> None:
        value = self._status_value(message, person, status, at)
        # "Only included with sent status, and one of either delivered or read": the same
        # money twice, of which only one counts.
        if pricing:
            value["statuses"][0]["pricing"] = pricing
        message.promised = status
        self._tell_status(message, status, value, at)

    def _status_value(
        self, message: Message, person: Person | None, status: Status, at: float
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": message.id,
            "status": status,
            "timestamp": str(int(at)),
        }
        if message.payload.get("to"):
            told["recipient_id"] = person.phone if person else _digits(message)
        if person and not (status == "failed" and message.payload.get("to")):
            told["recipient_user_id"] = person.bsuid
        if message.callback_data is not None:
            told["biz_opaque_callback_data"] = message.callback_data
        return {"contacts": [person.contact()] if person else [], "statuses": [told]}

    def _tell_status(
        self, message: Message, status: Status, value: dict[str, Any], at: float
    ) -> None:
        def happen() -> None:
            with self.lock:
                was_delivered = message.status in ("delivered", "read")
                self.move(message, status)
                if message.status in ("delivered", "read") and not was_delivered:
                    self.cost += message.price
                    self.tell({"cost": self.cost})

        def be_told() -> None:
            with self.lock:
                message.told_at = message.told_at or self.clock.now()

        due_at = at + self.chaos.status_delay
        self.announce(
            Update(
                value,
                due_at,
                status,
                person=message.person,
                on_due=happen,
                on_posted=be_told,
            )
        )

    # --- who watches

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Called with each change, as JSON; what is returned ends it."""
        with self.lock:
            self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def tell(self, change: dict[str, Any]) -> None:
        with self.lock:
            for watcher in tuple(self._watchers):
                watcher(change)
            self.lock.notify_all()

    def tell_clock(self) -> None:
        self.tell({"clock": self.clock_as_json()})

    def clock_as_json(self) -> dict[str, Any]:
        return {"now": self.clock.now(), "is_stopped": self.clock.is_stopped}

    def set_chaos(self, chaos: Chaos) -> None:
        self.chaos = chaos
        self.tell({"chaos": asdict(chaos)})

    def note(self, line: str, is_bad: bool = False) -> None:
        """A line of the log on the page: no number of a person, no text."""
        with self.lock:
            entry = {"at": self.clock.now(), "line": line, "is_bad": is_bad}
            self.log.append(entry)
            self.tell({"log": entry})

    def _posted(self, post: Post) -> None:
        what = ", ".join(update.what for update in post.updates[:3])
        if len(post.updates) > 3:
            what += f" and {len(post.updates) - 3} more"
        again = f", attempt {post.attempt + 1}" if post.attempt else ""
        answer = str(post.status) if post.status else "no answer"
        self.note(f"webhook: {what} → {answer}{again}", post.status != 200)

    def as_json(self) -> dict[str, Any]:
        """Everything the page shows."""
        with self.lock:
            return {
                "business": {"name": self.account.name, "number": self.account.number},
                "webhook": self.courier.webhook_url,
                "clock": self.clock_as_json(),
                "chaos": asdict(self.chaos),
                "cost": self.cost,
                "people": [person.as_json() for person in self.people.values()],
                "messages": [message.as_json() for message in self.messages.values()],
                "log": list(self.log),
            }


def _digits(message: Message) -> str:
    return str(message.payload["to"]).removeprefix("+")
