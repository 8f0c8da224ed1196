"""Which texts the threads of this process are paying for right now."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from whatsapp_bot.embeddings.due_texts import DueText


class TextsInHand:
    """Lets one thread pay for a text while the others wait for its vector.

    Rows with the same text are often listed together, so that they are claimed together:
    none of the batches in flight finds the vector that another is about to store.
    Release before you wait, or two threads may wait for each other.
    """

    def __init__(self) -> None:
        self._hashes: set[bytes] = set()
        self._changed = threading.Condition()

    def take(self, texts: Sequence[DueText]) -> tuple[list[DueText], list[DueText]]:
        """Those that are now the caller's, and those that are another thread's."""
        with self._changed:
            taken = self._hashes.copy()
            mine = [text for text in texts if text.text_hash not in taken]
            self._hashes.update(text.text_hash for text in mine)
        return mine, [text for text in texts if text.text_hash in taken]

    def release(self, texts: Sequence[DueText]) -> None:
        with self._changed:
            self._hashes.difference_update(text.text_hash for text in texts)
            self._changed.notify_all()

    def wait_for(self, texts: Sequence[DueText]) -> None:
        """Until they are nobody's."""
        hashes = {text.text_hash for text in texts}
        with self._changed:
            self._changed.wait_for(lambda: self._hashes.isdisjoint(hashes))
