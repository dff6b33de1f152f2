"""The operator's commands: ``backup``, ``restore``, ``deploy``, imported when called."""

from pathlib import Path
from typing import Annotated

import typer


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where it is kept.", show_default=False)],
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Remove all but so many of the newest.", show_default=False),
    ] = None,
) -> None:
    """Back up conversations, documents and settings without secrets, while Carrel runs.

    It is run where the server is: it finds the database and the retriever as the server does.

    Exit code: 0 done, 1 failed, 2 refused.
    """
    from cli.backups import commands, settings

    env = settings.environment()
    raise typer.Exit(
        commands.backup(folder, keep=keep, settings=settings.of_the_server(env), kept=settings.kept(env))
    )


def restore(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where backups are kept.", show_default=False)
    ],
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help="The backup's name; else the newest whole one.", show_default=False
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of what is there.")] = False,
) -> None:
    """Restore conversations and documents from a backup, while Carrel runs. Settings are only compared.

    Exit code: 0 done, 1 failed, 2 refused: nothing was changed.
    """
    from cli.backups import commands, settings

    env = settings.environment()
    server = settings.of_the_server(env)
    kept = settings.kept(env)
    raise typer.Exit(commands.restore(folder, wanted, replace=replace, settings=server, kept=kept))


def deploy(
    space: Annotated[str, typer.Argument(metavar="USER/SPACE", help="The Space; made where there is none.")],
    env: Annotated[
        Path | None, typer.Option("--env", help="Settings, as in .env.example.", show_default=False)
    ] = None,
    bucket: Annotated[
        str, typer.Option(metavar="USER/BUCKET", help="Mounted for backups; made where there is none.")
    ] = "",
    revision: Annotated[str, typer.Option(help="The commit to deploy.")] = "HEAD",
    private: Annotated[bool, typer.Option("--private", help="A Space that is made is private.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Go back to the deployment before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait until it is ready.")] = 1800,
) -> None:
    """Bring a commit to a Hugging Face Space, with its settings, and wait until it is well.

    HF_TOKEN opens it. It may be run again at any time, and goes on where it was.

    Exit code: 0 it is well, 1 it is not, 2 refused: nothing was changed.
    """
    from cli.deploy import command
    from cli.deploy.program import checkout, hub, verify

    options = command.Options(env, bucket, revision, private, rollback, dry_run, yes, timeout)
    raise typer.Exit(command.deploy(hub(space), checkout(), options, verify=verify))
