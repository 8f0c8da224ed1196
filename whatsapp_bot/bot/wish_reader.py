"""A chat model reads what the rules could not: in time, or not at all."""

from __future__ import annotations

import concurrent.futures
import logging
from typing import Final

from whatsapp_bot.bot.contacts_in_text import without_contacts
from whatsapp_bot.bot.wish_question import question_about, read_answer
from whatsapp_bot.chat.chat_model import ChatModel
from whatsapp_bot.chat.question import AnswerInvalid
from whatsapp_bot.records import Row

logger = logging.getLogger(__name__)

PURPOSE: Final = "conversation"  # in the ledger


class WishReader:
    """An Understanding (bot/understanding/wishes.py). Safe to share among threads.

    seconds: then the rules' answer stands. threads: so many messages are read at a time.
    """

    def __init__(self, model: ChatModel, seconds: float, threads: int) -> None:
        self._model = model
        self._seconds = seconds
        # Its own threads: only so can a slow provider or name server be left behind.
        self._threads = concurrent.futures.ThreadPoolExecutor(
            threads, thread_name_prefix="wish-reader"
        )

    def __call__(self, text: str) -> Row | None:
        """Preferences; None where the model could not be asked, or gave no answer in
        time that can be read. Never raises."""
        try:
            future = self._threads.submit(self._read, without_contacts(text))
            try:
                return future.result(self._seconds)
            finally:
                future.cancel()
        except AnswerInvalid as invalid:
            _leave_to_rules(str(invalid))
        except Exception as error:  # noqa: BLE001 - its text may hold the message's
            _leave_to_rules(type(error).__name__)
        return None

    def _read(self, text: str) -> Row:
        answer, _ = self._model.ask(question_about(text), self._seconds, PURPOSE)
        if answer.fault:
            raise AnswerInvalid(answer.fault)
        return read_answer(answer.content, text)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._model.close()


def _leave_to_rules(reason: str) -> None:
    logger.info(
        "a message is left to the rules: %s", reason, extra={"action": "wishes_unread"}
    )
