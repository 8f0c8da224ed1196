from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from whatsapp_bot.embeddings.packing import estimate_tokens, pack, shorten
from whatsapp_bot.embeddings.provider import RequestSize

TEXTS = st.lists(st.text(max_size=200), max_size=40)
SIZES = st.builds(
    RequestSize,
    max_texts=st.integers(1, 10),
    max_tokens=st.integers(1, 200),
    max_text_tokens=st.integers(1, 100),
)


@given(TEXTS, SIZES)
def test_every_text_is_in_one_request_in_order(
    texts: list[str], size: RequestSize
) -> None:
    assert [text for request in pack(texts, size) for text in request] == texts


@given(TEXTS, SIZES)
def test_no_request_is_too_large_unless_a_text_is(
    texts: list[str], size: RequestSize
) -> None:
    for request in pack(texts, size):
        assert 1 <= len(request) <= size.max_texts
        tokens = sum(estimate_tokens(text) for text in request)
        assert tokens <= size.max_tokens or len(request) == 1


@given(st.text(max_size=2_000), st.integers(1, 400))
def test_a_shortened_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert estimate_tokens(short) <= limit
    assert short == text or text.lstrip().startswith(short) or text.startswith(short)


def test_a_text_that_fits_is_left_alone() -> None:
    assert shorten(" any text. ", 100) == " any text. "


def test_a_long_text_is_cut_after_a_sentence_or_else_a_word() -> None:
    assert shorten("Drives a lorry. Speaks Hausa fluently and well.", 10) == (
        "Drives a lorry."
    )
    assert (
        shorten("drives a very long lorry in Kano and Jos", 8) == "drives a very long"
    )


def test_tokens_are_estimated_high_in_any_script() -> None:
    assert estimate_tokens("Accountant in Lagos") >= 4
    assert estimate_tokens("会计师") >= 3
    assert estimate_tokens("") == 1
