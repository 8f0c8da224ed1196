from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.rows import Rows


@pytest.fixture
def rows(database_url: str) -> Iterator[Rows]:
    rows = Rows(database_url)
    yield rows
    rows.close()


@pytest.fixture
def empty_rows(empty_url: str) -> Iterator[Rows]:
    """Plain SQL in a database without any table."""
    rows = Rows(empty_url)
    yield rows
    rows.close()
