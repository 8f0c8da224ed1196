"""What may go wrong on purpose: shares of all requests, and faults one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.errors import TITLES

Mishap = Literal["html_502", "accepted_502", "timeout", "lost"]
MISHAPS: tuple[Mishap, ...] = get_args(Mishap)


@dataclass(frozen=True)
class Chaos:
    """Shares are from 0, never, to 1, always; times are in seconds of the fake's clock.

    duplicate: updates that are posted once more, in another POST. reorder: POSTs whose
    updates are taken in any order of what waits. batch: updates in one POST, at most.
    drop_200: answers of ours that get lost, so that the POST is repeated. delay: each
    update is posted up to so much later. skip_delivered: messages of which only "read" is
    told. status_delay: so much later is anything of a message's fate told.

    html_502: requests that a proxy answers; nothing was accepted. accepted_502: likewise,
    but the message is delivered. timeout: the message is accepted and delivered, but the
    request gets no answer. lost: nor is it accepted.

    late_errors: codes that are told by a failed status, after a 200 to the request, as
    Meta does with many.
    """

    duplicate: float = 0
    reorder: float = 0
    batch: int = 1
    drop_200: float = 0
    delay: float = 0
    skip_delivered: float = 0
    status_delay: float = 0
    html_502: float = 0
    accepted_502: float = 0
    timeout: float = 0
    lost: float = 0
    late_errors: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1")
        if not 1 <= self.batch <= limits.UPDATES_PER_POST:
            raise ValueError(f"batch must be from 1 to {limits.UPDATES_PER_POST}")
        if min(self.delay, self.status_delay) < 0:
            raise ValueError("a delay must not be below 0")
        if not set(self.late_errors) <= TITLES.keys():
            raise ValueError("late_errors must be codes of the Cloud API")

    def changed(self, values: Mapping[str, Any]) -> Chaos:
        """Raises ValueError, also for what is no switch or no number."""
        unknown = values.keys() - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"there is no switch {', '.join(sorted(unknown))}")
        try:
            codes = tuple(int(code) for code in values.get("late_errors", ()))
            numbers = {
                name: int(value) if name == "batch" else float(value)
                for name, value in values.items()
                if name != "late_errors"
            }
        except TypeError as error:
            raise ValueError(str(error)) from None
        late = {"late_errors": codes} if "late_errors" in values else {}
        return replace(self, **numbers, **late)  # type: ignore[arg-type]


SHARES = (
    *("duplicate", "reorder", "drop_200", "skip_delivered"),
    *MISHAPS,
)


@dataclass
class Fault:
    """What the next request to send meets.

    what: an error code, or what happens to the request (see Chaos). person: only of
    messages to this one, by number. times: how many requests. is_late: the code is told by
    a failed status. details: what Meta adds in words.
    """

    what: int | Mishap
    person: int | None = None
    times: int = 1
    is_late: bool = False
    details: str = ""

    def __post_init__(self) -> None:
        if self.what not in MISHAPS and self.what not in TITLES:
            raise ValueError(f"{self.what!r} is neither an error code nor {MISHAPS}")
        if self.times < 1:
            raise ValueError("times must be above 0")
