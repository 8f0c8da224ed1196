"""What models cost."""

from __future__ import annotations

# Dollars per million input tokens, by a piece of the model's name. OpenAI's and Gemini's
# list prices as of 2026-11-21 (Gemini's by third-party trackers); the Batch API is half.
DOLLARS_PER_MILLION_TOKENS = {
    "local/": 0.0,
    "text-embedding-3-small": 0.02,
    "text-embedding-3-large": 0.13,
    "text-embedding-ada-002": 0.10,
    "gemini-embedding-001": 0.15,
    "gemini-embedding-2": 0.20,
}
BATCH_SHARE = 0.5  # of the price, through the Batch API


def price_of(model: str) -> float | None:
    """Dollars per million tokens; None when nobody told."""
    for piece, price in DOLLARS_PER_MILLION_TOKENS.items():
        if piece in model:
            return price
    return None


def dollars(tokens: float, price: float) -> float:
    return tokens * price / 1_000_000
