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
from whatsapp_bot.scheduler_service import stop_on_signals
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
    port = next(
        port
        for port in (options.port, settings.web_port, settings.port)
        if port is not None
    )
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
    with _bound(host, port) as listener:
        return door.run(lambda app: serve(app, listener))


@contextlib.contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
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


def serve(app: App, listener: socket.socket) -> int:
    # The key and the budget may be others than those of an earlier run.
    app.upkeep.forget_denials()
    host, port = listener.getsockname()[:2]
    simulator = build_simulator(app.settings, port)
    web, runner = build_web(app, simulator)
    server = _Server(
        uvicorn.Config(
            web,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )

    def stop() -> None:
        runner.stop()
        if simulator:
            simulator.leave()
        server.should_exit = True

    stop_on_signals(stop)
    logger.info(
        "listening on http://%s:%d%s",
        f"[{host}]" if ":" in host else host,
        port,
        "" if app.settings.admin_token else "; no ADMIN_TOKEN: this machine only",
        extra={"action": "listening"},
    )
    if app.settings.whatsapp_phone_number_id and not app.settings.whatsapp_app_secret:
        logger.warning(
            "no WHATSAPP_APP_SECRET: whatever is brought to /webhook is believed",
            extra={"action": "webhook_unsigned"},
        )
    if simulator:
        simulator.open()
        logger.info("the simulator is at /simulator", extra={"action": "simulating"})
    try:
        server.run(sockets=[listener])
    finally:
        if simulator:
            simulator.close()
    logger.info("stopped", extra={"action": "stopped"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
