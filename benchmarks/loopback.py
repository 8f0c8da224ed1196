"""The tests' embeddings service as a process of its own, for benchmarks over HTTP."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from benchmarks.scratch import end, require
from whatsapp_bot.config import PROJECT_FOLDER

DELAY_MS = 50.0
# What whoever uses it has to set; the price is that of OpenAI's small model.
SETTINGS = {
    "OPENAI_API_KEY": "x",
    "EMBEDDING_PRICE_USD": "0.02",
    "EMBEDDING_DAILY_BUDGET_USD": "none",
}


@dataclass(frozen=True)
class Loopback:
    base_url: str

    @property
    def settings(self) -> Mapping[str, str]:
        return {**SETTINGS, "OPENAI_BASE_URL": self.base_url}

    def figures(self) -> dict[str, int]:
        """requests, inputs_billed, tokens_billed, peak_in_flight: since its start"""
        with urllib.request.urlopen(self.base_url + "/stats", timeout=10) as answer:
            figures: dict[str, int] = json.loads(answer.read())
        return figures


@contextlib.contextmanager
def loopback(delay_ms: float = DELAY_MS) -> Iterator[Loopback]:
    """Answers each request after `delay_ms`, with 1,536 dimensions."""
    command = [sys.executable, "-m", "tests.loopback.openai_server"]
    process = subprocess.Popen(
        [*command, "--delay-ms", str(delay_ms)],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        with process.stdout:
            base_url = process.stdout.readline().strip()
        require(bool(base_url), "the loopback server did not start")
        yield Loopback(base_url)
    finally:
        end(process)
