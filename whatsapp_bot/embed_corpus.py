"""Any corpus: rows of a file become texts, and their vectors an array or a table."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from whatsapp_bot import bootstrap, door
from whatsapp_bot.config import Settings
from whatsapp_bot.corpus.corpus_run import Outcome
from whatsapp_bot.corpus.npy_sink import Label
from whatsapp_bot.corpus.plan import Corpus, Plan, make_plan
from whatsapp_bot.corpus.sink import Sink, Standing
from whatsapp_bot.corpus.sources import SQLITE_ENDINGS, Source
from whatsapp_bot.corpus.text_template import TextTemplate
from whatsapp_bot.database.libsql import is_server
from whatsapp_bot.embeddings.local_provider import LocalProvider
from whatsapp_bot.embeddings.model_choice import chosen_model, price_for
from whatsapp_bot.embeddings.prices import dollars
from whatsapp_bot.embeddings.provider import EmbeddingProvider
from whatsapp_bot.embeddings.text_embedder import TextEmbedder
from whatsapp_bot.errors import ConfigError, InputError
from whatsapp_bot.ids import Ids
from whatsapp_bot.progress import Progress
from whatsapp_bot.records import EmbeddingModel, Totals

EXAMPLES = """examples:
  python -m whatsapp_bot embed-corpus train.csv test.csv vectors --dataset ag_news \\
      --columns class,title,description --template '{title} {description}'
  python -m whatsapp_bot embed-corpus samples.db vectors.db --from samples --id-column id \\
      --template @sample.txt --ids 1-100 --dry-run
  python -m whatsapp_bot embed-corpus texts.jsonl libsql://NAME.turso.io --table texts

SOURCE is a .csv, .jsonl or .json file (.gz too) or an SQLite file (.db, .sqlite); several
files become several arrays in one folder, within one budget. SINK is
a folder for NAME_embeddings.npy and NAME_metadata.json, an SQLite file, or the URL of a
libSQL server (TURSO_AUTH_TOKEN). Interrupted at any moment, the same command goes on
where it was. docs/corpus.md has worked examples.
"""
FAILURES_SHOWN = 10


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    return door.guarded(lambda settings: _embed_corpus(settings, options))


def _parser() -> argparse.ArgumentParser:
    parser = door.parser(__doc__, EXAMPLES)
    add = parser.add_argument
    add("sources", metavar="SOURCE", type=Path, nargs="+")
    add("sink", metavar="SINK")
    add(
        "--template",
        default="{text}",
        metavar="TEXT",
        help="what a row reads like, '{text}' unless you say; \\n ends a line, a line "
        "whose columns are all empty is left out; @FILE reads it from a file",
    )
    add("--columns", metavar="A,B", help="names for a CSV without a header")
    add("--from", dest="from_table", metavar="TABLE", help="of an SQLite SOURCE")
    add("--query", metavar="SQL", help="instead, with an ORDER BY of its own")
    add("--id-column", metavar="NAME", help="else a row's id is its place, from 1")
    add("--ids", metavar="1,5,10-20", help="only these rows")
    add("--table", default="embeddings", help="of a database SINK (embeddings)")
    add("--dataset", metavar="NAME", help="for the sidecar; else as SOURCE is called")
    add("--split", metavar="NAME", help="names the files; else as SOURCE is called")
    add("--model", metavar="NAME", help="local, or as its provider calls it")
    add("--dimensions", type=door.positive, metavar="N")
    add(
        "--batch-size", type=door.positive, metavar="N", help="texts a request, at most"
    )
    add("--budget", type=door.amount, metavar="USD", help="stop before this is passed")
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume", action="store_true", help="only go on with what was begun"
    )
    again.add_argument(
        "--reset", action="store_true", help="delete what is there, and start anew"
    )
    add(
        "--accept-failed",
        action="store_true",
        help="finish although rows have no vector: they are NaN, and listed",
    )
    add("--dry-run", action="store_true", help="say what it would do and cost")
    add("--yes", action="store_true", help="do not ask before money is spent")
    return parser


@dataclass(frozen=True)
class _Work:
    """What is to be done, and where it stands."""

    options: argparse.Namespace
    source: Path
    settings: Settings
    model: EmbeddingModel
    provider: EmbeddingProvider
    corpus: Corpus
    sink: Sink
    plan: Plan
    standing: Standing

    @property
    def price(self) -> float:
        return price_for(self.model, self.settings)

    @property
    def tokens(self) -> int:
        return int(self.plan.tokens[self.plan.to_pay(self.standing.done)].sum())

    @property
    def cost(self) -> float:
        return dollars(self.tokens, self.price)


def _embed_corpus(settings: Settings, options: argparse.Namespace) -> int:
    settings = _adapted(settings, options)
    _check_sources(options)
    with contextlib.ExitStack() as stack:
        works = [
            stack.enter_context(_prepared(settings, options, source))
            for source in options.sources
        ]
        to_do = [work for work in works if not work.standing.is_finished]
        for work in works:
            sys.stdout.write(_describe(work))
        if options.dry_run or not to_do:
            return 0
        cost = sum(work.cost for work in to_do)
        if not door.may_spend(cost, is_agreed=options.yes):
            return door.FAILED
        return _embed_all(to_do)


def _adapted(settings: Settings, options: argparse.Namespace) -> Settings:
    if options.budget is not None:
        settings = replace(settings, embedding_run_budget_usd=options.budget)
    if options.batch_size:
        settings = replace(settings, embedding_batch_size=options.batch_size)
    return settings


def _check_sources(options: argparse.Namespace) -> None:
    """Several become several files, each called as its source is."""
    if len(options.sources) == 1:
        return
    if _is_table(options.sink):
        raise ConfigError("a table takes one SOURCE: the rows of two have the same ids")
    names = [_name_of(source) for source in options.sources]
    if options.split or len(set(names)) < len(names):
        raise ConfigError("each SOURCE needs a name of its own; --split is for one")


@contextlib.contextmanager
def _prepared(
    settings: Settings, options: argparse.Namespace, source: Path
) -> Iterator[_Work]:
    """Nothing is written yet, and nothing paid."""
    model = chosen_model(settings, options.model, options.dimensions)
    price_for(model, settings)
    provider = bootstrap.build_provider(settings, model)
    with contextlib.ExitStack() as stack:
        stack.callback(provider.close)
        template = _template(options.template)
        corpus = Corpus(
            _source(options, source),
            TextTemplate(template),
            provider.size.max_text_tokens,
        )
        sink = _sink(settings, options, source, model, template)
        stack.callback(sink.close)
        counter = bootstrap.build_token_counter(provider)
        plan = make_plan(corpus, counter.count if counter else None)
        standing = sink.look(plan, corpus.texts)
        if options.resume and not (standing.is_finished or standing.done.any()):
            raise InputError(f"{sink.place}: there is nothing to resume")
        yield _Work(
            options, source, settings, model, provider, corpus, sink, plan, standing
        )


def _source(options: argparse.Namespace, source: Path) -> Source:
    return Source(
        path=source,
        columns=options.columns.split(",") if options.columns else None,
        table=options.from_table,
        query=options.query,
        id_column=options.id_column,
        ids=Ids(options.ids) if options.ids else None,
    )


def _is_table(place: str) -> bool:
    return is_server(place) or Path(place).suffix.lower() in SQLITE_ENDINGS


def _name_of(source: Path) -> str:
    return source.name.partition(".")[0]


def _sink(
    settings: Settings,
    options: argparse.Namespace,
    source: Path,
    model: EmbeddingModel,
    template: str,
) -> Sink:
    place: str = options.sink
    if _is_table(place):
        return bootstrap.build_table_sink(
            settings,
            place,
            options.table,
            model,
            anew=options.reset,
            dry=options.dry_run,
        )
    name = _name_of(source)
    label = Label(options.dataset or name, options.split or name, template)
    if Path(label.split).name != label.split:
        raise ConfigError(f"--split is {label.split!r}; it must do as a file's name")
    return bootstrap.build_npy_sink(
        Path(place), label, model, anew=options.reset, dry=options.dry_run
    )


def _template(text: str) -> str:
    if not text.startswith("@"):
        return text.replace("\\n", "\n")
    try:
        return Path(text[1:]).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{text[1:]}: the template cannot be read: {exc}") from exc


def _describe(work: _Work) -> str:
    if work.standing.is_finished:
        return f"using cached embeddings from {work.sink.place}\n"
    plan, done = work.plan, work.standing.done
    without = int((~plan.has_text & ~done).sum())
    same = int((~plan.is_first & plan.has_text & ~done).sum())
    lines = [
        f"{work.source} -> {work.sink.place}",
        f"model      {work.model.name}, {work.model.dimensions} dimensions",
        f"rows       {plan.rows:,}: to embed {plan.to_pay(done).sum():,}, the text of an "
        f"earlier row {same:,}, done before {done.sum():,}, without a text {without:,}"
        + (f", cut to fit {plan.shortened:,}" if plan.shortened else ""),
        _price_line(work),
        "first text " + plan.example.replace("\n", "\n           "),
    ]
    lines += [f"no text    row {text.id}: {text.fault}" for text in plan.faults]
    return "\n".join(lines) + "\n"


def _price_line(work: _Work) -> str:
    if isinstance(work.provider, LocalProvider):
        return "cost       none: the model runs here"
    return (
        f"tokens     some {work.tokens:,}, ${work.cost:.4f} at "
        f"${work.price:g} per million"
    )


def _embed_all(works: Sequence[_Work]) -> int:
    """One after the other; one that fails stops no other. The worst exit code."""
    should_stop = door.watch_signals()
    first, code = works[0], 0
    with bootstrap.open_text_embedder(
        first.settings, first.model, first.provider
    ) as embedder:
        for work in works:
            code = max(code, _embed(work, embedder, should_stop))
            if code == door.INTERRUPTED:
                break
    return code


def _embed(work: _Work, embedder: TextEmbedder, should_stop: Callable[[], bool]) -> int:
    started = time.monotonic()
    progress = Progress(int((~work.standing.done).sum()), sys.stderr, _rows_done)
    try:
        work.sink.begin()
        run = bootstrap.build_corpus_run(
            work.settings,
            work.corpus,
            work.plan,
            work.standing.done,
            work.sink,
            embedder,
            _chunk_rows(work),
        )
        outcome = run.run(should_stop, progress.add)
    finally:
        progress.close()
        sys.stdout.write(_summary(progress.totals, time.monotonic() - started, work))
    return _conclude(work, outcome, is_stopped=should_stop())


def _chunk_rows(work: _Work) -> int:
    return min(work.settings.embedding_batch_size, work.provider.size.max_texts)


def _summary(totals: Totals, seconds: float, work: _Work) -> str:
    rows = _rows_done(totals)
    each = seconds / totals.requests if totals.requests else 0.0
    return (
        f"embedded {totals.embedded:,}, of them with the text of an earlier row "
        f"{totals.reused:,}, failed {totals.failed:,}, done before "
        f"{work.standing.done.sum():,}\n"
        f"{totals.requests:,} requests, one every {each:.3f} s; {totals.tokens:,} tokens, "
        f"${totals.dollars:.4f}; {seconds:.1f} s, {rows / seconds:,.0f} rows/s\n"
    )


def _rows_done(totals: Totals) -> int:
    return totals.embedded + totals.failed


def _conclude(work: _Work, outcome: Outcome, *, is_stopped: bool) -> int:
    for failure in outcome.failures[:FAILURES_SHOWN]:
        sys.stderr.write(f"row {failure.text.id} has no vector: {failure.reason}\n")
    if len(outcome.failures) > FAILURES_SHOWN:
        sys.stderr.write(f"and {len(outcome.failures) - FAILURES_SHOWN:,} more\n")
    if is_stopped or not outcome.is_complete:
        sys.stderr.write("stopped; the same command goes on from here\n")
        return door.INTERRUPTED
    if outcome.failures and not work.options.accept_failed:
        sys.stderr.write(
            f"{work.sink.place} is not finished: run it again to try these rows again, "
            "or with --accept-failed to leave them out\n"
        )
        return door.FAILED
    work.sink.finish(outcome.failures)
    sys.stdout.write(f"finished {work.sink.place}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
