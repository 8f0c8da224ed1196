"""How many tokens a text may be, where a long one is cut, what fits into a request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from whatsapp_bot.embeddings.provider import RequestSize

# English has four to five bytes a token, and other scripts rarely under three. The exact
# tokenizers would have to be downloaded.
BYTES_PER_TOKEN = 3
SENTENCE_ENDS = (". ", "! ", "? ", "\n")
SHORTEST_SHARE = 0.5  # of the limit: a sentence that ends before it is no place to cut


def estimate_tokens(text: str) -> int:
    """Rather too many than too few."""
    return len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN + 1


def shorten(text: str, max_tokens: int) -> str:
    """The text, cut where a sentence or at least a word ends, if it is too long."""
    if estimate_tokens(text) <= max_tokens:
        return text
    limit = (max_tokens - 1) * BYTES_PER_TOKEN
    head = text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
    lowest = int(len(head) * SHORTEST_SHARE)
    ends = [head.rfind(end, lowest) + 1 for end in SENTENCE_ENDS]
    cut = max(*ends, 0) or head.rfind(" ", lowest) + 1 or len(head)
    return head[:cut].strip()


def pack(texts: Sequence[str], size: RequestSize) -> Iterator[list[str]]:
    """The texts in order, in as few requests as their number and tokens allow."""
    request: list[str] = []
    tokens = 0
    for text in texts:
        more = estimate_tokens(text)
        if request and (
            len(request) == size.max_texts or tokens + more > size.max_tokens
        ):
            yield request
            request, tokens = [], 0
        request.append(text)
        tokens += more
    if request:
        yield request
