"""The only place where objects are built and wired together.

A door opens an App, and may build from it what it alone needs; what several need is
built with the App, in `wiring`. Imports that take long and that few doors need are in
the functions that use them.
"""

from __future__ import annotations

from whatsapp_bot.bootstrap.alerts import build_digests, build_job_finder
from whatsapp_bot.bootstrap.app import App
from whatsapp_bot.bootstrap.backfill import (
    build_backfill_run,
    build_backfill_stores,
    build_chosen_rows,
    build_enrichment_run,
)
from whatsapp_bot.bootstrap.conversation import build_conversation, build_people_waiting
from whatsapp_bot.bootstrap.corpus import (
    build_corpus_run,
    build_npy_sink,
    build_table_sink,
    open_text_embedder,
)
from whatsapp_bot.bootstrap.database import open_database
from whatsapp_bot.bootstrap.embeddings import (
    build_batch_service,
    build_provider,
    build_token_counter,
)
from whatsapp_bot.bootstrap.simulator import build_simulator, on_simulator
from whatsapp_bot.bootstrap.web import build_web
from whatsapp_bot.bootstrap.whatsapp import (
    build_receiver,
    build_whatsapp_pass,
    build_whatsapp_worker,
)
from whatsapp_bot.bootstrap.wiring import build, open_app

__all__ = [
    "App",
    "build",
    "build_backfill_run",
    "build_backfill_stores",
    "build_batch_service",
    "build_chosen_rows",
    "build_conversation",
    "build_corpus_run",
    "build_digests",
    "build_enrichment_run",
    "build_job_finder",
    "build_npy_sink",
    "build_people_waiting",
    "build_provider",
    "build_receiver",
    "build_simulator",
    "build_table_sink",
    "build_token_counter",
    "build_web",
    "build_whatsapp_pass",
    "build_whatsapp_worker",
    "on_simulator",
    "open_app",
    "open_database",
    "open_text_embedder",
]
