"""What we say -> as the Cloud API wants it, without the address; pure."""

from __future__ import annotations

from typing import Any

from whatsapp_bot.whatsapp.messages import (
    Buttons,
    LinkButton,
    ListMessage,
    ListRow,
    Outgoing,
    Template,
    Text,
)

Payload = dict[str, Any]


def payload_of(message: Outgoing) -> Payload:
    """Buttons or a list with nothing to choose are a text: the API refuses them."""
    match message:
        case Template():
            return _template(message)
        case Buttons(body=body, buttons=buttons) if buttons:
            replies = [
                {"type": "reply", "reply": {"id": button.id, "title": button.title}}
                for button in buttons
            ]
            return _interactive("button", body, {"buttons": replies})
        case ListMessage(body=body, button=button, rows=rows) if rows:
            sections = [{"rows": [_row(row) for row in rows]}]
            return _interactive("list", body, {"button": button, "sections": sections})
        case LinkButton(body=body, button=button, url=url):
            link = {"display_text": button, "url": url}
            return _interactive(
                "cta_url", body, {"name": "cta_url", "parameters": link}
            )
        case Text() | Buttons() | ListMessage():
            text = {"preview_url": False, "body": message.body}
            return {"type": "text", "text": text}


def read_mark(wamid: str, is_typing: bool) -> Payload:
    """Shape: Meta's page on typing indicators."""
    mark: Payload = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
    }
    return mark | {"typing_indicator": {"type": "text"}} if is_typing else mark


def addressed(
    payload: Payload, wa_id: str | None, bsuid: str | None, outbox_id: int
) -> Payload:
    """To her phone where it is known, since then she sees our number in her list; with a
    plus, or Meta puts our own country code before it. Our id comes back in statuses."""
    address = {"to": f"+{wa_id}"} if wa_id else {"recipient": bsuid}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **address,
        **payload,
        "biz_opaque_callback_data": str(outbox_id),
    }


def _interactive(type_: str, body: str, action: Payload) -> Payload:
    said = {"type": type_, "body": {"text": body}, "action": action}
    return {"type": "interactive", "interactive": said}


def _row(row: ListRow) -> Payload:
    said = {"id": row.id, "title": row.title}
    return said | ({"description": row.description} if row.description else {})


def _template(template: Template) -> Payload:
    said: Payload = {
        "name": template.name,
        "language": {"code": template.language},
    }
    components: list[Payload] = []
    if template.values:
        values = [{"type": "text", "text": value} for value in template.values]
        components.append({"type": "body", "parameters": values})
    for place, choice in enumerate(template.choices):
        payload = {"type": "payload", "payload": choice}
        components.append(
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(place),
                "parameters": [payload],
            }
        )
    if components:
        said["components"] = components
    return {"type": "template", "template": said}
