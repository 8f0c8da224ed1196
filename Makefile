# Everything runs in .venv, which the first target that needs it sets up.
PYTHON ?= python3
BIN := .venv/bin
# Most of a test is waiting for a server: more at once than there are cores.
TESTS_AT_ONCE ?= 3

.DEFAULT_GOAL := help
.PHONY: help install run scheduler health backfill enrich migrate test lint format types check clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: .venv/installed ## set up .venv

.venv/installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: install ## the whole of it on example postings, no account needed; then the daemon
	$(BIN)/python -m whatsapp_bot example

scheduler: install ## the daemon
	$(BIN)/python -m whatsapp_bot.scheduler_service

health: install ## facts about the system; fails if one is false
	$(BIN)/python -m whatsapp_bot.embedding_health_check

backfill: install ## what has no vector yet, its cost first
	$(BIN)/python -m whatsapp_bot.backfill_embeddings

enrich: install ## what postings tell beyond their fields, its cost first
	$(BIN)/python -m whatsapp_bot.backfill_enrichment

migrate: install ## apply the migrations that are missing
	$(BIN)/python -m whatsapp_bot migrate

test: install ## all tests, on a real PostgreSQL of their own
	$(BIN)/python -m pytest -q -n $(TESTS_AT_ONCE) --dist worksteal

lint: install ## ruff: mistakes and formatting
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: install ## let ruff rewrite
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: install ## mypy, strict
	$(BIN)/mypy

check: lint types test ## what CI runs

clean: ## remove .venv and the embedded database
	rm -rf .venv .data
