"""What the OpenAPI page promises is what the service does: Schemathesis, always with
the same examples."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.acceptance.rows import Rows
from tests.integration.web.conftest import TOKEN, Site

# Of each operation, in each phase; a row or two only, so that each request is short.
EXAMPLES = "8"


def test_schemathesis_finds_nothing(site: Site, rows: Rows, tmp_path: Path) -> None:
    rows.add_jobs(2)
    rows.add_user("Nurse")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run"),
            f"{site.base_url}/openapi.json",
            *("--header", f"Authorization: Bearer {TOKEN}"),
            *("--max-examples", EXAMPLES, "--generation-deterministic"),
            *("--no-color", "--mode", "all"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "generated" in done.stdout
