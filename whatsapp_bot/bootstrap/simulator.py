"""Builds the simulator, and turns the settings to it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from whatsapp_bot.config import Settings
from whatsapp_bot.web.gatekeeper import SIMULATOR_PATH
from whatsapp_bot.whatsapp.signature import hash_of

if TYPE_CHECKING:
    from whatsapp_bot.whatsapp.fake_graph import Account, FakeGraph

logger = logging.getLogger(__name__)

SIMULATED_DELAYS = (0.1, 0.4, 1.0)  # seconds until sent, delivered and read


def on_simulator(settings: Settings) -> Settings:
    """Where the simulator is switched on: its number, secrets and address, whatever is
    set for Meta."""
    if not settings.simulator:
        return settings
    account = _simulated_account(settings)
    if settings.whatsapp_phone_number_id not in (None, account.phone_id):
        logger.warning(
            "SIMULATOR is on: the WhatsApp settings are not used, nothing goes to Meta",
            extra={"action": "simulating"},
        )
    return replace(
        settings,
        whatsapp_phone_number_id=account.phone_id,
        whatsapp_token=account.token,
        whatsapp_app_secret=account.app_secret,
        whatsapp_verify_token=account.verify_token,
        whatsapp_alert_template=settings.whatsapp_alert_template or "new_jobs",
        whatsapp_base_url=f"http://127.0.0.1:{settings.site_port}{SIMULATOR_PATH}",
    )


def build_simulator(settings: Settings, port: int) -> FakeGraph | None:
    """None unless it is switched on. port: the web service's, whose webhook is told."""
    if not settings.simulator:
        return None
    # Here and not above: it takes a tenth of a second, and few need it.
    from whatsapp_bot.whatsapp.fake_graph import (
        ApprovedTemplate,
        FakeGraph,
        TemplateButton,
    )

    template = ApprovedTemplate(
        settings.whatsapp_alert_template or "",
        "{{1}} new jobs fit what you look for, for example {{2}}.",
        settings.whatsapp_alert_template_language,
        buttons=(TemplateButton("Show jobs"),),
    )
    return FakeGraph(
        f"http://127.0.0.1:{port}/webhook",
        account=_simulated_account(settings),
        templates=(template,),
        status_delays=SIMULATED_DELAYS,
        # The database still knows the people of its last life.
        first_phone=secrets.randbelow(900_000),
    )


def _simulated_account(settings: Settings) -> Account:
    """What everybody can read here is no secret where others reach the port: there it
    comes from the token, which the daemon needs as well."""
    # Here and not above: it takes a tenth of a second, and few need it.
    from whatsapp_bot.whatsapp.fake_graph import Account

    if settings.admin_token is None:
        return Account()
    secret = hash_of("the simulator's secret", settings.admin_token)
    return Account(token=secret, app_secret=secret, verify_token=secret)
