from __future__ import annotations

from tests.acceptance.rows import Rows
from whatsapp_bot.database.database_manager import DatabaseManager
from whatsapp_bot.database.pace import Ledger


def test_what_is_used_is_counted_by_day_model_and_purpose(
    rows: Rows, database: DatabaseManager
) -> None:
    ledger = Ledger(database)
    nothing = {"requests": 0, "texts": 0, "tokens": 0, "dollars": 0}
    assert ledger.today() == nothing
    for purpose in ("save", "schedule", "schedule"):
        ledger.add("m", purpose, requests=1, texts=3, tokens=10, dollars=0.5)
    rows.run(
        "INSERT INTO embedding_usage (day, model, purpose, requests, texts, tokens)"
        " VALUES (CURRENT_DATE - 1, 'm', 'save', 1, 1, 1)"
    )
    assert ledger.today() == {"requests": 3, "texts": 9, "tokens": 30, "dollars": 1.5}
    assert rows.value("SELECT count(*) FROM embedding_usage") == 3
