"""The chat protocol of the loopback server: structured answers about postings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.loopback import faults as f
from tests.loopback.faults import Fault, count_tokens

KNOWN_SKILLS = ("Excel", "Payroll", "Python", "SQL", "Nursing")

Say = Callable[[dict[str, str]], Any]  # a posting -> an answer, or its very words


def answer_of(**values: Any) -> dict[str, Any]:
    """A whole answer, as the schema asks for it."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            *("seniority", "job_function", "industry", "work_arrangement"),
            *("salary_min", "salary_max", "salary_currency", "salary_period"),
            "summary",
        )
    )
    return {"required_skills": [], "preferred_skills": [], **nothing, **values}


def well_behaved(posting: dict[str, str]) -> dict[str, Any]:
    text = posting["description"]
    skills = [skill for skill in KNOWN_SKILLS if skill in text]
    return answer_of(required_skills=skills, seniority="mid", summary=text[:120])


def posting_in(body: dict[str, Any]) -> dict[str, str]:
    """What a request is about. It fails where the delimiters do not hold."""
    (said,) = [m["content"] for m in body["messages"] if m["role"] == "user"]
    found = re.fullmatch(r"<posting>\n(.*)\n</posting>", said, re.DOTALL)
    assert found and "</posting>" not in found[1]
    posting: dict[str, str] = json.loads(found[1])
    return posting


def check_format(body: dict[str, Any]) -> Fault | None:
    """As OpenAI refuses a schema that is not strict."""
    asked = body.get("response_format") or {}
    schema = asked.get("json_schema", {}).get("schema", {})
    is_strict = (
        asked.get("json_schema", {}).get("strict") is True
        and schema.get("additionalProperties") is False
        and set(schema.get("required", ())) == set(schema.get("properties", {"": 0}))
    )
    if asked.get("type") == "json_schema" and is_strict:
        return None
    message = "Invalid schema for response_format 'posting'"
    return f.bad_request(message, param="response_format")


def write_chat(
    said: Any, body: dict[str, Any], finish: str = "stop", refusal: str | None = None
) -> tuple[bytes, int]:
    """The answer's bytes, and the tokens it bills."""
    content = said if isinstance(said, str) else json.dumps(said)
    sent = sum(count_tokens(message["content"]) for message in body["messages"])
    sent += count_tokens(json.dumps(body.get("response_format")))
    answered = count_tokens(content)
    message = {
        "role": "assistant",
        "content": None if refusal else content,
        "refusal": refusal,
    }
    answer = {
        "id": "chatcmpl-loopback",
        "object": "chat.completion",
        "model": body.get("model"),
        "choices": [{"index": 0, "finish_reason": finish, "message": message}],
        "usage": {
            "prompt_tokens": sent,
            "completion_tokens": answered,
            "total_tokens": sent + answered,
        },
    }
    return json.dumps(answer).encode(), sent + answered
