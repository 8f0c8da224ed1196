"""A server on this machine that speaks Meta's Cloud API, faults included, and a page
that looks like WhatsApp on a phone. It knows the business by HTTP only, and shares no
figure with it."""

from __future__ import annotations

from whatsapp_bot.whatsapp.fake_graph.chaos import Chaos, Fault
from whatsapp_bot.whatsapp.fake_graph.clock import Clock
from whatsapp_bot.whatsapp.fake_graph.courier import Post
from whatsapp_bot.whatsapp.fake_graph.errors import GraphError
from whatsapp_bot.whatsapp.fake_graph.fake import FakeGraph
from whatsapp_bot.whatsapp.fake_graph.messages import Message
from whatsapp_bot.whatsapp.fake_graph.people import Person
from whatsapp_bot.whatsapp.fake_graph.templates import ApprovedTemplate, TemplateButton
from whatsapp_bot.whatsapp.fake_graph.updates import Account

__all__ = [
    "Account",
    "ApprovedTemplate",
    "Chaos",
    "Clock",
    "FakeGraph",
    "Fault",
    "GraphError",
    "Message",
    "Person",
    "Post",
    "TemplateButton",
]
