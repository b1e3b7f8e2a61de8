"""Public reports on secrets, replayed: what gitleaks, detect-secrets, trufflehog and codegate missed or saw in vain.

Every secret is made up, and put together here so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import base64
import random
import string

import pytest
from field_builds import cases

from midspan.corpus.secrets import redact

# report → text in which nothing is secret
HARMLESS: dict[str, str] = {
    "gitleaks/gitleaks#1219": "const config = {\n  tokenizationId: 'f865288c97ca4913887373728b8dfc4c',\n};\n",
    "gitleaks/gitleaks#877": "# Log in with your username/password combination. It is asked for once.\n",
    "gitleaks/gitleaks#1321": (
        'def secrets = [[path: "vault-settings/approle/jenkins", secretValues: [\n'
        "  [envVar: 'TF_VAR_APPROLESECRETID', vaultKey: 'inf-vsqt-01-secret-id'],\n]]]\n"
    ),
    "gitleaks/gitleaks#781": "github.com/go-logr/stdr v1.2.2 h1:hSWxHoqTgW2S2qGc0LTAI563KZ5YKYRhT3MFKZMbjag=\n",
    "twpayne/chezmoi#4679": '{\n  "key": "ctrl+shift+down",\n  "command": "editor.action.copyLinesDownAction"\n}\n',
    "trufflesecurity/trufflehog#209": 'url = "https://${username}:${password}/etc/etc/etc"\n',
    "trufflesecurity/trufflehog#894": "curl https://some_user:$SOME_BASH_VARIABLE@some.website.com\n",
    "trufflesecurity/trufflehog#3856": (
        "environment:\n  FLYWAY_URL: jdbc:postgresql://postgres:5432/mydb\n  FLYWAY_USER: postgres\n"
        "  FLYWAY_PASSWORD: password\n"
    ),
    "trufflesecurity/trufflehog#1772": "const pagerDutyApiKey = existingSubscription;\nreturn pagerDutyApiKey;\n",
    "trufflesecurity/trufflehog#4364": (
        '"url": "https://api.github.com/repos/sebastianbergmann/diff/zipball/74be17022044ebaaecfdf0c5cd504fc9cd5a7131",\n'
        '"reference": "74be17022044ebaaecfdf0c5cd504fc9cd5a7131"\n'
    ),
    "Yelp/detect-secrets#360": "password: \"{{ var }}\"\napi_key: '{{ .Values.apiKey }}'\n",
    "Yelp/detect-secrets#430": (
        "$this->privateKey = new PrivateKey($keys['privatekey']);\n"
        'data = JSON.stringify {service_key: pagerDutyServiceApiKey, event_type: "trigger"}\n'
    ),
    "stacklok/codegate#587": "steps:\n- uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4\n",
    "gitleaks/gitleaks#575": (
        "env:\n  PASSWORD: test\n  OPSGENIE_API_KEY: test\n"
        "  OPSGENIE_API_KEY_URL: https://api.opsgenie.com/v1/json/cloudwatch?apiKey=test\n"
        "  ANODOT_TOKEN: $(echo $ASSUME_ROLE_OUTPUT | jq -r .Credentials.SessionToken)\n"
        "  GITHUB_TOKEN: os.getenv('AWS_SECRET_ACCESS_KEY')\n"
    ),
}

DIGITS_AND_LETTERS = string.ascii_letters + string.digits


def some(length: int, seed: int, alphabet: str = DIGITS_AND_LETTERS) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=length))


def basic(seed: int) -> str:
    """A user and a password as registries want them."""
    return base64.b64encode(f"deploy:{some(18, seed)}".encode()).decode()


PASSWORD = "dY^5" + "Ke76gd" + "SiF"
SLACK = "xox" + "b-" + some(10, 1, string.digits) + "-" + some(13, 2, string.digits) + "-" + some(24, 3)
LOWER = string.ascii_lowercase + string.digits
NPM = "npm" + "_" + some(36, 4)
KEY = "\n".join(some(64, number) for number in range(10, 16))
OPENSSH = f"-----BEGIN OPENSSH PRIVATE {'KEY'}-----\n{KEY}\n"

# report → (text, what of it is secret)
LEAKS: dict[str, tuple[str, list[str]]] = {
    "Yelp/detect-secrets#458": (
        "env:\n  PASSWORD: {0}\n  OPSGENIE_API_KEY: {1}\n"
        "  SLACK_API_KEY: {2}\n  ANODOT_TOKEN: {3}\n  GITHUB_TOKEN: {4}\n",
        [PASSWORD, some(36, 5, LOWER), SLACK, some(32, 6, LOWER), some(40, 7, LOWER)],
    ),
    "Yelp/detect-secrets#785": (
        "//registry.example.com/:_auth={0}\n//registry2.example.com/:_authToken={1}\n",
        [basic(8), NPM],
    ),
    "Yelp/detect-secrets#699": (
        'String oraConnStr = "Data Source=sis2:1521/dprod.sis2.domain.org;User ID=svcacct;Password={0};";\n',
        ["svc4cct" + "P4ss!"],
    ),
    "gitleaks/gitleaks#1319": (
        '"ConnectionStrings": {{\n  "DbConnString": "secret=123&password={0}",\n  "Password": "{1}"\n}}\n',
        ["p@55" + "w0rd", "czsdsdfaere" + "SDFC$FFSD"],
    ),
    "trufflesecurity/trufflehog#3576": (
        'var dbConnStr = "Server=tcp:myserver.database.windows.net,1433;Database=myDataBase;User ID=mylogin@myserver;'
        'Password={0};Trusted_Connection=False;Encrypt=True;";\n',
        ["hR7!" + "qPz93vLw"],
    ),
    "gitleaks/gitleaks#1301": (
        '{{\n  "auths": {{\n    "registry.example.com": {{\n      "auth": "{0}"\n    }}\n  }}\n}}\n',
        [basic(9)],
    ),
    "gitleaks/gitleaks#395": (
        'first, second = "{0}", "{1}"\n',
        ["gh" + "p_" + some(36, 20), "AKIA" + some(16, 21, string.ascii_uppercase + "234567")],
    ),
    "gitleaks/gitleaks#284": ("{0}", [KEY.split("\n")[0], KEY.split("\n")[-1]]),
    "trufflesecurity/trufflehog#678": (
        '<?php\n$username = "Utkarsh"\n$password = "{0}"\n?>\n',
        ["Testing_" + "Purp0se_88_**"],
    ),
    "gitleaks/gitleaks#1795": ('+const password = "{0}"\n', ["te5t" + "Q1234"]),
}


@pytest.mark.parametrize("report", HARMLESS)
def test_what_is_no_secret_stays(report: str) -> None:
    assert redact(HARMLESS[report]) == (HARMLESS[report], [])


# what is missed now, and why
WRONG = {
    "gitleaks/gitleaks#1319": "a password without quotes of fewer than 3 bits a character",
}


@pytest.mark.parametrize("report", cases(LEAKS, WRONG))
def test_what_is_secret_goes_and_the_rest_stays(report: str) -> None:
    template, secrets = LEAKS[report]
    text = OPENSSH if report == "gitleaks/gitleaks#284" else template.format(*secrets)
    redacted, findings = redact(text)
    assert [secret for secret in secrets if secret in redacted] == []
    assert findings
    words = [word for word in template.replace("{{", "{").split() if word.isalpha()]
    assert [word for word in words if word not in redacted] == []
