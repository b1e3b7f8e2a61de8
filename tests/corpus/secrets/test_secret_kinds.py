"""Every kind that was reported, and as many again that were not: the secret goes, what surrounds it stays."""

from __future__ import annotations

import base64

import pytest
from secret_kinds import GUESSED, REPORTED, Draw, Kind

from midspan.corpus.secrets import redact


@pytest.mark.parametrize("kind", REPORTED + GUESSED, ids=[kind.name for kind in REPORTED + GUESSED])
def test_a_secret_of_every_kind_goes_whatever_is_drawn(kind: Kind) -> None:
    missed = []
    for seed in range(8):
        secret = kind.drawn(Draw(seed))
        redacted, _ = redact(kind.text.replace("§", secret))
        if secret in redacted:
            missed.append(redacted)
    assert len(missed) <= 1, missed[0]  # one of eight may by chance be a word, or hold one of examples


# Each looks like one of the kinds above and holds no secret.
KEPT = r"""
"nextToken": "gPFEGk7CF4wS901w7ppYclt7gPFEGk7CF4wS901w7ppYclt7",
"SecretARN": "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestDatabaseSecret-a1b2c3"
{"key": "password", "value": "${DB_PASSWORD_2}", "type": "string"}
{"key": "username", "value": "jane.roe77", "type": "string"}
<add key="ApiSecret" value="#{ApiSecret}#" />
<add key="PageSize" value="8VFRnN5nm1EmtYDro9WucAlvAQTbKxXk" />
<label for="password">Password:</label> <a href="#password">password2</a>
<property name="password" value="${jdbc.password}"/> <password>changeit</password>
<a href="#h2maxsessionstreams">H2MaxSessionStreams</a> <code class="token">parseInt32</code>
password: ENC[AES256_GCM,data:p673w1YW55JkTTpm,iv:MQ==,tag:cHM=,type:str]
openai: ${OPENAI_API_KEY:} ${DB_PASSWORD:-changeme} ${DB_PASSWORD:?not set} ${TOKEN_FILE:-/run/secrets/token1}
docker run -u 1000:1000 -p 8080:80 -p 127.0.0.1:5432:5432 nginx
mkdir -p /srv/app1/data2 && cp -pR a1 b2 && docker run -u www-data:www-data x
curl -u $USER:$PASS https://acme.com; curl -u user:password https://acme.com; curl -u "$1:$2" x
mysql -u root -p shop1 < dump.sql; mysql -h db1 -p --port=3306
sshpass -p "$SSHPASS" ssh root@host; docker login -u jane -p "${REGISTRY_PASSWORD1}"
psql --password --host db1 ; svn --password-file /run/secrets/svn1 ; gpg --passphrase-fd 0
machine learning password hashing 101; the default login is admin and the password expires in 30days
ENV PASSWORD_FILE /run/secrets/db1 \nARG TOKEN
{"auths": {"https://index.docker.io/v1/": {"auth": ""}}, "auth": ""}
Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== as of RFC 7617
Authorization: Basic realm="acme1", Bearer realm="acme2" scope="read:x1"
disableSessionAuth: config?.disableS3ExpressSessionAuth, withCredentials: defaultToConfig2,
session = requests.Session(); session_id = 'session-id-1'; sessionToken: sessionTokenV2Factory
Cookie: theme=dark; consent=accepted2024
key = models/2021/05/resnet50_v1.onnx; sort_key: createdAt2024; primaryKey: "user_id_v2"
-----BEGIN PGP PUBLIC KEY BLOCK----- mQENBFXbjPUBCADjNjCUQwfxKL1RR9GA2JlDGNRmZ5Cg8GTVUKrVVNvZyMEh
{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEpsS2n6iGq3pX2RvT7", "e": "AQAB", "kid": "2011-04-29"}
hf_hub_download sk-learn-contrib-0123456789 re_compile_pattern_of_names live_reload_server_2 test_a1b2c3
fw_download_firmware_version_2 pat.name.first_of_many_names1 key-value-store-of-names-2024 api-v1-users-2024-list-all
"resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz#a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2"
AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
$1$ and $2 and ${10}$ cost $5$ or $6$; s/$a$b/$c$d/; $HOME$PATH
card 4242424242424242, 4111 1111 1111 1111, 5555-5555-5555-4444, 378282246310005 are tests
4539578763621487 has no check digit; id 4539578763621 is short; 1234567812345678; 0x4539578763621486
IBAN DE89370400440532013000 and GB82 WEST 1234 5698 7654 32 are examples; DE12345678901234567890 is none
UTF16LE SHA256SUM AB12CDEF34567890 ISO8859 MSIE10 US12345678901234567890
call +1 555 0100, +1-212-555-0142, 1-800-555-0199, +44 20 7946 0958, +1 234 567 890 00 00
i + 1234567890, x=+1234567890; a +44 b; +0000 +0200 +05:30 2024-01-02T03:04:05+0100 @@ -1,20 +123,45 @@
+275760-09-13T00:00:00 +35236450.6 +2147483647 +1.234567890e10 1+49170 [+49] a+491701234567b
phone: 12345 version 10.20.30 telephone_number = "" tel:100 phone_id: 20240102030405060
ssn = "000-12-3456" ssn: "666-12-3456" isbn 978-3-16-148410-0
part 219-09-9999 of 2024-01-02
For example, 74.125.127.100 or 52.214.37.198 may be used
Message-Id: <20130226110144.GA12678@quelltextlich.at> <Pine.LNX.4.64.0702141033400.3604@woody.kernel.org>
<59E56E30.9060503@alibaba-inc.com> pull.1218.git.git.1645209647.gitgitgadget@gmail.com
22708.8913.864049.452252@chiark.net
my@email.com test@gmail.com worker1@e.com
>38.17.6.1. Security</h4>; case '1.3.101.112'; Google at 142.250.74.36, GitHub at 140.82.121.4; 111.22.33.44
""".strip().splitlines()


@pytest.mark.parametrize("line", KEPT)
def test_what_looks_like_one_and_is_none_stays(line: str) -> None:
    assert redact(line) == (line, [])


def test_an_address_in_a_block_of_markdown_is_an_example_and_one_outside_is_not() -> None:
    address = "52.214" + ".37.198"
    inside = f"# Use\n```yaml\nhost: {address}\n```\n"
    assert redact(inside) == (inside, [])
    assert address not in redact(f"# Use\n```yaml\nhost: h\n```\nOurs is {address}.\n")[0]


def test_an_encrypted_secret_stays() -> None:
    draw = Draw(3)
    text = f"kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgB{draw(400)}\n    token: AgA{draw(300)}\n"
    assert redact(text) == (text, [])


def test_of_several_secrets_in_a_manifest_each_goes() -> None:
    values = [base64.b64encode(Draw(seed).password(18).encode()).decode() for seed in range(3)]
    one = "apiVersion: v1\nkind: Secret\ntype: Opaque\ndata:\n  creds.json: {}\n  username: YWRtaW4=\n"
    redacted, _ = redact("---\n".join(map(one.format, values)))
    assert redacted == "---\n".join([one.format("<KEY>")] * 3)


def test_what_surrounds_a_secret_stays_valid() -> None:
    secret = Draw(4).password()
    text = f'{{"key": "password", "value": "{secret}", "on": true}}'
    assert redact(text)[0] == '{"key": "password", "value": "<PASSWORD>", "on": true}'
    assert redact(f"<password>{secret}</password>")[0] == "<password><PASSWORD></password>"
    assert redact(f"Server=db;Pwd={secret};Database=a")[0] == "Server=db;Pwd=<PASSWORD>;Database=a"
    assert redact(f"${{DB_PASSWORD:-{secret}}}")[0] == "${DB_PASSWORD:-<PASSWORD>}"


def test_a_placeholder_names_what_stood_there() -> None:
    draw = Draw(5)
    numbers = [draw.card("4539", 16), draw.iban("NL", "0123456789", 18), "+49 30 29" + "41867", "ssn 216" + "-34-5678"]
    assert redact("; ".join(numbers))[0] == "<CARD>; <IBAN>; <PHONE>; ssn <NUMBER>"
