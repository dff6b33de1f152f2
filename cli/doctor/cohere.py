"""Asks Cohere for the models that are configured, which costs nothing and needs the key."""

from pathlib import Path

import httpx

from cli.doctor.reach import line_of
from cli.doctor.verdicts.cohere import GROUP, KEY, Told, budget, key, models
from cli.findings import Finding
from retriever.guard.budget import Budget
from retriever.settings import RetrieverSettings

_TIMEOUT_S = 5.0


def check(settings: RetrieverSettings, data_dir: Path) -> list[Finding]:
    """Return what there is to say of Cohere."""
    if settings.cohere_api_key is None:
        told = "not set: answers are the documents' own sentences, and nobody is asked"
        return [Finding(GROUP, KEY, "green", told)]
    models_of = {
        "COHERE_CHAT_MODEL": settings.cohere_chat_model,
        "COHERE_CONDENSE_MODEL": settings.cohere_condense_model or settings.cohere_chat_model,
        "COHERE_RERANK_MODEL": settings.cohere_rerank_model,
        "COHERE_EMBED_MODEL": settings.cohere_embed_model,
    }
    answers = _asked(settings, set(models_of.values()))
    by_variable = {variable: answers[model] for variable, model in models_of.items()}
    statuses = {variable: one.status for variable, one in by_variable.items()}
    return [
        key(statuses, needs=(line_of("COHERE_BASE_URL"),)),
        models(by_variable),
        spent(settings, data_dir),
    ]


def spent(settings: RetrieverSettings, data_dir: Path) -> Finding:
    """Return what is left of the month, as it is counted in ``data_dir``."""
    report = Budget(
        data_dir / "cohere-usage.json",
        limit=settings.cohere_monthly_calls,
        token_limit=settings.cohere_monthly_tokens,
    ).report()
    return budget(
        used=report.calls,
        limit=settings.cohere_monthly_calls,
        tokens=report.input_tokens + report.output_tokens + report.embedding_tokens,
        token_limit=settings.cohere_monthly_tokens,
    )


def _asked(settings: RetrieverSettings, names: set[str]) -> dict[str, Told]:
    secret = settings.cohere_api_key.get_secret_value() if settings.cohere_api_key else ""
    found: dict[str, Told] = {}
    with httpx.Client(timeout=_TIMEOUT_S) as http:
        for name in sorted(names):
            try:
                # As in the SDK; a key that no header can hold is refused by the client itself.
                response = http.get(
                    f"{settings.cohere_base_url}/v1/models/{name}",
                    headers={"authorization": f"Bearer {secret}"},
                )
                found[name] = _read(name, response)
            except (httpx.HTTPError, UnicodeError):
                found[name] = Told(name, 0)
    return found


def _read(name: str, response: httpx.Response) -> Told:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Told(name, response.status_code, known=response.status_code != 404)
    endpoints = body.get("endpoints")
    return Told(
        name,
        response.status_code,
        # Who knows no model at all says so without Cohere's own word for it.
        known=response.status_code != 404 or "message" in body,
        deprecated=body.get("is_deprecated") is True,
        endpoints=frozenset(endpoints) if isinstance(endpoints, list) else frozenset(),
    )
