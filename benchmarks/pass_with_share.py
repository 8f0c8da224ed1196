"""The daemon's one pass, with another REBUILD_SHARE (0: always rebuild; inf: never).

Started by benchmarks.fill_beside_search on a copy of its scratch database.
"""

from __future__ import annotations

import sys

from whatsapp_bot import scheduler_service
from whatsapp_bot.embeddings import index_keeper


def main() -> int:
    index_keeper.REBUILD_SHARE = float(sys.argv[1])
    index_keeper.INDEX_FROM = 1
    return scheduler_service.main(["--once"])


if __name__ == "__main__":
    sys.exit(main())
