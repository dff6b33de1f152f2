"""An env file is held against what the services read, and against what a Space is."""

import pytest

from cli.deploy.checks import check, check_owner, is_secret, known
from cli.deploy.plan import PlanError, Settings


def test_good_settings() -> None:
    """None at all, or any that a start takes."""
    check({}, app_port="7860")
    check(
        {"PORT": "7860", "HOST": "0.0.0.0", "COHERE_API_KEY": "k", "BACKUP_DIR": "/data/b"}, app_port="7860"
    )


@pytest.mark.parametrize(
    ("env", "reason"),
    [
        ({"DATABASE_URL": "mysql://user:hidden@host/db"}, "DATABASE_URL: must begin with"),
        ({"COHERE_MONTHLY_CALLS": "many"}, "COHERE_MONTHLY_CALLS: input should"),
        ({"ADMIN_API_KEY": "hidden"}, "ADMIN_API_KEY"),
        ({"PORT": "8000"}, "PORT: the README's app_port is 7860"),
        ({"HOST": "127.0.0.1"}, "HOST: leave it out"),
        ({"DATA_DIR": "/data/carrel"}, "DATA_DIR: a bucket at /data is no disk"),
        ({"BACKUP_KEEP": "0"}, "BACKUP_KEEP"),
    ],
)
def test_bad_settings_are_named(env: dict[str, str], reason: str) -> None:
    """Before anything is changed, and without their values."""
    with pytest.raises(PlanError, match=reason) as caught:
        check(env, app_port="7860")
    assert "hidden" not in str(caught.value)


def test_names() -> None:
    """All that services read, but for what only the platform or a test sets."""
    assert {"COHERE_API_KEY", "BACKUP_DIR", "PORT", "RETENTION_DAYS"} <= known()
    assert not {"SPACE_HOST", "FETCH_ALLOW_LOOPBACK"} & known()
    secret = {name for name in known() if is_secret(name)}
    assert secret == {
        *("ADMIN_API_KEY", "COHERE_API_KEY", "DATABASE_URL", "INTERNAL_TOKEN"),
        *("QDRANT_API_KEY", "QDRANT_URL", "REDIS_URL", "SESSION_SECRET"),
    }


def test_the_owner_must_know_the_key() -> None:
    """One that is set there already is known to whoever set it."""
    check_owner(Settings({"ADMIN_API_KEY": "k"}, {}), Settings({}, {}))
    check_owner(Settings({}, {}), Settings({"ADMIN_API_KEY": ""}, {}))
    with pytest.raises(PlanError, match="ADMIN_API_KEY: set it"):
        check_owner(Settings({}, {}), Settings({}, {}))
