"""A fake Graph server with the simulator page, until Ctrl+C: WhatsApp without Meta."""

from __future__ import annotations

import argparse
import signal
import sys

from whatsapp_bot.whatsapp.fake_graph.fake import FakeGraph
from whatsapp_bot.whatsapp.fake_graph.updates import Account

INTERRUPTED = 130  # as shells count it
MISUSED = 2
# As a phone does it: at once on the server, a moment until it is on the phone.
STATUS_DELAYS = (0.1, 0.4, 1.0)
EXAMPLES = """examples:
  python -m whatsapp_bot.whatsapp.fake_graph
      the page on http://127.0.0.1:8100/, webhooks to http://127.0.0.1:8000/webhook
  python -m whatsapp_bot.whatsapp.fake_graph --port 0 --webhook http://127.0.0.1:9000/hook
      any free port: the first line says which
  curl -H 'Content-Type: application/json' -d '{"name": "Ada"}' \\
       http://127.0.0.1:8100/control/person
  curl -H 'Content-Type: application/json' -d '{"person": 1, "write": "driver work Ikeja"}' \\
       http://127.0.0.1:8100/control/act
  curl http://127.0.0.1:8100/control/accepted?person=1

The bot's settings for it: WHATSAPP_BASE_URL=http://127.0.0.1:8100, and for its token,
app secret and number those of --help's defaults. It listens on this machine only.
"""


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    # Blocked before any thread starts, so that only `sigwait` gets them.
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        with _make_fake(options) as graph:
            sys.stdout.write(graph.base_url + "\n")
            sys.stdout.flush()
            received = signal.sigwait(signals)
    except OSError as error:
        sys.stderr.write(f"error: port {options.port} cannot be had: {error}\n")
        return MISUSED
    return INTERRUPTED if received == signal.SIGINT else 0


def _make_fake(options: argparse.Namespace) -> FakeGraph:
    account = Account(
        phone_id=options.phone_id, token=options.token, app_secret=options.app_secret
    )
    return FakeGraph(
        options.webhook,
        port=options.port,
        account=account,
        status_delays=(0, 0, 0) if options.at_once else STATUS_DELAYS,
        messages_per_second=options.per_second,
        workers=options.workers,
        seed=options.seed,
    )


def _parser() -> argparse.ArgumentParser:
    account = Account()
    parser = argparse.ArgumentParser(
        prog="python -m whatsapp_bot.whatsapp.fake_graph",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8100, help="8100; 0: any free one")
    parser.add_argument(
        "--webhook",
        metavar="URL",
        default="http://127.0.0.1:8000/webhook",
        help="where updates are posted to: http://127.0.0.1:8000/webhook",
    )
    for name, default in (
        ("token", account.token),
        ("app-secret", account.app_secret),
        ("phone-id", account.phone_id),
    ):
        parser.add_argument(f"--{name}", default=default, help=default)
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="messages are delivered and read as soon as they are accepted",
    )
    parser.add_argument(
        "--per-second", type=int, default=80, help="messages in and out, at most: 80"
    )
    parser.add_argument("--workers", type=int, default=1, help="POSTs at a time: 1")
    parser.add_argument("--seed", type=int, default=0, help="of what goes wrong: 0")
    return parser


if __name__ == "__main__":
    sys.exit(main())
