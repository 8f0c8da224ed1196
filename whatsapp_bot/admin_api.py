"""HTTP: the admin API, health and metrics, and the webhook that Meta brings messages to."""

from __future__ import annotations

import argparse
import contextlib
import logging
import socket
import sys
from collections.abc import Iterator

import uvicorn

from whatsapp_bot import door
from whatsapp_bot.bootstrap import App, build_simulator, build_web
from whatsapp_bot.config import Settings
from whatsapp_bot.errors import ConfigError
from whatsapp_bot.web.gatekeeper import is_loopback

logger = logging.getLogger(__name__)

GRACE_SECONDS = 15  # requests in hand may take this long to end after a stop
EXAMPLES = """examples:
  python -m whatsapp_bot admin-api                    on http://127.0.0.1:8000
  ADMIN_TOKEN=... python -m whatsapp_bot admin-api --host 0.0.0.0 --port 8080
  curl -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Content-Type: application/json' \\
       -d '{"entity_type": "jobs", "limit": 500}' \\
       http://127.0.0.1:8000/api/v1/admin/embeddings/generate

/docs describes it all. ADMIN_TOKEN must be set to listen beyond this machine.
"""


class _Server(uvicorn.Server):
    """Its own way with signals would end the process by the signal, not with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main(argv: list[str] | None = None) -> int:
    parser = door.parser(__doc__, EXAMPLES)
    parser.add_argument("--host", metavar="HOST", help="instead of WEB_HOST")
    parser.add_argument(
        "--port", type=int, metavar="N", help="instead of WEB_PORT or PORT; 0: any"
    )
    options: argparse.Namespace = parser.parse_args(argv)
    return door.guarded(lambda settings: _listen(settings, options))


def _listen(settings: Settings, options: argparse.Namespace) -> int:
    host = options.host or settings.web_host
    port = settings.site_port if options.port is None else options.port
    if not settings.admin_token and not is_loopback(host):
        raise ConfigError(
            f"set ADMIN_TOKEN to listen on {host}, or leave WEB_HOST at 127.0.0.1"
        )
    has_webhook = settings.whatsapp_phone_number_id is not None
    if has_webhook and not settings.whatsapp_app_secret and not is_loopback(host):
        raise ConfigError(
            f"set WHATSAPP_APP_SECRET to listen on {host}, or leave WEB_HOST at "
            "127.0.0.1: whatever is brought to /webhook would be believed"
        )
    with bound(host, port) as listener:
        return door.run(lambda app: serve(app, listener))


@contextlib.contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """Raises ConfigError when the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise ConfigError(f"port {port} of {host} cannot be had: {error}") from None
    # Connections inherit it. asyncio sets it only where the protocol is named, and without
    # it each answer waits 40 ms for the client's acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        yield listener


class Site:
    """The web service on a listener that is bound. Signals are for whoever made it."""

    def __init__(self, app: App, listener: socket.socket) -> None:
        self._settings = app.settings
        self._listener = listener
        self._host, self._port = listener.getsockname()[:2]
        self._simulator = build_simulator(app.settings, self._port)
        web, self._runner = build_web(app, self._simulator)
        self._server = _Server(
            uvicorn.Config(
                web,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    @property
    def url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def run(self) -> None:
        """Until stopped, in whatever thread."""
        settings = self._settings
        logger.info(
            "listening on %s%s",
            self.url,
            "" if settings.admin_token else "; no ADMIN_TOKEN: this machine only",
            extra={"action": "listening"},
        )
        if settings.whatsapp_phone_number_id and not settings.whatsapp_app_secret:
            logger.warning(
                "no WHATSAPP_APP_SECRET: whatever is brought to /webhook is believed",
                extra={"action": "webhook_unsigned"},
            )
        if self._simulator:
            self._simulator.open()
            logger.info(
                "the simulator is at /simulator", extra={"action": "simulating"}
            )
        try:
            self._server.run(sockets=[self._listener])
        finally:
            if self._simulator:
                self._simulator.close()

    def stop(self) -> None:
        """Ask it to end; only sets flags, so a signal handler may call it."""
        self._runner.stop()
        if self._simulator:
            self._simulator.leave()
        self._server.should_exit = True


def serve(app: App, listener: socket.socket) -> int:
    # The key and the budget may be others than those of an earlier run.
    app.upkeep.forget_denials()
    site = Site(app, listener)
    door.stop_on_signals(site.stop)
    site.run()
    logger.info("stopped", extra={"action": "stopped"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
