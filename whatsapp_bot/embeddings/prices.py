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
# Dollars per million tokens sent and answered, of models that give structured answers;
# list prices as several trackers had them in 2026. The first piece that fits counts.
CHAT_DOLLARS_PER_MILLION_TOKENS = {
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1": (2.00, 8.00),
    "gpt-4o-mini": (0.15, 0.60),
    "gpt-4o": (2.50, 10.00),
    "gpt-5-nano": (0.05, 0.40),
    "gpt-5-mini": (0.25, 2.00),
    "gemini-2.5-flash-lite": (0.10, 0.40),
    "gemini-2.5-flash": (0.30, 2.50),
}
BATCH_SHARE = 0.5  # of the price, through the Batch API


def price_of(model: str) -> float | None:
    """Dollars per million tokens; None when nobody told."""
    for piece, price in DOLLARS_PER_MILLION_TOKENS.items():
        if piece in model:
            return price
    return None


def chat_price_of(model: str) -> tuple[float, float] | None:
    """Dollars per million tokens, sent and answered; None when nobody told."""
    for piece, prices in CHAT_DOLLARS_PER_MILLION_TOKENS.items():
        if piece in model:
            return prices
    return None


def dollars(tokens: float, price: float) -> float:
    return tokens * price / 1_000_000
