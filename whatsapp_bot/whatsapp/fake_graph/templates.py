"""Message templates: those that are approved, and whether a send fits one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError

Category = Literal["marketing", "utility", "authentication"]
_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_UNTIDY = re.compile(r"[\n\t]| {5,}")


@dataclass(frozen=True)
class TemplateButton:
    """url: of a button that opens a page, with {{1}} where a value goes; empty for a
    quick reply."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class ApprovedTemplate:
    """body: with {{1}}, {{2}}... or {{name}} where values go."""

    name: str
    body: str
    language: str = "en"
    category: Category = "marketing"
    buttons: Sequence[TemplateButton] = ()
    footer: str = ""
    status: Literal["approved", "paused", "disabled"] = "approved"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ApprovedTemplate:
        """Raises ValueError."""
        try:
            buttons = tuple(TemplateButton(**button) for button in data["buttons"])
            template = cls(**{**data, "buttons": buttons})
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no template: {error}") from None
        if template.category not in get_args(Category):
            raise ValueError(f"there is no category {template.category!r}")
        return template


@dataclass(frozen=True)
class FilledTemplate:
    """What a person sees of it. buttons: text, and payload or URL."""

    template: ApprovedTemplate
    body: str
    buttons: Sequence[tuple[TemplateButton, str]]


def fill(
    templates: Mapping[tuple[str, str], ApprovedTemplate], asked: Mapping[str, Any]
) -> FilledTemplate:
    """asked: the `template` of a request to send, its shape checked. Raises GraphError."""
    key = (str(asked.get("name")), str(asked["language"].get("code")))
    template = templates.get(key)
    if template is None:
        raise GraphError(132001, f"template name ({key[0]}) does not exist in {key[1]}")
    if template.status != "approved":
        raise GraphError(132015 if template.status == "paused" else 132016)
    parts = asked.get("components", [])
    body = _fill_text(template.body, _values(parts, "body"), "body")
    if len(body) > limits.TEMPLATE_BODY:
        raise GraphError(132005, f"Translated text too long: {len(body)} characters")
    buttons = [
        (button, _fill_button(button, parts, index))
        for index, button in enumerate(template.buttons)
    ]
    return FilledTemplate(template, body, buttons)


def _values(parts: Sequence[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [
        value
        for part in parts
        if str(part.get("type")).lower() == kind
        for value in part.get("parameters", [])
    ]


def _fill_text(text: str, values: Sequence[Mapping[str, Any]], what: str) -> str:
    wanted = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    if len(values) != len(wanted):
        raise GraphError(
            132000,
            f"{what}: number of localizable_params ({len(values)}) does not match the "
            f"expected number of params ({len(wanted)})",
        )
    by_name = {
        str(value.get("parameter_name", name)): _text_of(value, what)
        for name, value in zip(wanted, values, strict=True)
    }
    if set(by_name) != set(wanted):
        raise GraphError(132012, f"{what}: parameters must be named {wanted}")
    return _PLACEHOLDER.sub(lambda found: by_name[found[1]], text)


def _text_of(value: Mapping[str, Any], what: str) -> str:
    text = value.get("text")
    if value.get("type") != "text" or not isinstance(text, str):
        raise GraphError(132012, f"{what}: parameters must be of type text")
    if not text:
        raise GraphError(
            131008, f"{what}: Parameter of type text is missing text value"
        )
    if _UNTIDY.search(text):
        raise GraphError(
            132018,
            "Param text cannot have new-line/tab characters or more than 4 consecutive "
            "spaces",
        )
    return text


def _fill_button(
    button: TemplateButton, parts: Sequence[Mapping[str, Any]], index: int
) -> str:
    """Its URL, or the payload of a quick reply."""
    ours = [
        part
        for part in parts
        if str(part.get("type")).lower() == "button"
        and str(part.get("index")) == str(index)
    ]
    if button.url:
        return _fill_text(button.url, _values(ours, "button"), f"button {index}")
    payloads = [value.get("payload") for value in _values(ours, "button")]
    return str(payloads[0]) if payloads else button.text
