"""40 planted secrets of more than 15 kinds in real-looking files: all redacted, nothing else touched.

The secrets are drawn here, and joined from pieces, so that no scanner stops at this repository.
"""

from __future__ import annotations

import base64
import random
import re
import string
from dataclasses import dataclass

import pytest

from midspan.corpus.secrets import Finding, redact

_DRAW = random.Random(20261123)
ALPHANUMERIC = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def drawn(length: int, characters: str = ALPHANUMERIC) -> str:
    """Random characters, a letter and a digit at the end, so that a check for both never misses by chance."""
    end = _DRAW.choice("abcdef") + _DRAW.choice("234567")
    return "".join(_DRAW.choice(characters) for _ in range(length - 2)) + end


def key_body(lines: int, last: int, end: str = "\n") -> str:
    return end.join([*(drawn(64, ALPHANUMERIC + "+/") for _ in range(lines)), drawn(last)])


def json_web_token() -> str:
    parts = ('{"alg":"HS256","typ":"JWT"}', '{"sub":"' + drawn(10) + '","iat":1516239022}')
    head = ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
    return head + "." + drawn(43, URL_SAFE)


@dataclass(frozen=True)
class Planted:
    kind: str
    secret: str
    around: str  # the file, the secret as §
    left: str = "<KEY>"

    @property
    def text(self) -> str:
        return self.around.replace("§", self.secret)


URL_SAFE, BASE64, DIGITS = ALPHANUMERIC + "-_", ALPHANUMERIC + "+/", string.digits
UPPER = string.ascii_uppercase + "234567"
BEGIN, END = "-----BEGIN ", "-----END "
PLANTED = [
    Planted(
        "aws-access-key-id", "AK" + "IA" + drawn(16, UPPER).upper(), 'boto3.Session(\n    aws_access_key_id="§",\n)\n'
    ),
    Planted("aws-secret-key", drawn(40, BASE64), "[default]\nregion = eu-west-1\naws_secret_access_key = §\n"),
    Planted("aws-secret-key", drawn(40, BASE64), 'new S3Client({ credentials: { secretAccessKey: "§" } });\n'),
    *(Planted("github-token", f"gh{kind}_" + drawn(36), 'env:\n  GH_TOKEN: "§"\n  CI: true\n') for kind in "pousr"),
    Planted(
        "github-token",
        "github" + "_pat_" + drawn(22) + "_" + drawn(59),
        "git remote set-url origin https://x-access-token:§@github.com/a/b\n",
    ),
    Planted(
        "gitlab-token", "gl" + "pat-" + drawn(20, URL_SAFE), 'curl --header "PRIVATE-TOKEN: §" "https://gitlab.com"\n'
    ),
    Planted(
        "slack-token",
        "xo" + f"xb-{drawn(12, DIGITS)}-{drawn(12, DIGITS)}-{drawn(24)}",
        "client = Slack::Web::Client.new(token: '§')\n",
    ),
    Planted(
        "slack-webhook",
        f"T{drawn(8).upper()}/B{drawn(8).upper()}/{drawn(24)}",
        'const hook = "https://hooks.slack.com' + '/services/§";\n',
    ),
    Planted("stripe-key", "sk" + "_live_" + drawn(24), "Stripe.apiKey = '§'\n"),
    Planted("google-api-key", "AI" + "za" + drawn(35, URL_SAFE), '<meta-data name="com.google.API_KEY" value="§"/>\n'),
    Planted(
        "google-oauth-secret", "GOC" + "SPX-" + drawn(28), '{"client_id": "x.apps.googleusercontent.com", "s": "§"}\n'
    ),
    Planted("openai-key", "sk-" + drawn(48), "openai.api_key = '§'\n"),
    Planted("openai-key", "sk-" + "proj-" + drawn(74, URL_SAFE), "OPENAI_API_KEY=§\n"),
    Planted("anthropic-key", "sk-" + "ant-api03-" + drawn(95, URL_SAFE), 'let key = String::from("§");\n'),
    Planted("hugging-face-token", "h" + "f_" + drawn(34, string.ascii_letters), 'login(token="§")\n'),
    Planted("npm-token", "np" + "m_" + drawn(36), "//registry.npmjs.org/:_authToken=§\n"),
    Planted(
        "pypi-token", "py" + "pi-AgEIcHlwaS5vcmc" + drawn(120, URL_SAFE), "[pypi]\nusername = __token__\npassword = §\n"
    ),
    Planted("twilio-key", "S" + "K" + drawn(32, HEX), 'private static final String SID = "§";\n'),
    Planted("sendgrid-key", drawn(22) + "." + drawn(43, URL_SAFE), "sg = SendGridAPIClient('S" + "G.§')\n"),
    Planted("json-web-token", json_web_token(), "fetch(url, { headers: { 'X-Auth': '§' } });\n"),
    Planted("private-key", key_body(24, 44), f"{BEGIN}RSA PRIVATE KEY-----\n§\n{END}RSA PRIVATE KEY-----\n"),
    Planted(
        "private-key",
        key_body(5, 20),
        f"cat > id <<EOF\n{BEGIN}OPENSSH PRIVATE KEY-----\n§\n{END}OPENSSH PRIVATE KEY-----\nEOF\n",
    ),
    Planted(
        "private-key",
        key_body(26, 24, end="\\n"),
        f'{{"private_key": "{BEGIN}PRIVATE KEY-----\\n§\\n{END}PRIVATE KEY-----\\n", "client_id": "1"}}\n',
    ),
    Planted("assigned-key", drawn(40, HEX), '{"type": "service_account", "private_key_id": "§"}\n'),
    Planted(
        "azure-account-key",
        drawn(86) + "==",
        'conn = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=§;EndpointSuffix=core.windows.net"\n',
    ),
    Planted("azure-client-secret", drawn(2) + "q8" + "Q~" + drawn(34), 'new ClientCredential(tenant, id, "§");\n'),
    Planted("password-in-url", drawn(14), "DATABASE_URL=postgres://shop:§@db.internal:5432/shop\n", "<PASSWORD>"),
    Planted(
        "password-in-url", drawn(9) + "!", 'mongo.Connect("mongodb+srv://admin:§@cluster0.mongodb.net")\n', "<PASSWORD>"
    ),
    Planted("password", "Tr0ub4dor" + "&3", 'conn = psycopg2.connect(host="db", password="§")\n', "<PASSWORD>"),
    Planted("password", drawn(12) + "#", '$db_password = "§";\n', "<PASSWORD>"),
    Planted("password", drawn(16), "spring.datasource.username=shop\nspring.datasource.password=§\n", "<PASSWORD>"),
    Planted("assigned-key", drawn(32, HEX), 'const apiKey = "§";\n'),
    Planted("assigned-key", drawn(50, ALPHANUMERIC + "!@#$%^&*-_=+"), "DJANGO_SECRET_KEY = '§'\n"),
    Planted("authorization-header", drawn(40), 'req.Header.Set("Authorization", "Bearer §")\n'),
    Planted("email", "grace.hopper" + "@" + "navy.mil", "# Author: Grace Hopper <§>\n", "<EMAIL>"),
    Planted("email", "j.von-neumann+edvac" + "@" + "math.ias.edu", " * @author John von Neumann (§)\n", "<EMAIL>"),
    Planted("ip-address", "52.214" + ".37.198", '(defparameter *server* "§")\n', ""),
    Planted("ip-address", "2a01:4f8" + ":c17:2b5a::2", "server { listen [§]:443 ssl; }\n", ""),
]


def test_the_planted_secrets_are_forty_of_fifteen_kinds_and_more() -> None:
    assert len(PLANTED) >= 40
    assert len({one.kind for one in PLANTED}) >= 20


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{number}-{one.kind}" for number, one in enumerate(PLANTED)])
def test_a_planted_secret_is_redacted_and_nothing_else(planted: Planted) -> None:
    redacted, findings = redact(planted.text)
    assert planted.secret not in redacted
    assert [(one.kind, planted.text[one.start : one.end]) for one in findings] == [(planted.kind, planted.secret)]
    assert redacted == planted.around.replace("§", planted.left or findings[0].placeholder)


def test_all_secrets_in_one_file_are_redacted_as_each_alone() -> None:
    redacted, findings = redact("\n".join(one.text for one in PLANTED))
    assert redacted == "\n".join(redact(one.text)[0] for one in PLANTED)
    assert [one.kind for one in findings] == [one.kind for one in PLANTED]


def test_findings_give_positions_in_the_original_text() -> None:
    text = "é𝒳\u2028 " + "\n".join(one.text for one in PLANTED)
    redacted, findings = redact(text)
    assert [text[one.start : one.end] for one in findings] == [one.secret for one in PLANTED]
    rebuilt, position = "", 0
    for one in findings:
        rebuilt += text[position : one.start] + one.placeholder
        position = one.end
    assert rebuilt + text[position:] == redacted


# Each line speaks of secrets and holds none.
KEPT = """\
password = "password"
password = "changeme"
PASSWORD: xxxxxxxx
password = os.environ["DATABASE_PASSWORD_2"]
password = getpass.getpass("Password 2: ")
password: str = Field(default="", min_length=8)
const password = process.env.DB_PASSWORD1;
api_key = "YOUR_API_KEY_1234567890"
api_key = "<your-api-key-0123>"
token = "${GITHUB_TOKEN_V2}"
token = "{{ secrets.token_2024_production }}"
secret = "arn:aws:secretsmanager:region:account:secret:name"
"password": "%(password1)s",
token_url = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
<input type="password" name="password2" id="password-field-1">
self.assertEqual(token, "access_token_2")
tokens = tokenizer.encode(text1)[0:16384]
aws_access_key_id = AKIAIOSFODNN7EXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
"integrity": "sha512-AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhA7vbqajDhA7vbqajDhA==",
url "https://x.org/a.tar.gz", sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
secret = "9f86d081884c7d659a2feaa0c55ad015" # md5 of the token
publicKeyToken="b77a5c561934e089"
https://user:password@host/
git clone git@github.com:python/cpython.git
user@example.com, foo@bar.com, noreply@github.com
@app.route("/x") @decorator.name class A: pass
y = A@B.T + a@b.transpose() - x[1]@y.io()
icon@2x.png lodash@4.17.21 @types/node@20.1.2.3
connect("127.0.0.1") "10.1.2.3" 192.168.1.254 172.16.0.1 255.255.255.0 0.0.0.0 169.254.1.1 ::1 fe80::1
192.0.2.44 198.51.100.1 203.0.113.99 2001:db8::1 example ranges
nameserver 8.8.8.8 1.1.1.1 9.9.9.9 2001:4860:4860::8888
version 1.2.3.4, AssemblyVersion("45.2.1.77"), Chrome/91.46.44.124, pkg-45.67.8.9.tar.gz, ==52.1.2.3, OID 1.3.6.1.4.1
<path d="M2.83-2.12 3.51.98.32 2.03.5 3.11.5"/>
std::dec face::bad a::b 2001::x 10:20:30 [1:2:3] 20:15:00:01:02
if "-----BEGIN RSA PRIVATE KEY-----" in text and "-----END RSA PRIVATE KEY-----" in text:
-----BEGIN CERTIFICATE-----
ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
hf_hub_download_from_repository_of_models task-specific-key-names-are-fine-1
""".splitlines()


@pytest.mark.parametrize("line", KEPT)
def test_what_only_speaks_of_secrets_stays(line: str) -> None:
    assert redact(line) == (line, [])


def test_equal_addresses_get_equal_placeholders_and_others_other_ones_wherever_they_stand() -> None:
    """E2, datatrove: replacements rotate through public addresses with a counter, so they depend on the sharding."""
    first, second = "52.214" + ".37.198", "34.117" + ".59.81"
    alone = redact(f"host {second}")[0]
    together = redact(f"host {first}\nhost {second}\nhost {first}")[0].splitlines()
    assert together[1] == alone
    assert together[0] == together[2] != together[1]
    assert all(re.fullmatch(r"host (192\.0\.2|198\.51\.100|203\.0\.113)\.\d+", line) for line in together)


def test_nothing_is_put_between_adjacent_secrets() -> None:
    """E2, bigcode-dataset: a space is inserted between adjacent secrets."""
    mail, key = "ada" + "@" + "lovelace.org", "gh" + "p_" + drawn(36)
    assert redact(f"{mail},{key}")[0] == "<EMAIL>,<KEY>"
    assert redact(f"{key}{key}"[: len(key)] + f"|{key}|{key}")[0] == "<KEY>|<KEY>|<KEY>"


def test_a_value_is_redacted_where_it_is_a_secret_and_not_elsewhere() -> None:
    """E2, bigcode-dataset re-finds values by text, Dolma by the first equal line: equal words elsewhere go too."""
    word = "winter" + "2024!"
    text = f'season("{word}")\npassword = "{word}"\nseason("{word}")\n'
    redacted, findings = redact(text)
    assert redacted == f'season("{word}")\npassword = "<PASSWORD>"\nseason("{word}")\n'
    assert findings == [Finding("password", text.index(word, 20), text.index(word, 20) + len(word), "<PASSWORD>")]


@pytest.mark.parametrize("padding", ["", "x = 1\n" * 30])
def test_a_version_is_told_at_the_start_of_a_file_as_elsewhere(padding: str) -> None:
    """E2, bigcode-dataset: content[start-100:] looks at the wrong place within the first 100 characters."""
    text = padding + "version 45.67.8.9\n" + "y = 2\n" * 30
    assert redact(text) == (text, [])
