from __future__ import annotations

import pytest

from whatsapp_bot.config import Settings
from whatsapp_bot.embeddings.provider_gate import Purse
from whatsapp_bot.enrichment.reader_choice import (
    api_key,
    chat_model_name,
    chat_prices,
)
from whatsapp_bot.errors import ConfigError

ELSEWHERE = "https://chat.example/v1"


def settings(**environ: str) -> Settings:
    return Settings.from_env({name.upper(): value for name, value in environ.items()})


def test_a_key_alone_names_no_model() -> None:
    assert chat_model_name(settings(openai_api_key="k")) is None


def test_a_model_without_a_key_is_left_to_the_rules() -> None:
    assert chat_model_name(settings(enrichment_model="gpt-4o-mini")) is None


def test_the_model_is_named_with_its_place() -> None:
    both = settings(enrichment_model="gpt-4o-mini", openai_api_key="k")
    assert chat_model_name(both) == "openai/gpt-4o-mini"
    other = settings(enrichment_model="m", enrichment_base_url=ELSEWHERE)
    assert chat_model_name(other) == "chat.example/m"


def test_a_key_goes_to_its_own_address_only() -> None:
    own = settings(enrichment_model="m", openai_api_key="k")
    elsewhere = settings(
        enrichment_model="m", openai_api_key="k", enrichment_base_url=ELSEWHERE
    )
    of_its_own = settings(
        enrichment_model="m",
        openai_api_key="k",
        enrichment_base_url=ELSEWHERE,
        enrichment_api_key="e",
    )
    keys = [api_key(each) for each in (own, elsewhere, of_its_own)]
    assert keys == ["k", "none", "e"]


def test_what_it_costs_is_known_told_or_nothing_on_this_machine() -> None:
    assert chat_prices(settings(enrichment_model="gpt-4o-mini")) == (0.15, 0.60)
    told = settings(enrichment_model="gpt-4o-mini", enrichment_price_usd="1/2.5")
    assert chat_prices(told) == (1.0, 2.5)
    here = settings(
        enrichment_model="llama", enrichment_base_url="http://localhost:11434/v1"
    )
    assert chat_prices(here) == (0.0, 0.0)
    with pytest.raises(ConfigError, match="ENRICHMENT_PRICE_USD"):
        chat_prices(settings(enrichment_model="m", enrichment_base_url=ELSEWHERE))


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
