from __future__ import annotations

import pytest

from whatsapp_bot.chat.chat_choice import (
    ChatChoice,
    conversation_choice,
    enrichment_choice,
)
from whatsapp_bot.config import Settings
from whatsapp_bot.embeddings.provider_gate import Purse
from whatsapp_bot.errors import ConfigError

ELSEWHERE = "https://chat.example/v1"
HERE = "http://localhost:11434/v1"


def settings(**environ: str) -> Settings:
    return Settings.from_env({name.upper(): value for name, value in environ.items()})


def enrichment(**environ: str) -> ChatChoice:
    return enrichment_choice(settings(**environ))


def conversation(**environ: str) -> ChatChoice:
    return conversation_choice(settings(**environ))


def test_a_key_alone_names_no_model() -> None:
    assert enrichment(openai_api_key="k").name is None
    assert conversation(openai_api_key="k").name is None


def test_a_model_without_a_key_is_left_to_the_rules() -> None:
    assert enrichment(enrichment_model="gpt-4o-mini").name is None
    assert conversation(conversation_model="gpt-4o-mini").name is None


def test_the_model_is_named_with_its_place() -> None:
    both = enrichment(enrichment_model="gpt-4o-mini", openai_api_key="k")
    assert both.name == "openai/gpt-4o-mini"
    other = enrichment(enrichment_model="m", enrichment_base_url=ELSEWHERE)
    assert other.name == "chat.example/m"


def test_the_model_of_postings_reads_no_message_unless_it_is_named_for_that() -> None:
    assert conversation(enrichment_model="gpt-4o-mini", openai_api_key="k").name is None


def test_a_key_goes_to_its_own_address_only() -> None:
    postings = {"enrichment_model": "m", "openai_api_key": "k"}
    at = {"enrichment_base_url": ELSEWHERE}
    keys = [
        enrichment(**each).api_key
        for each in (
            postings,
            {**postings, **at},
            {**postings, **at, "enrichment_api_key": "e"},
        )
    ]
    assert keys == ["k", "none", "e"]
    talk = {"conversation_model": "m", "openai_api_key": "k"}
    own = {"conversation_api_key": "c", "conversation_base_url": HERE}
    keys = [
        conversation(**each).api_key
        for each in (
            talk,
            {**talk, **at},
            {**talk, **at, "enrichment_api_key": "e"},
            {**talk, "conversation_base_url": HERE},
            {**talk, **own},
        )
    ]
    assert keys == ["k", "none", "e", "none", "c"]


def test_a_key_is_in_no_repr() -> None:
    assert "secret" not in repr(conversation(conversation_api_key="secret"))


def test_what_it_costs_is_known_told_or_nothing_on_this_machine() -> None:
    assert enrichment(enrichment_model="gpt-4o-mini").prices == (0.15, 0.60)
    told = enrichment(enrichment_model="gpt-4o-mini", enrichment_price_usd="1/2.5")
    assert told.prices == (1.0, 2.5)
    assert enrichment(enrichment_model="m", enrichment_base_url=HERE).prices == (0, 0)
    with pytest.raises(ConfigError, match="ENRICHMENT_PRICE_USD"):
        _ = enrichment(enrichment_model="m", enrichment_base_url=ELSEWHERE).prices


def test_what_postings_are_told_to_cost_holds_for_the_same_model_only() -> None:
    told = {
        "enrichment_model": "m",
        "enrichment_base_url": ELSEWHERE,
        "enrichment_price_usd": "1/2",
    }
    assert conversation(**told, conversation_model="m").prices == (1.0, 2.0)
    own = conversation(
        **told, conversation_model="m", conversation_price_usd="3/4"
    ).prices
    assert own == (3.0, 4.0)
    with pytest.raises(ConfigError, match="CONVERSATION_PRICE_USD"):
        _ = conversation(**told, conversation_model="other").prices


@pytest.mark.parametrize("prices", ["1", "1/x", "-1/1", "a/b", "1/2/3"])
def test_malformed_prices_are_refused(prices: str) -> None:
    with pytest.raises(ConfigError, match="ENRICHMENT_PRICE_USD"):
        settings(enrichment_price_usd=prices)


def test_a_purse_never_gives_more_than_it_has() -> None:
    purse = Purse(1.0)
    assert purse.take(0.75) and not purse.take(0.5)
    purse.put_back(0.25)
    assert purse.take(0.5) and not purse.take(0.01)
    assert Purse(None).take(1e9)
