"""The admin API: embed, coverage, failed rows, spend, and the work that runs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from whatsapp_bot.errors import NotFound
from whatsapp_bot.records import AdminJob
from whatsapp_bot.web import messages as m
from whatsapp_bot.web.job_runner import JobRunner
from whatsapp_bot.web.parts import Parts
from whatsapp_bot.web.problems import Conflict, NotConfigured, answers

PREFIX = "/api/v1/admin"
JobId = Annotated[int, Path(ge=1, le=m.MAX_ID)]


def admin_routes(parts: Parts, runner: JobRunner, guard: Any) -> APIRouter:
    """guard: the dependency that says on the OpenAPI page that a token is asked for."""
    router = APIRouter(prefix=PREFIX, tags=["admin"], dependencies=[guard])
    _add_work(router, parts, runner)
    _add_facts(router, parts)
    return router


def _add_work(router: APIRouter, parts: Parts, runner: JobRunner) -> None:
    @router.post(
        "/embeddings/generate",
        responses={
            202: {"model": m.Job, "description": "It runs: ask for the job."},
            **answers(400, 401, 403, 409, 413, 422, 503),
        },
    )
    def generate(asked: m.Generate, response: Response) -> m.Job:
        """Embed up to 1,000 rows of the live model, and say how it went. One at a time
        for each entity type."""
        service = parts.services.live()
        if service is None:
            raise NotConfigured("the live model's provider needs OPENAI_API_KEY")
        thing = m.thing_of(asked.entity_type)
        begun = runner.start(service, thing, asked.force, asked.limit)
        if begun is None:
            raise _already_running(parts.jobs.running(thing))
        runner.wait(begun.id, asked.wait_seconds)
        job = parts.jobs.get(begun.id) or begun
        response.status_code = 202 if job.state == "running" else 200
        response.headers["Location"] = f"{PREFIX}/jobs/{job.id}"
        return m.Job.of(job)

    @router.get("/jobs", responses=answers(401, 403, 422, 503))
    def list_jobs(limit: Annotated[int, Query(ge=1, le=m.MAX_ROWS)] = 20) -> m.Jobs:
        """What was asked for lately, the newest first."""
        return m.Jobs(jobs=[m.Job.of(job) for job in parts.jobs.list(limit)])

    @router.get("/jobs/{job_id}", responses=answers(401, 403, 404, 422, 503))
    def get_job(job_id: JobId) -> m.Job:
        """How far it is; the counts are of at most two seconds ago."""
        job = parts.jobs.get(job_id)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        return m.Job.of(job)


def _already_running(job: AdminJob | None) -> Conflict:
    which = f"job {job.id}: see {PREFIX}/jobs/{job.id}" if job else "one: ask again"
    return Conflict(f"there runs already {which}")


def _add_facts(router: APIRouter, parts: Parts) -> None:
    @router.get("/embeddings/coverage", responses=answers(401, 403, 503))
    def coverage() -> m.Coverage:
        """How many people and live jobs have a vector of the live model."""
        model = parts.live_model()
        return m.Coverage(
            model=model.name,
            users=m.CoverageOf.of(parts.store("user", model).facts()),
            jobs=m.CoverageOf.of(parts.store("job", model).facts()),
        )

    @router.get("/embeddings/failures", responses=answers(401, 403, 422, 503))
    def failures(
        entity_type: m.EntityType,
        after: Annotated[int, Query(ge=0, le=m.MAX_ID)] = 0,
        limit: Annotated[int, Query(ge=1, le=m.MAX_ROWS)] = 100,
    ) -> m.Failures:
        """Rows whose last try ended with an error, by id."""
        model = parts.live_model()
        rows = parts.store(m.thing_of(entity_type), model).failures(limit, after)
        return m.Failures(
            model=model.name,
            failures=[m.Failure(**row) for row in rows],
            next_after=rows[-1]["id"] if len(rows) == limit else None,
        )

    @router.post(
        "/embeddings/failures/retry", responses=answers(400, 401, 403, 413, 422, 503)
    )
    def retry(asked: m.Retry) -> m.Retried:
        """Make failed rows due; the daemon, or `generate`, embeds them."""
        thing = m.thing_of(asked.entity_type)
        return m.Retried(retried=parts.upkeep.retry_failed(thing, asked.ids))

    @router.get("/spend", responses=answers(401, 403, 422, 503))
    def spend(days: Annotated[int, Query(ge=1, le=366)] = 30) -> m.Spend:
        """What was asked of providers and what it cost, by day, model and purpose."""
        return m.Spend(
            dollars_today=parts.ledger.today()["dollars"],
            daily_budget=parts.daily_budget,
            rows=[
                m.Usage.model_validate(row, from_attributes=True)
                for row in parts.ledger.by_day(days)
            ],
        )
