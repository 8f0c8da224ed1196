"""The controls over HTTP: be a person, turn the clock, make things go wrong, count."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from whatsapp_bot.whatsapp.fake_graph.chaos import Chaos, Fault
from whatsapp_bot.whatsapp.fake_graph.network import Network
from whatsapp_bot.whatsapp.fake_graph.people import Person
from whatsapp_bot.whatsapp.fake_graph.templates import ApprovedTemplate

Work = Callable[[dict[str, Any]], object]


class Controls:
    """Each POST takes a JSON object and gives one; 400 with `error` says what is wrong.
    Only with the content type of JSON: a page of another site cannot send that."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def routes(self) -> list[Route]:
        works: dict[str, Work] = {
            "person": self._person,
            "act": self._act,
            "clock": self._clock,
            "chaos": self._chaos,
            "fault": self._fault,
            "template": self._template,
            "webhook": self._webhook,
            "hold": self._hold,
        }
        return [
            Route("/state", self._state),
            Route("/accepted", self._accepted),
            *(
                Route(f"/{name}", _answering(work), methods=["POST"])
                for name, work in works.items()
            ),
        ]

    async def _state(self, request: Request) -> JSONResponse:
        return JSONResponse(self._network.as_json())

    async def _accepted(self, request: Request) -> JSONResponse:
        """What the business sent, whole; of one person with ?person=N. And the codes of
        all that was refused."""
        asked = request.query_params.get("person")
        with self._network.lock:
            told = [
                message.as_record()
                for message in self._network.messages.values()
                if message.by == "business" and asked in (None, str(message.person))
            ]
            refused = [error.code for error in self._network.refused]
        return JSONResponse({"accepted": told, "refused": refused})

    def _person(self, asked: dict[str, Any]) -> object:
        """{name, phone?, hides_phone?}"""
        person = self._network.add_person(
            str(asked["name"]).strip() or "Somebody",
            asked.get("phone"),
            hides_phone=bool(asked.get("hides_phone")),
        )
        return person.as_json()

    def _act(self, asked: dict[str, Any]) -> object:
        """{person, and one of: write, press (and message?), fill, send, marketing, phone,
        number, block}"""
        person = self._network.people[int(asked["person"])]
        for name, act in ACTS.items():
            if name in asked:
                return {"id": act(person, asked[name], asked)}
        raise ValueError(f"say one of {', '.join(ACTS)}")

    def _clock(self, asked: dict[str, Any]) -> object:
        """{turn: seconds}, {stop: true} or {go: true}"""
        clock = self._network.clock
        if "turn" in asked:
            clock.turn(float(asked["turn"]))
        elif asked.get("stop"):
            clock.stop()
            self._network.tell_clock()
        elif asked.get("go"):
            clock.go()
        return self._network.clock_as_json()

    def _chaos(self, asked: dict[str, Any]) -> object:
        """The switches of Chaos that change; {"calm": true} for none at all."""
        with self._network.lock:
            calm = asked.pop("calm", False)
            chaos = Chaos() if calm else self._network.chaos.changed(asked)
            self._network.set_chaos(chaos)
        return asdict(chaos)

    def _fault(self, asked: dict[str, Any]) -> object:
        """The fields of Fault."""
        with self._network.lock:
            self._network.faults.append(Fault(**asked))
        return {}

    def _template(self, asked: dict[str, Any]) -> object:
        """The fields of ApprovedTemplate."""
        template = ApprovedTemplate.from_json({"buttons": [], **asked})
        with self._network.lock:
            self._network.templates[template.name, template.language] = template
        return {}

    def _webhook(self, asked: dict[str, Any]) -> object:
        """{url}"""
        self._network.courier.webhook_url = asked["url"]
        return {}

    def _hold(self, asked: dict[str, Any]) -> object:
        """{hold: true}: updates gather; false: they go."""
        courier = self._network.courier
        courier.hold() if asked["hold"] else courier.release()
        return {}


ACTS: Mapping[str, Callable[[Person, Any, dict[str, Any]], object]] = {
    "write": lambda person, value, asked: person.write(str(value)),
    "press": lambda person, value, asked: person.press(value, asked.get("message")),
    "fill": lambda person, value, asked: person.fill(dict(value)),
    "send": lambda person, value, asked: person.send(value),
    "marketing": lambda person, value, asked: person.set_marketing(value),
    "phone": lambda person, value, asked: person.set_phone(value),
    "number": lambda person, value, asked: person.change_number(str(value)),
    "block": lambda person, value, asked: person.block(bool(value)),
}


def _answering(work: Work) -> Callable[[Request], Any]:
    async def answer(request: Request) -> JSONResponse:
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"error": "send application/json"}, 415)
        try:
            asked = json.loads(await request.body())
            if not isinstance(asked, dict):
                raise ValueError("send a JSON object")
            return JSONResponse(work(asked))
        except KeyError as error:
            return JSONResponse({"error": f"{error} is missing or unknown"}, 400)
        except (ValueError, TypeError, LookupError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer
