"""``carrel doctor``: looks at everything at the same time and prints each line with its fix."""

import os
from collections.abc import Mapping
from functools import partial

from cli.doctor import clock, cohere, disk, machine, model, postgres, qdrant, reach, redis
from cli.doctor.bounded import Check, at_once
from cli.doctor.configuration import Configuration, read
from cli.doctor.verdicts.reach import Endpoint
from cli.findings import Finding, exit_code, explained
from cli.report import report

PATIENCE_S = 25.0
"""For all checks together; each has shorter deadlines of its own."""


def doctor(*, as_json: bool) -> int:
    """Print how everything is where this runs; return the exit code."""
    findings = examine(os.environ)
    report("doctor", findings, in_json=as_json)
    return exit_code(findings)


def examine(environment: Mapping[str, str], *, seconds: float = PATIENCE_S) -> list[Finding]:
    """Return every finding, in the order in which they are told."""
    configuration, findings = read(environment)
    in_use = disk.in_use(configuration.layout)
    return explained([*findings, *at_once(_checks(configuration, in_use=in_use), seconds=seconds)])


def _checks(configuration: Configuration, *, in_use: bool) -> dict[str, Check]:
    layout, retriever = configuration.layout, configuration.retriever
    checks: dict[str, Check] = {
        endpoint.line: partial(_reach, endpoint, on_space=configuration.on_space)
        for endpoint in reach.endpoints(configuration)
    }
    if configuration.embedded_database:
        checks["Postgres"] = partial(postgres.check_embedded, layout, in_use=in_use)
    elif configuration.chat is not None:
        checks["Postgres"] = partial(postgres.check, configuration.chat.database_url.get_secret_value())
    if retriever is not None:
        checks["Qdrant"] = partial(qdrant.check, retriever, layout, in_use=in_use)
        checks["Cohere"] = partial(cohere.check, retriever, layout.data_dir)
    checks["Redis"] = partial(redis.check, _redis_url(configuration))
    checks["disk"] = partial(disk.check, layout, in_use=in_use)
    checks["machine"] = partial(machine.check, configuration, in_use=in_use)
    checks["clock"] = partial(clock.check, configuration)
    if retriever is not None:
        checks["local model"] = partial(model.check, retriever)
    return checks


def _reach(endpoint: Endpoint, *, on_space: bool) -> list[Finding]:
    return [reach.check(endpoint, on_space=on_space)]


def _redis_url(configuration: Configuration) -> str:
    for settings in (configuration.gateway, configuration.chat):
        if settings is not None and settings.redis_url is not None:
            return settings.redis_url.get_secret_value()
    return ""
