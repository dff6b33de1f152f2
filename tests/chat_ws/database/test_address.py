"""Each provider's form of address, and each way to write one wrongly."""

import pytest
from psycopg2.extensions import parse_dsn

from chat_ws.database.address import database_address

POOLED = "aws-0-eu-west-1.pooler.supabase.com"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("postgres://u:p@ec2.amazonaws.com:5432/d", "postgresql://u:p@ec2.amazonaws.com:5432/d"),
        (
            "postgresql://u:p@ep-x-pooler.neon.tech/d?sslmode=require&channel_binding=require",
            "postgresql://u:p@ep-x-pooler.neon.tech/d?sslmode=require&channel_binding=require",
        ),
        (
            f"postgresql://postgres.ref:p@{POOLED}:6543/postgres?pgbouncer=true&connection_limit=1",
            f"postgresql://postgres.ref:p@{POOLED}:6543/postgres",
        ),
        (
            f"postgres://postgres.ref:p@{POOLED}:6543/postgres?sslmode=require&supa=base-pooler.x",
            f"postgresql://postgres.ref:p@{POOLED}:6543/postgres?sslmode=require",
        ),
        ("postgresql+psycopg2://u:p@h/d", "postgresql://u:p@h/d"),
        ("postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql://u:p@h/d?sslmode=require"),
        ("postgresql://u:p@h/d?ssl=true", "postgresql://u:p@h/d?sslmode=require"),
        ("postgresql://u:p@h/d?ssl=0&schema=public", "postgresql://u:p@h/d?sslmode=disable"),
        (
            "postgres://u:p%40%25%2F@h:25060/d?sslmode=verify-full&sslrootcert=/ca.pem",
            "postgresql://u:p%40%25%2F@h:25060/d?sslmode=verify-full&sslrootcert=/ca.pem",
        ),
        ("postgresql:///d?host=/cloudsql/a:b:c&user=u", "postgresql:///d?host=/cloudsql/a:b:c&user=u"),
        (
            "postgresql://u@h1:5432,h2:5433/d?target_session_attrs=read-write",
            "postgresql://u@h1:5432,h2:5433/d?target_session_attrs=read-write",
        ),
        ("postgresql://u@[::1]:5432/d", "postgresql://u@[::1]:5432/d"),
        ("postgresql://u@h/d?options=endpoint%3Dx", "postgresql://u@h/d?options=endpoint%3Dx"),
        ("POSTGRES://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_the_forms_of_providers_are_taken(given: str, taken: str) -> None:
    """What changes nothing is left out, what is another driver's is translated, and libpq reads the rest."""
    assert database_address(given) == taken
    assert parse_dsn(taken)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("mysql://hidden", "must begin with postgresql:// or postgres://"),
        ("", "must begin with"),
        ("jdbc:postgresql://h/d?password=hidden", "an address for Java"),
        ("host=h password=hidden", "a list of keywords"),
        ("postgres://u:[YOUR-PASSWORD]@h/d", "placeholder"),
        ("postgres://u:hidden%@h/d", "a % that escapes nothing"),
        ("postgres://u:100%hidden@h/d", "a % that escapes nothing"),
        ("postgres://u:hid@den@h/d", "a second @"),
        ("postgres://u:hid/den@h/d", "a port that is no number"),
        ("postgres://[::1]:hidden/d", "a port that is no number"),
        ("postgres://u:hid den@h/d", "a space or quote"),
        ("postgres://u:hid%00den@h/d", "a NUL"),
        ("postgres://u@h/d?schema=hidden", "the parameter schema"),
        ("postgres://u@h/d?sslmode=no-verify", "sslmode=no-verify"),
        ("postgres://u@h/d?sslmode=hidden", "an unknown sslmode: it is one of disable"),
    ],
)
def test_what_is_wrong_is_named_and_not_shown(given: str, reason: str) -> None:
    """The reason says which part is wrong; it never holds a secret."""
    with pytest.raises(ValueError, match=r"has|is|must") as caught:
        database_address(given)
    assert reason in str(caught.value)
    assert "hidden" not in str(caught.value)
