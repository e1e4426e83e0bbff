"""Every setting, typed, with a sentence under each; nothing else reads the environment.

Settings come from `largesse.toml` in the working folder (or the file that LARGESSE_CONFIG names)
and from the environment, which wins: LARGESSE_DATABASE_URL sets `database_url`, and
LARGESSE_CRMCOM_HTTP_ERRORS sets `http_errors` in the table `[crmcom]`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

ENV_PREFIX = "LARGESSE_"


class DialectSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every dialect has."""

    enabled: bool = True
    """Whether the dialect answers at all."""
    prefixes: list[str] | None = None
    """Where the dialect is mounted instead of its vendor's paths; `*` stands for one segment."""


class CrmcomSettings(DialectSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The CRM.COM dialect."""

    http_errors: bool = True
    """Whether failures carry an HTTP status of 400 and more; false answers 200 to everything."""
    legacy_names: bool = True
    """Whether group_name, community_name, person_name and email are filled in (R14.1 and on)."""
    token_seconds: int = 7200
    """Life time of an access token (DOC 494531: 2 hours)."""


class IntershopSettings(DialectSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Intershop dialect: contact centre and newsletter."""

    confirm: Literal["sent", "queued"] = "sent"
    """Whether POST mails waits until the mail service has the mail, or only for the queue."""
    confirm_seconds: float = 10.0
    """How long POST mails waits at most."""
    conflict_key: str = "subscriptions.recipient.missing.error"
    """The error-key of a 409 on POST subscriptions; the storefront translates another one,
    subscriptions.recipient.already_subscribed.error."""
    token_seconds: int = 3600
    """Life time of an authentication token."""
    refresh_token_seconds: int = 14 * 24 * 3600
    """How long a customer stays logged in, with new tokens got by the refresh token."""
    locales: str = "en_US,de_DE,fr_FR"
    """The shop's languages for `configurations`, parted by commas; the first is the default."""
    currencies: str = "USD,EUR"
    """The shop's currencies, in the same way."""


class OracleSettings(DialectSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Oracle Commerce Cloud dialect."""

    release: Literal["21D", "22A", "latest"] = "latest"
    """The release whose bodies and error codes batchGrantPromotions speaks."""
    multi_error: Literal["array", "object"] = "array"
    """Whether several errors come as the seed prints them, in an array of one object."""
    key_token_seconds: int = 300
    """Life time of a token got with an application key."""
    user_token_seconds: int = 900
    """Life time of a token got with a user name and password."""


class ValomniaSettings(DialectSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Valomnia dialect."""

    token_seconds: int = 3600
    """Life time of a session and its token."""


class NativeSettings(DialectSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The native API."""

    token_seconds: int = 3600
    """Life time of an access token."""
    idempotency_hours: int = 24
    """How long the answer to a request with an `Idempotency-Key` is kept."""


class AdminSettings(DialectSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The admin pages."""

    session_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 12.0
    """How long a person stays signed in."""
    plain_http: bool = False
    """Whether people may sign in over plain http from another machine: then whoever listens in between
    can act for them. Without it a session's cookie leaves browsers by https only, and on this machine."""


class ReportsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounces and complaints: what comes back of mails."""

    max_bytes: Annotated[int, msgspec.Meta(ge=1)] = 1024 * 1024
    """The largest report that is read, in bytes."""
    soft_bounces: Annotated[int, msgspec.Meta(ge=0)] = 5
    """So many soft bounces in a row suppress an address; 0: however many, they do not."""
    soft_bounce_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 30
    """Days within which a soft bounce is in a row with the one before."""
    max_age_hours: Annotated[float, msgspec.Meta(gt=0, le=876_000)] = 24.0
    """Hours after which a signed request of a mail service is refused as a repeated one."""
    ses_topics: str | None = None
    """The ARNs of the SNS topics through which Amazon SES reports, parted by commas."""
    ses_urls: str = r"https://sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/[^/].*"
    """A regular expression of the URLs that SNS may name: of certificates and confirmations."""
    ses_certificate: str | None = None
    """A file with the certificate that SNS signs with, instead of fetching what a message names."""
    sendgrid_public_key: str | None = None
    """The verification key of SendGrid's signed event webhook, as it is shown there."""
    mailgun_signing_key: str | None = None
    """Mailgun's HTTP webhook signing key."""
    postmark_secret: str | None = None
    """The password (basic authentication, any user) that Postmark's webhooks carry."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything an installation can choose."""

    database_url: str = "sqlite:///largesse.db"
    """The database: sqlite:///path or postgresql://user:password@host:port/name."""
    smtp_url: str | None = None
    """The mail service: smtp://[user:password@]host:port, or smtps:// for TLS from the start;
    console: prints mails, maildir:/path keeps them in a folder."""
    smtp_fallback_url: str | None = None
    """A second mail service, for the time in which the first can not be reached or takes no mail."""
    smtp_connections: int = 4
    """Connections to each mail service at most."""
    smtp_timeout: float = 30.0
    """Seconds the mail service has to answer."""
    smtp_answer_timeout: float = 300.0
    """Seconds it has to answer to a whole message; then nobody knows whether it took it."""
    smtp_limit: str | None = None
    """Mails a second to the mail service at most, and how many at once, e.g. 20/100."""
    smtp_fallback_limit: str | None = None
    """The same for the second one."""
    mail_domain_limits: str = ""
    """The same for recipients' domains: example.com=20/100, *=50; * is each other one by itself."""
    mail_from: str = "Largesse <promotions@localhost.localdomain>"
    """The sender of every mail; its domain is also that of message ids."""
    bounce_address: str | None = None
    """Where bounces go: bounces@example.com, whose mailbox must also take bounces+...@example.com.
    Without it they go to the address in `mail_from`."""
    mail_lease_seconds: float = 120.0
    """How long a worker may be silent before the mails that it has in hand count as uncertain."""
    mail_attempts: int = 12
    """Attempts before a mail that the mail service puts off counts as failed."""
    dkim_domain: str | None = None
    """The domain that signs mails (DKIM), that of `mail_from` or one above it."""
    dkim_selector: str | None = None
    """The name of the key: mail services look for it at <selector>._domainkey.<domain>."""
    dkim_key_file: str | None = None
    """The file with the private key, RSA or Ed25519, in PEM. All three are given, or none."""
    public_url: str | None = None
    """Where recipients of mails reach this service, e.g. https://promotions.example.com: mails have
    links to it. Without it no marketing is mailed, for nobody could unsubscribe from it."""
    host: str = "127.0.0.1"
    """The address to serve on."""
    port: int = 8000
    """The port to serve on."""
    processes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    """Processes that serve on this port; more than one need PostgreSQL."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses of proxies, parted by commas, whose X-Forwarded-For and -Proto are believed."""
    max_body_bytes: int = 8 * 1024 * 1024
    """The largest request body, in bytes."""
    worker: bool = True
    """Whether `serve` also runs jobs, sends mail and watches pools."""
    worker_poll_seconds: float = 1.0
    """How often a worker looks for work that no one told it about."""
    worker_listen: bool = True
    """Whether a worker on PostgreSQL listens for new work; false behind a pooler of connections
    that shares sessions (it looks for work all the same)."""
    job_lease_seconds: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    """How long a worker may be silent before another one takes its job over."""
    jobs_keep_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = 90
    """Days after which jobs that are over are deleted, with their rows; none keeps them."""
    pool_check_seconds: float = 10.0
    """How often the pool of a campaign with an alarm level is looked at."""
    events_keep_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    """Days after which lines of the audit log are deleted; without it every line is kept."""
    secret: str | None = None
    """What signs access tokens and keyed codes; without it a key is made and kept in the database."""
    default_organization: str | None = None
    """The organization of a request that names none."""
    token_recheck_seconds: float = 1.0
    """How long a token is trusted before the database is asked again whether it is revoked."""
    login_failures: int = 20
    """Failed logins of one user from one address before further ones are refused."""
    login_failure_seconds: int = 60
    """The time in which these failures count, in seconds."""
    max_batch_recipients: int = 1_000_000
    """Profiles and addresses in one batch of grants at most."""
    max_batch_body_bytes: int = 256 * 1024 * 1024
    """The largest body of a request with a batch of grants, in bytes; it is never held whole."""
    code_space_per_code: int = 1000
    """How many codes a format must be able to make for each one asked: 1 guess in so many fits."""
    newsletter_provider: Literal["builtin", "none"] = "builtin"
    """What keeps newsletter subscriptions."""
    newsletter_double_opt_in: bool = False
    """Whether a subscription becomes active only when it is confirmed: by the link that is mailed
    to its recipient if there is a `public_url`, or by PATCH /v1/subscriptions."""
    newsletter_open_status: bool = False
    """Whether anybody may see and end any subscription, as before Intershop 7.10."""
    log_format: Literal["json", "console"] = "console"
    """How log lines look."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least serious lines that are written."""
    crmcom: CrmcomSettings = msgspec.field(default_factory=CrmcomSettings)
    """The CRM.COM dialect."""
    intershop: IntershopSettings = msgspec.field(default_factory=IntershopSettings)
    """The Intershop dialect."""
    oracle: OracleSettings = msgspec.field(default_factory=OracleSettings)
    """The Oracle Commerce Cloud dialect."""
    valomnia: ValomniaSettings = msgspec.field(default_factory=ValomniaSettings)
    """The Valomnia dialect."""
    native: NativeSettings = msgspec.field(default_factory=NativeSettings)
    """The native API."""
    admin: AdminSettings = msgspec.field(default_factory=AdminSettings)
    """The admin pages."""
    reports: ReportsSettings = msgspec.field(default_factory=ReportsSettings)
    """Bounces and complaints."""


def load(environment: Mapping[str, str]) -> Settings:
    """Return the settings that the file and the environment give.

    Raises:
        ValueError: a setting is unknown or of the wrong kind; the message names it.
    """
    values = _file(environment.get(f"{ENV_PREFIX}CONFIG"))
    for field in msgspec.structs.fields(Settings):
        name = f"{ENV_PREFIX}{field.name.upper()}"
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            section = values.setdefault(field.name, {})
            for inner in msgspec.structs.fields(field.type):
                _take(environment, f"{name}_{inner.name.upper()}", section, inner.name)
        else:
            _take(environment, name, values, field.name)
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"settings: {error}") from None


def _file(named: str | None) -> dict[str, Any]:
    """Read the file that is named, which must exist, or largesse.toml, which need not."""
    path = Path(named or "largesse.toml")
    if named is None and not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"settings: {path}: {getattr(error, 'strerror', None) or error}") from None


def _take(environment: Mapping[str, str], name: str, values: dict[str, Any], key: str) -> None:
    """Put one variable's text into the values; `prefixes` is a list, parted by commas."""
    if name in environment:
        text = environment[name]
        values[key] = text.split(",") if key == "prefixes" else text
