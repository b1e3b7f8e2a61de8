"""What a URL gives away: passwords, tokens in the place of a user, webhooks, signatures, seeds of one-time codes."""

from __future__ import annotations

from midspan.corpus.secrets.anchored import AnchoredRule
from midspan.corpus.secrets.source import PASSWORD
from midspan.corpus.secrets.values import is_common, is_name, is_placeholder, is_random


def _password(value: str) -> bool:
    return not is_placeholder(value) and not is_common(value) and (len(value) > 3 or not is_name(value))


def _user(value: str) -> bool:
    return is_random(value, 20) and not is_placeholder(value)


URL_RULES = (
    # A password may hold "@": the last one before the host ends it; "/" and "#" only behind a database's scheme.
    AnchoredRule(
        "password-in-url",
        b"://",
        r"://[^\s/:@\"'<>`]{0,64}:([^\s/@\"'<>`]{1,128}(?:@[^\s/@\"'<>`?&=:]{1,64}){0,3})@(?=[\w\[])",
        _password,
        PASSWORD,
    ),
    AnchoredRule(
        "password-in-url",
        b"://",
        r"(?:(?<=sql)|(?<=mongodb)|(?<=\+srv)|(?<=redis)|(?<=rediss)|(?<=amqp)|(?<=amqps)|(?<=psycopg2)|(?<=postgres))"
        r"://[\w.-]{1,64}:([^\s@\"'<>`]{6,64})@[\w.-]+(?::\d+)?/",
        _password,
        PASSWORD,
    ),
    AnchoredRule(
        "password-in-url", b"jdbc:oracle:", r"jdbc:oracle:\w+:[\w.-]+/([^\s@/\"']{4,64})@", _password, PASSWORD
    ),
    AnchoredRule("token-in-url", b"://", r"://([\w-]{20,255})@(?=[\w\[])", _user),
    AnchoredRule("one-time-seed", b"://", r"://[ht]otp/[^\s\"'<>]{0,200}?secret=([A-Z2-7]{16,128})"),
    AnchoredRule(
        "azure-function-key", b"://", r"://[^\s\"'<>]{1,300}?[?&]code=([\w/+-]{40,80}(?:={1,2}|(?:%3D){1,2}))"
    ),
    AnchoredRule("ifttt-key", b"://", r"://maker\.ifttt\.com/trigger/[\w{}-]+/(?:json/)?with/key/([\w-]{20,60})"),
    AnchoredRule(
        "slack-webhook",
        b"://",
        r"://hooks\.slack\.com/(?:services|workflows|triggers)/((?:[A-Z]\w{6,14}/){2}[\w/]{18,80})",
    ),
    AnchoredRule("zapier-webhook", b"://", r"://hooks\.zapier\.com/hooks/catch/(\d{4,12}/\w{5,40})", bool),
    AnchoredRule(
        "discord-webhook", b"://", r"://[\w.]{0,10}discord(?:app)?\.com/api/webhooks/(\d{15,20}/[\w-]{60,80})"
    ),
    AnchoredRule("make-webhook", b"://", r"://hook\.[\w.]{0,12}make\.com/(\w{20,60})"),
    AnchoredRule(
        "teams-webhook",
        b"://",
        r"://[\w.-]{1,60}webhook\.office\.com/webhookb2/([\w@-]{30,80}/IncomingWebhook/[0-9a-f]{32}/[\w-]{36}(?:/[\w-]{20,60})?)",
    ),
    AnchoredRule("azure-sas", b"sig=", r"(?<=[?&;])sig=((?:[A-Za-z0-9/+=]|%[0-9A-F]{2}){43,70})"),
)
