"""The gateway's environment."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.limits.quotas import POLICIES
from gateway.limits.rates import Rate
from gateway.settings import GatewaySettings, normal_origin
from shared.settings import describe

SECRETS = {
    "ADMIN_API_KEY": "the-owner's-key-0123456789",
    "SESSION_SECRET": "signs-tokens-0123456789",
    "INTERNAL_TOKEN": "between-services-0123456789",
}


def read(monkeypatch: pytest.MonkeyPatch, **env: str) -> GatewaySettings:
    """The settings of an environment that has nothing but ``env`` and the secrets."""
    for name in GatewaySettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in (SECRETS | env).items():
        monkeypatch.setenv(name, value)
    return GatewaySettings()


def test_it_runs_with_nothing_but_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every setting but the secrets has a default that fits one container."""
    settings = read(monkeypatch)
    assert settings.port == 7860
    assert settings.retriever_url == "http://127.0.0.1:8001"
    assert settings.trusted_proxy_hops == 0
    assert (settings.web_dir / "index.html").is_file()


def test_the_key_is_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the digest of the owner's key survives the reading, and no secret is printed."""
    settings = read(monkeypatch)
    assert settings.admin_api_key == (hashlib.sha256(SECRETS["ADMIN_API_KEY"].encode()).digest(),)
    assert not any(secret in repr(settings) + str(settings.model_dump()) for secret in SECRETS.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ADMIN_API_KEY", "short"),
        ("SESSION_SECRET", "short"),
        ("INTERNAL_TOKEN", "short"),
        ("PORT", "99999"),
        ("RETRIEVER_URL", "127.0.0.1:8001"),
        ("ALLOWED_ORIGINS", "https://a.test/path"),
        ("ALLOWED_ORIGINS", "a.test"),
        ("ALLOWED_ORIGINS", "https://a.test,*"),
        ("ALLOWED_ORIGINS", "https://*.a.test"),
        ("ALLOWED_ORIGINS", "https://a.test:b"),
        ("ALLOWED_ORIGINS", "ftp://a.test"),
        ("ALLOWED_ORIGINS", "https://"),
        ("CHAT_URL", ","),
        ("CHAT_URL", "http://a:1,b:2"),
        ("CHAT_URL", "http://a:1, http://a:1/"),
        ("PUBLIC_BASE_URL", "docs.test"),
        ("PUBLIC_BASE_URL", "https://a b/"),
        ("SPACE_HOST", "docs.test/path"),
        ("TRUSTED_PROXY_HOPS", "-1"),
        ("LIMITS", "maybe"),
        ("RATE_ASK_VISITOR", "60 a minute"),
        ("RATE_REFUSED_ADDRESS", "0/min"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost:6379"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://:secret@/0"),
        ("REDIS_URL", "redis://host:port"),
        ("REDIS_URL", "redis://host:0"),
        ("REDIS_URL", "redis://host:99999"),
        ("REDIS_URL", "redis://host/first"),
        ("REDIS_URL", "redis://[::1"),
        ("REDIS_URL", "redis://host?socket_timeout=60"),
        ("REDIS_URL", "redis://host?ssl_cert_reqs=none"),
        ("REDIS_URL", "unix://"),
        ("REDIS_URL", "unix:///run/redis.sock?db=first"),
    ],
)
def test_wrong_values_are_named_and_not_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong is said by its variable's name; the value may be a secret."""
    with pytest.raises(ValidationError) as caught:
        read(monkeypatch, **{name: value})
    assert describe(caught.value).startswith(f"{name}: ")
    assert f"'{value}'" not in str(caught.value)


def test_secrets_and_keys_may_be_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Separated by commas, so that one can be changed while the other is still in use."""
    two = "first-0123456789-0123, second-0123456789-012"
    settings = read(monkeypatch, ADMIN_API_KEY=two, SESSION_SECRET=two)
    assert len(settings.admin_api_key) == 2
    assert [secret.get_secret_value() for secret in settings.session_secret] == two.split(", ")
    assert "first-0" not in repr(settings)
    for name in ("ADMIN_API_KEY", "SESSION_SECRET"):
        with pytest.raises(ValidationError, match="several"):
            read(monkeypatch, **{name: "first-0123456789-0123,short"})


def test_the_chat_service_may_be_several(monkeypatch: pytest.MonkeyPatch) -> None:
    """One address or several replicas', separated by commas."""
    assert read(monkeypatch, CHAT_URL="http://a:1").chat_url == ("http://a:1",)
    assert read(monkeypatch, CHAT_URL="http://a:1, https://b/ ,").chat_url == ("http://a:1", "https://b")


def test_our_own_pages_have_the_names_the_public_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the allowed origins: the public base URL's, and the platform's host."""
    env = {
        "ALLOWED_ORIGINS": "https://a.test",
        "PUBLIC_BASE_URL": "https://B.test/carrel/",
        "SPACE_HOST": "c.test",
    }
    assert read(monkeypatch, **env).page_origins == ("https://a.test", "https://b.test", "https://c.test")
    assert read(monkeypatch, SPACE_HOST="", PUBLIC_BASE_URL="", ALLOWED_ORIGINS="").page_origins == ()


def test_the_admin_key_must_be_text() -> None:
    """A key given in code is checked like one of the environment."""
    wrong: Any = b"bytes-bytes-bytes-bytes"
    with pytest.raises(ValidationError):
        GatewaySettings(admin_api_key=wrong)


@pytest.mark.parametrize(
    ("value", "origins"),
    [
        ("", ()),
        ("*", ("*",)),
        ("https://a.test", ("https://a.test",)),
        (" HTTPS://A.test:443 , http://b.test:8080,", ("https://a.test", "http://b.test:8080")),
        ("http://[::1]:80,http://[::1]", ("http://[::1]", "http://[::1]")),
    ],
)
def test_origins_are_a_list(value: str, origins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Separated by commas, written as browsers send them."""
    assert read(monkeypatch, ALLOWED_ORIGINS=value).allowed_origins == origins


def test_settings_may_be_given_in_code(tmp_path: Path) -> None:
    """Tests and commands need no environment."""
    given: dict[str, Any] = {name.lower(): value for name, value in SECRETS.items()}
    settings = GatewaySettings(**given, allowed_origins=("https://a.test",), web_dir=tmp_path)
    assert settings.allowed_origins == ("https://a.test",)
    assert normal_origin("http://a.test:80") == "http://a.test"


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:pass%40word@localhost:6379/0",
        "redis://user:password@[::1]:6379",
        "rediss://:password@redis.test:443/3?ssl_cert_reqs=none&ssl_ca_certs=/etc/ca.pem",
        "unix:///run/redis.sock",
        "unix://:password@/run/redis.sock?db=2",
    ],
)
def test_redis_is_named_by_its_url(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TCP, TLS or a Unix socket, with a password that is never printed."""
    settings = read(monkeypatch, REDIS_URL=url)
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == url
    assert url not in repr(settings) + str(settings.model_dump())
    assert read(monkeypatch, REDIS_URL="").redis_url is None


def test_the_rates_are_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each policy has its rate, each rate one variable."""
    rates = read(monkeypatch, RATE_ASK_VISITOR="7/h").rates
    assert set(rates) == set(POLICIES)
    assert (rates["ask-visitor"], rates["ask-address"]) == (Rate(7, 3600), Rate(1200, 60))
