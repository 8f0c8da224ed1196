"""Whether a message to send is one that Meta would take: its shape and its limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from whatsapp_bot.whatsapp.fake_graph import limits
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError

_BSUID = re.compile(r"[A-Z]{2}\.[0-9A-Za-z]{1,128}")
_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")


def check_message(body: Mapping[str, Any]) -> None:
    """body: of a POST to /messages. Raises GraphError."""
    if body.get("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product must be whatsapp")
    if body.get("recipient_type", "individual") != "individual":
        raise GraphError(100, "Param recipient_type must be one of {INDIVIDUAL}")
    _check_recipient(body)
    data = body.get("biz_opaque_callback_data", "")
    if not isinstance(data, str) or len(data) > limits.CALLBACK_DATA:
        raise _too_long("biz_opaque_callback_data", limits.CALLBACK_DATA)
    kind = str(body.get("type", "text"))
    check = _KINDS.get(kind)
    if check is None:
        raise GraphError(100, f"Param type {kind!r} is none that this fake knows")
    check(_mapping(body, kind))


def _check_recipient(body: Mapping[str, Any]) -> None:
    to, recipient = body.get("to"), body.get("recipient")
    if to is not None:
        if not isinstance(to, str) or not 5 <= len(re.sub(r"\D", "", to)) <= 15:
            raise GraphError(131009, "Param to is not a valid phone number")
    elif recipient is None:
        raise GraphError(100, "The parameter to or recipient is required")
    elif not isinstance(recipient, str) or not _BSUID.fullmatch(recipient):
        raise GraphError(131009, "Param recipient is not a business-scoped user ID")


def _text(text: Mapping[str, Any]) -> None:
    _length(text, "body", limits.TEXT_BODY, "text", 100)
    if not isinstance(text.get("preview_url", False), bool):
        raise GraphError(100, "Param text['preview_url'] must be a boolean")


def _template(template: Mapping[str, Any]) -> None:
    """Its shape; whether there is such a template is not looked at."""
    _length(template, "name", 512, "template", 100)
    language = _mapping(template, "language")
    _length(language, "code", 16, "template['language']", 100)
    components = _mappings(template.get("components", []))
    if components is None or any(
        _mappings(part.get("parameters", [])) is None for part in components
    ):
        raise GraphError(100, "Param template['components'] must be a list of objects")


def _interactive(content: Mapping[str, Any]) -> None:
    kind = content.get("type")
    check = _INTERACTIVE.get(str(kind))
    if check is None:
        raise GraphError(100, f"Param interactive['type'] {kind!r} is not known")
    action = _mapping(content, "action", "interactive")
    if "header" in content:
        header = _mapping(content, "header", "interactive")
        if header.get("type") != "text":
            raise GraphError(100, "this fake knows no headers but text")
        _length(header, "text", limits.HEADER_TEXT, "interactive['header']")
    if "footer" in content:
        footer = _mapping(content, "footer", "interactive")
        _length(footer, "text", limits.FOOTER_TEXT, "interactive['footer']")
    longest = limits.LIST_BODY if kind == "list" else limits.BUTTONS_BODY
    _length(_mapping(content, "body", "interactive"), "text", longest, "body")
    check(action)


def _buttons(action: Mapping[str, Any]) -> None:
    buttons = _mappings(action.get("buttons")) or []
    if not 1 <= len(buttons) <= limits.BUTTONS:
        raise GraphError(
            131009, f"Invalid buttons count. Min: 1, Max: {limits.BUTTONS}"
        )
    replies = [_mapping(button, "reply", "buttons") for button in buttons]
    if any(button.get("type") != "reply" for button in buttons):
        raise GraphError(131009, "Button type must be reply")
    for reply in replies:
        _length(reply, "title", limits.BUTTON_TITLE, "button")
        _length(reply, "id", limits.BUTTON_ID, "button")
    _unique(replies, "id", "buttons")
    _unique(replies, "title", "buttons")


def _list(action: Mapping[str, Any]) -> None:
    _length(action, "button", limits.LIST_BUTTON, "action")
    sections = _mappings(action.get("sections")) or []
    if not 1 <= len(sections) <= limits.LIST_SECTIONS:
        raise GraphError(131009, f"Invalid sections count. Max: {limits.LIST_SECTIONS}")
    for section in sections:
        if len(sections) > 1 or "title" in section:
            _length(section, "title", limits.SECTION_TITLE, "section")
        if not _mappings(section.get("rows")):
            raise GraphError(131009, "Each section needs at least one row")
    rows = [row for section in sections for row in section["rows"]]
    if len(rows) > limits.LIST_ROWS:
        raise GraphError(131009, f"Total row count exceed max: {limits.LIST_ROWS}")
    for row in rows:
        _length(row, "id", limits.ROW_ID, "row")
        _length(row, "title", limits.ROW_TITLE, "row")
        if "description" in row:
            _length(row, "description", limits.ROW_DESCRIPTION, "row")
    _unique(rows, "id", "rows")


def _link(action: Mapping[str, Any]) -> None:
    _name(action, "cta_url")
    parameters = _mapping(action, "parameters", "action")
    _length(parameters, "display_text", limits.LINK_LABEL, "parameters")
    if not _URL.fullmatch(str(parameters.get("url"))):
        raise GraphError(131009, "Param url is not a valid URL")


def _flow(action: Mapping[str, Any]) -> None:
    _name(action, "flow")
    parameters = _mapping(action, "parameters", "action")
    _length(parameters, "flow_cta", limits.FLOW_LABEL, "parameters")
    if _EMOJI.search(parameters["flow_cta"]):
        raise GraphError(131009, "Param flow_cta must not have an emoji")
    if str(parameters.get("flow_message_version")) != "3":
        raise GraphError(131009, "Param flow_message_version must be 3")
    if not (parameters.get("flow_id") or parameters.get("flow_name")):
        raise GraphError(131008, "Param flow_id or flow_name is missing")


_KINDS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "text": _text,
    "template": _template,
    "interactive": _interactive,
}
_INTERACTIVE: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "flow": _flow,
}


# --- what the checks are made of


def _mapping(parent: Mapping[str, Any], key: str, where: str = "") -> Mapping[str, Any]:
    value = parent.get(key)
    if not isinstance(value, Mapping):
        name = f"{where}[{key!r}]" if where else key
        raise GraphError(131008 if value is None else 100, f"Param {name} is required")
    return value


def _length(
    parent: Mapping[str, Any], key: str, longest: int, where: str, code: int = 131009
) -> None:
    value = parent.get(key)
    if value is None:
        raise GraphError(131008, f"Param {where}[{key!r}] is missing")
    if not isinstance(value, str) or not value.strip():
        raise GraphError(code, f"Param {where}[{key!r}] must be a non-empty string")
    if len(value) > longest:
        raise _too_long(f"{where}[{key!r}]", longest, code)


def _too_long(name: str, longest: int, code: int = 100) -> GraphError:
    return GraphError(code, f"Param {name} must be at most {longest} characters long.")


def _name(action: Mapping[str, Any], name: str) -> None:
    if action.get("name") != name:
        raise GraphError(131009, f"Param action['name'] must be {name}")


def _mappings(values: object) -> list[Mapping[str, Any]] | None:
    """None for what is no list of objects."""
    if not isinstance(values, list) or any(not isinstance(v, Mapping) for v in values):
        return None
    return values


def _unique(items: Sequence[Mapping[str, Any]], key: str, what: str) -> None:
    if len({item[key] for item in items}) != len(items):
        raise GraphError(131009, f"Duplicated {key} in {what}")
