"""The daemon's one pass, as it is, but for the vector index at its end.

Started by benchmarks.engine on its scratch database.
"""

from __future__ import annotations

import sys

from whatsapp_bot import scheduler_service
from whatsapp_bot.embeddings import index_keeper

NEVER = sys.maxsize  # vectors


def main() -> int:
    index_keeper.INDEX_FROM = NEVER
    return scheduler_service.main(["--once"])


if __name__ == "__main__":
    sys.exit(main())
