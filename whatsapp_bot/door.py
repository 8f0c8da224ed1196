"""What all doors share: settings, log, wiring, and errors as one readable line."""

from __future__ import annotations

import argparse
import logging
import math
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from dotenv import load_dotenv

from whatsapp_bot.bootstrap import App, on_simulator, open_app
from whatsapp_bot.config import PROJECT_FOLDER, Settings
from whatsapp_bot.errors import (
    ConfigError,
    DatabaseDenied,
    EmbeddingDenied,
    InputError,
    JobBotError,
)
from whatsapp_bot.logger import configure_logging

logger = logging.getLogger(__name__)

FAILED = 1  # a fact is false, or the work failed
MISUSED = 2  # usage or configuration; also argparse's own
DENIED = 3  # the provider refuses the key or the account; a database, the token
INTERRUPTED = 130  # Ctrl+C, as shells count it


def parser(description: str | None, examples: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(
    work: Callable[[App], int],
    adapt: Callable[[Settings], Settings] = lambda settings: settings,
) -> int:
    """Do the work with everything wired; its exit code, or that of its error. adapt:
    what the command's options say instead of the settings."""
    return guarded(lambda settings: _with_app(on_simulator(adapt(settings)), work))


def guarded(work: Callable[[Settings], int]) -> int:
    """Do the work; any error of ours is one line on stderr and an exit code."""
    try:
        load_dotenv(PROJECT_FOLDER / ".env")
        settings = Settings.from_env(os.environ)
        configure_logging(settings.log_level)
        return work(settings)
    except ConfigError as error:
        return _say(error, MISUSED)
    except (EmbeddingDenied, DatabaseDenied) as error:
        return _say(error, DENIED)
    except JobBotError as error:
        logger.debug("where it happened", exc_info=True)
        return _say(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output left, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def stop_on_signals(stop: Callable[[], None]) -> None:
    """The first signal asks, the second kills."""

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def watch_signals() -> Callable[[], bool]:
    """What tells whether a signal has asked to stop since."""
    asked: list[bool] = []
    stop_on_signals(lambda: asked.append(True))
    return lambda: bool(asked)


def positive(value: str) -> int:
    """For argparse's type=."""
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError("it must be a whole number above 0")
    return int(value)


def amount(value: str) -> float:
    """Dollars, for argparse's type=."""
    number = _not_negative(value)
    if number is None:
        raise argparse.ArgumentTypeError("it must be an amount in dollars")
    return number


def seconds(value: str) -> float:
    """For argparse's type=."""
    number = _not_negative(value)
    if number is None:
        raise argparse.ArgumentTypeError("it must be a number of seconds")
    return number


def _not_negative(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < math.inf else None  # also None for nan


def ask(question: str) -> bool:
    """Whether a person says yes. Raises InputError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise InputError(f"{question} Nobody is there to ask: add --yes")
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def may_spend(dollars: float, *, is_agreed: bool) -> bool:
    """Whether it costs nothing, or somebody says so. Raises InputError as ask."""
    return not dollars or is_agreed or ask(f"Spend ${dollars:.4f}?")


def _with_app(settings: Settings, work: Callable[[App], int]) -> int:
    with open_app(settings) as app:
        logger.info(
            "%s; live model %s (%d dimensions)",
            app.place,
            app.live_model.name,
            app.live_model.dimensions,
            extra={"action": "opened"},
        )
        if app.wanted_model.name != app.live_model.name:
            logger.warning(
                "the settings ask for %s, but %s is live: see `python -m whatsapp_bot "
                "models --help`",
                app.wanted_model.name,
                app.live_model.name,
                extra={"action": "other_model_live"},
            )
        return work(app)


def _say(error: Exception, code: int) -> int:
    sys.stderr.write(f"error: {error}\n")
    return code
