"""A worker process that kills itself at a point: python -m ... "after claim_due"."""

from __future__ import annotations

import os
import signal
import sys

from tests.engine.held_stores import held_service
from whatsapp_bot.bootstrap import open_app
from whatsapp_bot.config import Settings

BATCH_SIZE = 10


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str) -> None:
    with open_app(Settings.from_env()) as app:
        service = held_service(app, point, die, BATCH_SIZE)
        sys.stdout.write(f"{os.getpid()}\n")
        sys.stdout.flush()
        while service.embed_batch("job").claimed:
            pass


if __name__ == "__main__":
    main(sys.argv[1])
