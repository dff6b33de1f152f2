"""``carrel deploy``: looks, shows what would change, changes it, and waits until the Space is well.

Each step finds what was done before, so that running it again goes on. Nothing is changed before everything
was looked at.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import typer

from cli.deploy import checks
from cli.deploy.failures import AGAIN, DeployError, Failure, of_stage
from cli.deploy.hub import Account, Hub
from cli.deploy.plan import (
    Change,
    PlanError,
    Settings,
    changes,
    deployed,
    front_matter,
    left_alone,
    read_env,
    sorted_out,
)
from cli.deploy.served import Served
from cli.deploy.tree import Checkout
from cli.deploy.waiting import Waiting
from cli.terminal import complain, safe

DONE, FAILED, REFUSED = 0, 1, 2
"""Exit codes: refused is before anything was changed."""
Verify = Callable[[str, str], int]
"""Looks at the deployment at an address, of a revision, from outside; returns an exit code."""


@dataclass(frozen=True)
class Options:
    """What is asked of a deployment."""

    env: Path | None = None
    bucket: str = ""
    revision: str = "HEAD"
    private: bool = False
    rollback: bool = False
    dry_run: bool = False
    yes: bool = False
    timeout_s: float = 1800.0
    every_s: float = 5.0


@dataclass(frozen=True)
class Plan:
    """What is to be done."""

    revision: str
    files: Mapping[str, bytes]
    changes: list[Change]
    creates: bool


def deploy(hub: Callable[[], Hub], checkout: Checkout, options: Options, *, verify: Verify) -> int:
    """Bring a commit to a Space; return the exit code."""
    try:
        at = hub()
        plan = _planned(at, checkout, options)
        if options.dry_run:
            typer.echo("dry run: nothing was changed")
            return DONE
        if not (options.yes or typer.confirm("Go on?")):
            return REFUSED
    except (PlanError, DeployError) as error:
        complain(str(error))
        return REFUSED
    try:
        _carry_out(plan, at, options)
        address = at.address()
        _wait(at, address, plan, options)
    except DeployError as error:
        complain(str(error))
        return FAILED
    typer.echo(f"{at.space} serves {plan.revision[:12]} at {address}")
    return verify(address, plan.revision)


def _planned(hub: Hub, checkout: Checkout, options: Options) -> Plan:
    """Look at everything and show what would change."""
    account, exists = hub.account(), hub.exists()
    _check_account(account, hub.space, exists=exists)
    revision = _revision(hub, checkout, options, exists=exists)
    files = checkout.files(revision)
    port = front_matter(files["README.md"].decode())["app_port"]
    wanted, there = _settings(options, port), hub.settings() if exists else Settings({}, {})
    if not options.rollback:
        checks.check_owner(wanted, there)
    if "SESSION_SECRET" not in wanted.secrets.keys() | there.secrets.keys():
        # One that a start makes is lost with the disk, and with it every visitor's conversations.
        made = {"SESSION_SECRET": secrets.token_urlsafe(32)}
        wanted = Settings({**wanted.secrets, **made}, wanted.variables)
    plan = Plan(revision, files, changes(wanted, there), not exists)
    _show(plan, hub.space, account, options, left=left_alone(wanted, there))
    return plan


def _check_account(account: Account, space: str, *, exists: bool) -> None:
    if account.role == "read":
        raise PlanError("the token is for reading only: set HF_TOKEN to one with the role write")
    owner = space.partition("/")[0]
    if owner not in (account.name, *account.organisations):
        raise PlanError(f"the token is {account.name}'s, who is not in {owner}: name {account.name}/...")
    if not account.role:
        complain("this is no access token: the Hub may refuse to restart the Space with it")
    if not exists and owner == account.name and not account.pays:
        complain(f"{owner} has no PRO: the Hub most likely refuses to create a Docker Space (402)")


def _revision(hub: Hub, checkout: Checkout, options: Options, *, exists: bool) -> str:
    if options.rollback:
        revisions = deployed(hub.titles()) if exists else []
        if len(revisions) < 2:
            raise PlanError(f"{hub.space} has no deployment before the present one")
        return checkout.revision(revisions[1])
    if options.revision == "HEAD" and (changed := checkout.changed()):
        names = ", ".join(changed[:5]) + (" ..." if len(changed) > 5 else "")
        raise PlanError(
            f"not committed: {names}; commit it, or deploy what is: --revision $(git rev-parse HEAD)"
        )
    return checkout.revision(options.revision)


def _settings(options: Options, app_port: str) -> Settings:
    env: dict[str, str] = {}
    if options.env is not None:
        try:
            env = read_env(options.env.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise PlanError(f"{options.env} cannot be read: {error}") from None
    if options.bucket:
        env.setdefault("BACKUP_DIR", f"{checks.MOUNT}/backups")
    wanted = sorted_out(env, known=checks.known(), is_secret=checks.is_secret)
    checks.check(env, app_port=app_port)
    return wanted


def _show(plan: Plan, space: str, account: Account, options: Options, *, left: list[str]) -> None:
    size = sum(map(len, plan.files.values())) / 1e6
    typer.echo(f"{space}, as {account.name}{': to be created' if plan.creates else ''}")
    typer.echo(f"  commit   {plan.revision[:12]}, {len(plan.files)} files, {size:.1f} MB")
    if options.bucket:
        typer.echo(f"  bucket   {options.bucket} at {checks.MOUNT}")
    for change in plan.changes:
        kind = "secret  " if change.is_secret else "variable"
        typer.echo(safe(f"  {kind} {change.name}: {change.told}"))
    if left:
        typer.echo(f"  left as they are: {', '.join(left)}")


def _carry_out(plan: Plan, hub: Hub, options: Options) -> None:
    """Settings before files, so that what is built starts with them."""
    if plan.creates:
        hub.create(private=options.private)
        typer.echo("created")
    if options.bucket and hub.mount(options.bucket):
        typer.echo(f"mounted {options.bucket}")
    for change in plan.changes:
        hub.set(change)
    if plan.changes:
        typer.echo(f"set {len(plan.changes)} settings")
    hub.upload(plan.files, revision=plan.revision)
    typer.echo("uploaded")


def _wait(hub: Hub, address: str, plan: Plan, options: Options) -> None:
    waiting = Waiting(plan.revision, changed=bool(plan.changes), timeout_s=options.timeout_s)
    begun, told = time.monotonic(), ""
    served = Served(address, token=hub.token)
    try:
        while True:
            runtime = hub.runtime()
            if runtime.stage != told:
                told = runtime.stage
                typer.echo(told.lower().replace("_", " "))
            step = waiting.take(served.seen(runtime.stage), now_s=time.monotonic() - begun)
            match step.do:
                case "well":
                    return
                case "wake":
                    served.visit()
                case "restart":
                    hub.restart()
                case "bad" | "late" | "stale":
                    raise DeployError(_explained(hub, step.do, runtime.stage, runtime.message))
                case "wait":
                    pass
            Event().wait(options.every_s)
    finally:
        served.close()


def _explained(hub: Hub, how: str, stage: str, message: str) -> Failure:
    """Show the log and return what it and the platform say."""
    log = hub.log(build=stage in ("BUILD_ERROR", "BUILDING", "CONFIG_ERROR", "NO_APP_FILE"))
    for line in log:
        typer.echo(safe(f"  | {line}"), err=True)
    if how == "stale":
        cause = f"{stage}: the Space still serves an older revision"
        return Failure(cause, f"restart it with a factory reboot in its settings, then {AGAIN}")
    if how == "late":
        return Failure(f"{stage}: not ready in time", f"see the log above; a longer --timeout, then {AGAIN}")
    return of_stage(stage, message, log)
