"""Kinds of secrets and personal data, each in the text that it is met in, the secret drawn and written as §.

The secrets are drawn, and prefixes joined from pieces, so that no scanner stops at this repository.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Callable
from dataclasses import dataclass

ALPHANUMERIC, HEX, DIGITS = string.ascii_letters + string.digits, "0123456789abcdef", string.digits
UPPER, LOWER, URL_SAFE, BASE64 = (
    string.ascii_uppercase,
    string.ascii_lowercase,
    ALPHANUMERIC + "-_",
    ALPHANUMERIC + "+/",
)


class Draw:
    """Draws of one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def __call__(self, length: int, characters: str = ALPHANUMERIC) -> str:
        return "".join(self._random.choice(characters) for _ in range(length))

    def password(self, length: int = 12) -> str:
        """Letters of both cases and digits, at least one of each."""
        return self(length - 3) + self(1, LOWER) + self(1, UPPER) + self(1, DIGITS)

    def signed(self, length: int, signs: str) -> str:
        return self.password(length - 4) + self(2, signs) + self(2)

    def uuid(self) -> str:
        return "-".join(self(length, HEX) for length in (8, 4, 4, 4, 12))

    def encoded(self, user: str) -> str:
        return base64.b64encode(f"{user}:{self.password()}".encode()).decode()

    def card(self, prefix: str, length: int) -> str:
        """A number with its check digit, by trying all."""
        number = prefix + self(length - len(prefix) - 1, DIGITS)
        return next(number + digit for digit in DIGITS if luhn(number + digit))

    def iban(self, country: str, characters: str, length: int) -> str:
        body = self(length - 4, characters)
        value = int("".join(str(int(one, 36)) for one in body + country + "00"))
        return f"{country}{98 - value % 97:02d}{body}"

    def key(self, lines: int = 4, end: str = "\n") -> str:
        return end.join([*(self(64, BASE64) for _ in range(lines)), self(40, BASE64) + "=="])


def luhn(digits: str) -> bool:
    """The check as ISO/IEC 7812 words it, written apart from the code's."""
    total = 0
    for place, digit in enumerate(digits[::-1]):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def in_fours(number: str) -> str:
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


@dataclass(frozen=True)
class Kind:
    name: str
    text: str  # § is the secret
    drawn: Callable[[Draw], str]


def kind(name: str, text: str, drawn: Callable[[Draw], str]) -> Kind:
    return Kind(name, text, drawn)


def characters(length: int, alphabet: str = ALPHANUMERIC) -> Callable[[Draw], str]:
    return lambda draw: draw(length, alphabet)


def password(length: int = 12) -> Callable[[Draw], str]:
    return lambda draw: draw.password(length)


# The kinds of shared/cases, with strings of our own.
REPORTED = [
    kind("mysql with @ in password", "mysql://root:§@db.acme.com/app", lambda d: "p@" + d.password(10) + "!q"),
    kind(
        "json pair",
        '{\n\t"key": "password",\n\t"value": "§",\n\t"type": "string"\n}',
        lambda d: d.password(6) + "@(B/{_?{/@",
    ),
    kind(
        "json pair, basic",
        '{\n\t"key": "Authorization",\n\t"value": "Basic §",\n\t"type": "text"\n}',
        lambda d: d.encoded("svc"),
    ),
    kind("default of a variable", "openai:\n  api-key: ${OPENAI_API_KEY:gs" + "k_§}", characters(52)),
    kind("django", "SECRET_KEY = 'django-insecure-§'", lambda d: d.password(20) + "^s(v%k%!#gw!%%_c(0-(@&" + d(8)),
    kind("azure devops", "AZURE_DEVOPS_EXT_PAT=§", characters(52, LOWER + "234567")),
    kind("discord bot", "MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ.§", characters(27)),
    kind("docker config", '{"auths": {"https://index.docker.io/v1/": {"auth": "§"}}}', lambda d: d.encoded("jane")),
    kind("curl -u", "curl -u admin:§ https://api.acme.com/v1", password()),
    kind("sshpass", "sshpass -p '§' ssh root@server", password()),
    kind("netrc", "machine api.acme.com\n  login jane\n  password §\n", password(14)),
    kind("wordpress salt", "define('AUTH_KEY',         '§');", lambda d: d(50) + "!)|} ^%$>;j "),
    kind("ansible", "ansible_ssh_pass: §", password()),
    kind("web.config", '<add key="ApiSecret" value="§" />', password(32)),
    kind("firebase", "AAAAp01ajMZ:APA" + "91b§", characters(134, URL_SAFE)),
    kind("facebook", "EA" + "ACEdEose0cBA§", characters(120)),
    kind("atlassian", "ATA" + "TT3xFfGF0§=4D259B37", characters(180, URL_SAFE)),
    kind("replicate", "r8" + "_§", characters(37)),
    kind("xai", "xa" + "i-§", characters(80)),
    kind("fly.io", "FlyV1 fm" + "2_§", characters(200, BASE64)),
    kind("mapbox", "pk." + "eyJ1IjoiCClaifIUB3pO6jQ3qThhZyfQoajc3wf3tLu26VYJ.§", characters(22)),
    kind("telephone", "call §  now", lambda d: "+49 170 " + d(4, "2468") + d(3, "1357")),
    kind("social security", 'ssn = "§"', lambda d: "2" + d(2, "23456") + "-1" + d(1, "2345") + "-" + d(4, "2345678")),
    kind("github", 'token = "§"', lambda d: "gh" + "p_" + d(36)),
    kind("github in URL", "git clone https://gh" + "p_§@github.com/a/b.git", characters(36)),
    kind("gitlab", "export GITLAB=§", lambda d: "gl" + "pat-" + d(20)),
    kind("gitlab job", "CI_JOB_TOKEN: gl" + "cbt-64_§", characters(20)),
    kind("npmrc uuid", "//registry.npmjs.org/:_authToken=§", lambda d: d.uuid()),
    kind("slack bot", 'SLACK = "xo' + 'xb-197240778195-9910638603783-§"', characters(24)),
    kind("slack webhook", "https://hooks.slack.com/services/THBGA2BHF/BFDHB2FCFD3/§", characters(24)),
    kind("stripe", "sk" + "_live_51§", characters(99)),
    kind(
        "jwt",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." + "eyJzdWIiOiAiODMxMiIsICJuYW1lIjogIkoifQ.§",
        characters(43),
    ),
    kind("sqlalchemy", 'engine = create_engine("postgresql+psycopg2://scott:§@10.1.2.3/mydb")', password()),
    kind("redis without user", "REDIS_URL=redis://:§@redis.acme.com:6379/0", password(20)),
    kind("jdbc", "jdbc:postgresql://db.acme.com/app?user=app&password=§&ssl=true", password(14)),
    kind("ado", "Server=db;Uid=app;Pwd=§;", password()),
    kind("pypirc", "username = someuser\npassword = §\n", lambda d: d.password(8) + "#1*@96%dYt!x" + d(4)),
    kind("groq", "GROQ_API_KEY=gs" + "k_§", characters(52)),
    kind("env, quoted", 'SECRET_KEY="§"', lambda d: d.password(20) + "^-@W&s3=W+&N&3%%3X"),
    kind("openai", 'openai.api_key = "sk-§"', characters(48)),
    kind("openai service account", "sk-svca" + "cct-§", characters(120, URL_SAFE)),
    kind("hugging face", 'HF_TOKEN = "h' + 'f_§"', characters(34, string.ascii_letters)),
    kind(
        "pem, encrypted",
        "-----BEGIN "
        + "RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,68\n\n§\n-----END "
        + "RSA PRIVATE KEY-----\n",
        lambda d: d.key(),
    ),
    kind(
        "pem, indented",
        "key: |\n    -----BEGIN " + "EC PRIVATE KEY-----\n    §\n    -----END " + "EC PRIVATE KEY-----\n",
        lambda d: d.key(3, "\n    "),
    ),
    kind("pem, cut", "-----BEGIN " + "RSA PRIVATE KEY-----\n§", lambda d: d.key()),
    kind("aws", "aws_access_key_id = AK" + "IAFOEAG7FN5DMV6D2I\naws_secret_access_key = §", characters(40, BASE64)),
    kind(
        "azure storage",
        "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=§;EndpointSuffix=core.windows.net",
        lambda d: d(86) + "==",
    ),
    kind("azure client", 'client_secret = "§"', lambda d: d(3) + "8" + "Q~" + d(34)),
    kind("twilio auth", 'TWILIO_AUTH_TOKEN = "§"', characters(32, HEX)),
    kind("telegram", "4774911821:A" + "A§", characters(33)),
    kind(
        "kubernetes, by name",
        "apiVersion: v1\nkind: Secret\ndata:\n  password: §\n  username: YWRtaW4=\n",
        lambda d: base64.b64encode(d.password().encode()).decode(),
    ),
    kind("php define", "define('DB_PASSWORD', '§');", password()),
    kind("go constant", 'const apiKey = "§"', password(32)),
    kind("terraform value", '  password = "§"', password(16)),
    kind("pypi", "py" + "pi-AgEIcHlwaS5vcmc§", characters(150, URL_SAFE)),
    kind("datadog", "DD_API_KEY=§", characters(32, HEX)),
    kind("e-mail", "Contact § for help", lambda d: d(5, LOWER) + ".roe" + "@" + "acme-corp.com"),
    kind("ipv6", "listen §", lambda d: "2a02:8109" + ":9c40:1ac::1" + d(1, "123456789")),
]

# A guess at what else people have.
GUESSED = [
    kind("rails", "production:\n  secret_key_base: §\n", characters(128, HEX)),
    kind("laravel", "APP_KEY=base64:§=", characters(43, BASE64)),
    kind("flask", "app.secret_key = '§'", password(24)),
    kind("flask, bytes", "app.config['SECRET_KEY'] = b'§'", password(32)),
    kind("symfony", "APP_SECRET=§", characters(32, HEX)),
    kind("jwt secret", 'JWT_SECRET="§"', password(40)),
    kind("wordpress nonce", "define( 'NONCE_SALT', '§' );", lambda d: d(40) + "$<{ ,+`~*&#@=.[ ]:-" + d(5)),
    kind("drupal", "$settings['hash_salt'] = '§';", characters(74, URL_SAFE)),
    kind(
        "asp.net machine key",
        '<machineKey validationKey="§" decryptionKey="AutoGenerate" />',
        characters(128, HEX.upper()),
    ),
    kind("phoenix", 'config :shop, ShopWeb.Endpoint, secret_key_base: "§"', characters(64, BASE64)),
    kind("airflow", "AIRFLOW__CORE__FERNET_KEY=§", lambda d: d(43, URL_SAFE) + "="),
    kind("maven", "<server><id>nexus</id><username>deploy</username><password>§</password></server>", password()),
    kind("maven, lines", "<server>\n  <id>nexus</id>\n  <password>\n    §\n  </password>\n</server>", password()),
    kind("spring xml", '<property name="password" value="§"/>', password()),
    kind("spring xml, element", '<property name="password">\n  <value>§</value>\n</property>', password()),
    kind("plist", "<key>ApiKey</key>\n<string>§</string>", characters(32, HEX)),
    kind("java entry", '<entry key="db.password">§</entry>', password()),
    kind(
        "connection string",
        '<add name="x" connectionString="Server=db;Database=a;User Id=sa;Password=§;Encrypt=true" />',
        lambda d: d.signed(12, "!#%"),
    ),
    kind("odbc", "DRIVER={ODBC Driver 18};SERVER=db;UID=sa;PWD=§", password()),
    kind("oracle thin", "jdbc:oracle:thin:scott/§@db.acme.com:1521:orcl", password()),
    kind("kubernetes environment", "env:\n  - name: DB_PASSWORD\n    value: §\n", password()),
    kind("ecs environment", '{"name": "DB_PASSWORD", "value": "§"}', password()),
    kind("cloudformation", '{"ParameterKey": "MasterPassword", "ParameterValue": "§"}', password()),
    kind("terraform variable", 'variable "db_password" {\n  type = string\n  default = "§"\n}', password()),
    kind(
        "kubernetes, any name",
        "apiVersion: v1\ndata:\n  creds: §\nkind: Secret\n",
        lambda d: base64.b64encode(d.password(20).encode()).decode(),
    ),
    kind("shell default", 'export DB_PASSWORD="${DB_PASSWORD:-§}"', password()),
    kind("python default", 'password = os.environ.get("DB_PASSWORD", "§")', password()),
    kind("javascript default", "const secret = process.env.SESSION_SECRET || '§';", password(24)),
    kind("netrc, one line", "machine github.com login jane password §", password(14)),
    kind("netrc, default", "default login jane password §\n", password(14)),
    kind("npmrc _auth", "//nexus.acme.com/repository/npm/:_auth=§", lambda d: d.encoded("deploy")),
    kind(
        "npmrc _password", "//nexus.acme.com/:_password=§", lambda d: base64.b64encode(d.password(15).encode()).decode()
    ),
    kind("pgpassword", "PGPASSWORD=§ psql -h db -U app", password()),
    kind("mysql -p", "mysqldump -h db -u root -p§ shop > shop.sql", password()),
    kind("docker login", "docker login -u jane -p § registry.acme.com", password()),
    kind("stdin", "echo '§' | docker login -u jane --password-stdin registry.acme.com", password()),
    kind("--password", "svn checkout --username jane --password § https://svn.acme.com", password()),
    kind("--password=", "mongodump --host db --password=§", password()),
    kind("--token", "vault login --token § --no-print", password(26)),
    kind("keytool", "keytool -genkey -alias a -storepass § -keypass changeit", password()),
    kind("openssl", "openssl pkcs12 -in a.p12 -passin pass:§ -nodes", password()),
    kind("redis-cli", "redis-cli -h cache -a § ping", password()),
    kind("ldapsearch", "ldapsearch -D cn=admin,dc=acme -w § -b dc=acme", password()),
    kind("wget", "wget --user=jane --password='§' https://acme.com/a", lambda d: d.signed(12, "!#%")),
    kind("curl --user", "curl -s --user 'jane:§' https://acme.com/a", lambda d: d.signed(12, "!#%")),
    kind("chpasswd", "echo 'root:§' | chpasswd", password()),
    kind("create user", "CREATE USER 'app'@'%' IDENTIFIED BY '§';", password()),
    kind("alter role", "ALTER ROLE app WITH LOGIN PASSWORD '§';", password()),
    kind("redis.conf", "requirepass §\n", password(20)),
    kind("powershell", '$p = ConvertTo-SecureString "§" -AsPlainText -Force', lambda d: d.signed(12, "!#%")),
    kind("dockerfile", "FROM debian\nENV DB_PASSWORD §\n", password()),
    kind("pgpass", "db.acme.com:5432:shop:app:§", password()),
    kind("my.cnf", "[client]\nuser=root\npassword=§\n", password()),
    kind("htpasswd", "admin:$apr1$§", lambda d: d(8) + "$" + d(22)),
    kind("bcrypt", "admin:$2y$05$§", characters(53)),
    kind("shadow", "root:$6$§:19000:0:99999:7:::", lambda d: d(16) + "$" + d(86)),
    kind("django hash", '"password": "pbkdf2_sha256$260000$§"', lambda d: d(22) + "$" + d(43, BASE64) + "="),
    kind("wpa", 'network={\n  ssid="home"\n  psk="§"\n}', password()),
    kind("wireguard", "[Interface]\nPrivateKey = §\n", lambda d: d(43, BASE64) + "="),
    kind(
        "putty",
        "PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 3\n§\nPrivate-MAC: " + "0f" * 20 + "\n",
        lambda d: d.key(2),
    ),
    kind(
        "openssh",
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----\n§\n-----END " + "OPENSSH PRIVATE KEY-----\n",
        lambda d: d.key(),
    ),
    kind(
        "pem on one line",
        'KEY="-----BEGIN ' + "PRIVATE KEY-----\\n§\\n-----END " + 'PRIVATE KEY-----\\n"',
        lambda d: d.key(3, "\\n"),
    ),
    kind(
        "pgp",
        "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----\n\n§\n=aB3d\n-----END " + "PGP PRIVATE KEY BLOCK-----\n",
        lambda d: d.key(),
    ),
    kind(
        "jwk",
        '{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "d": "§"}',
        characters(43, URL_SAFE),
    ),
    kind("encoded pem", "client-key-data: LS0tLS1CRUdJTi" + "BSU0EgUFJJVkFURSBLRVktLS0tLQ§", characters(300)),
    kind("totp", "otpauth://totp/Acme:jane?secret=§&issuer=Acme", characters(32, UPPER + "234567")),
    kind("session id", "Cookie: sessionid=§; csrftoken=x", characters(32, LOWER + DIGITS)),
    kind("jsessionid", "curl -b 'JSESSIONID=§' https://acme.com", characters(32, HEX.upper())),
    kind("connect.sid", "Set-Cookie: connect.sid=s%3A§; Path=/; HttpOnly", lambda d: d(32, URL_SAFE) + "." + d(43)),
    kind("laravel session", "laravel_session=eyJpdiI6§", characters(180)),
    kind("other cookie", "Set-Cookie: auth_tkt=§; Secure", password(40)),
    kind("token header", 'curl -H "Authorization: token §" https://api.github.com', characters(40, HEX)),
    kind("basic header", 'curl -H "Authorization: Basic §" https://acme.com', lambda d: d.encoded("jane")),
    kind("bearer in json", '{"headers": {"Authorization": "Bearer §"}}', password(40)),
    kind("api key header", "curl -H 'X-Api-Key: §' https://acme.com", password(32)),
    kind("requests", 'requests.get(url, auth=("jane", "§"))', password()),
    kind("smtp", 'server.login("jane@acme-corp.com", "§")', password(16)),
    kind("credentials", 'new NetworkCredential("jane", "§")', password()),
    kind("telephone, american", "Phone: (212) 736-§", characters(4, "2345678")),
    kind("telephone, e.164", "tel:+4420§", characters(8, "135792")),
    kind("telephone, french", "Tél. +33 6 §", lambda d: " ".join(d(1, "1234") + d(1, "5678") for _ in range(4))),
    kind("visa", 'card_number: "§"', lambda d: d.card("4539", 16)),
    kind("mastercard, grouped", "Card § exp 12/27", lambda d: in_fours(d.card("5391", 16))),
    kind("american express", "amex = '§'", lambda d: d.card("3782", 15)),
    kind("iban", "IBAN: §", lambda d: d.iban("DE", DIGITS, 22)),
    kind("iban, grouped", "pay to § please", lambda d: in_fours(d.iban("FR", DIGITS, 27))),
    kind("ipv4", 'host = "§"', lambda d: "52.214" + f".{d(1, '3456789')}7.19{d(1, '123456789')}"),
    kind("sas", "https://acme.blob.core.windows.net/c/f?sv=2022-11-02&sp=r&sig=§", lambda d: d(42) + "%3D"),
    kind(
        "azure app configuration",
        "Endpoint=https://acme.azconfig.io;Id=ab-l0-s0:xyz;Secret=§",
        lambda d: d(43, BASE64) + "=",
    ),
    kind("azure function", "https://acme.azurewebsites.net/api/run?code=§==", characters(54, URL_SAFE)),
    kind(
        "service bus",
        "Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=§",
        lambda d: d(43, BASE64) + "=",
    ),
    kind("aws session", "aws_session_token = §", lambda d: "IQo" + "Jb3JpZ2lu" + d(400, BASE64)),
    kind("heroku", "HEROKU_API_KEY=§", lambda d: d.uuid()),
    kind("sentry dsn", 'Sentry.init({ dsn: "https://§@o41.ingest.sentry.io/52" })', characters(32, HEX)),
    kind("discord webhook", "https://discord.com/api/webhooks/824561234567890123/§", characters(68, URL_SAFE)),
    kind(
        "teams webhook",
        "https://acme.webhook.office.com/webhookb2/" + "§",
        lambda d: f"{d.uuid()}@{d.uuid()}/IncomingWebhook/{d(32, HEX)}/{d.uuid()}",
    ),
    kind("zapier", "https://hooks.zapier.com/hooks/catch/§/", lambda d: d(7, "123456789") + "/" + d(7, LOWER + DIGITS)),
    kind("cloudinary", "CLOUDINARY_URL=cloudinary://123456789012345:§@acme", characters(27, URL_SAFE)),
    kind("mongodb", "mongodb+srv://app:§@cluster0.ab1cd.mongodb.net/shop", password()),
    kind("amqp", "amqp://app:§@mq.acme.com:5672/%2f", password()),
    kind("composer", '{"github-oauth": {"github.com": "§"}}', characters(40, HEX)),
    kind("filezilla", '<Pass encoding="base64">§</Pass>', lambda d: base64.b64encode(d.password(14).encode()).decode()),
    kind("properties", "spring.mail.password=§\n", password(16)),
    kind("toml", '[database]\npassword = "§"\n', password()),
    kind("csharp", 'var options = new Options { ClientSecret = "§" };', password(32)),
    kind("kotlin", 'val password: String = "§"', password()),
    kind("ruby", "Aws.config.update(secret_access_key: '§')", characters(40, BASE64)),
    kind("consumer key", 'consumer_secret = "§"', characters(50)),
    kind("algolia", "ALGOLIA_ADMIN_KEY=§", characters(32, HEX)),
    kind("mailchimp", 'MAILCHIMP = "§-us12"', characters(32, HEX)),
    kind("terraform cloud", 'token = "§"', lambda d: d(14) + ".atlas" + "v1." + d(67)),
    kind("cohere", "COHERE_API_KEY=§", password(40)),
    kind("asana", "ASANA_TOKEN=1/1201234567890123:§", characters(32, HEX)),
    kind("notion", "NOTION_TOKEN=nt" + "n_§", characters(46)),
    kind("gradle", 'storePassword "§"', password()),
    kind("mysqli", 'mysqli_connect("localhost", "root", "§", "shop")', password()),
    kind("pdo", '$db = new PDO("mysql:host=db", "root", "§");', password()),
    kind("getConnection", 'DriverManager.getConnection("jdbc:mysql://db/x", "root", "§")', password()),
    kind("oracle user", "CREATE USER app IDENTIFIED BY §;", password()),
    kind("htpasswd on a command line", "htpasswd -cb .htpasswd jane §", password()),
    kind("sqlcmd", "sqlcmd -S db -U sa -P § -Q 'x'", password()),
    kind("smbclient", "smbclient //h/s -U jane%§", password()),
    kind(
        "ssh2",
        "---- BEGIN SSH2 ENCRYPTED " + "PRIVATE KEY ----\n§\n---- END SSH2 ENCRYPTED " + "PRIVATE KEY ----",
        lambda d: d.key(),
    ),
    kind("telephone, german", "Telefon: §", lambda d: "030 3" + d(3, "4682") + d(4, "1357")),
    kind("telephone, unnamed", "call (212) 736-§ now", characters(4, "2345678")),
    kind("cloudflare", "CLOUDFLARE_API_TOKEN=§", characters(40, URL_SAFE)),
]
