// Keys, tokens and passwords by their content. Each is put together here, so that this file holds none.
import assert from 'node:assert/strict';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import test, { describe } from 'node:test';
import { findSecret } from '../../../engine/privacy/contentRules';

const letters = (count: number) => 'aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC'.repeat(8).slice(0, count);

const SECRETS: Readonly<Record<string, string>> = {
  'an AWS secret key': `aws_secret_access_key = "${'wJalrXUtnFEMI/K7MDENG/bPxRfiCYABCDEFGHIJ'}"`,
  'an AWS access key id': `id = AKIA${'QWERTYUIOPASDFGH'}`,
  'a GitHub token': `clone(${'ghp_'}${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'})`,
  'a Slack token': `${'xoxb-'}1234567890-1234567890-AbCdEfGhIjKlMnOpQrStUvWx`,
  'an npm token': `//npm.example.com/:_authToken=npm_${letters(36)}`,
  'an Anthropic key': `key('sk-ant-api03-${'a'.repeat(93)}AA')`,
  'a Google key': `AIza${'SyA1234567890abcdefghijklmnopqrstuv'}`,
  'a Stripe key': `sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`,
  'a web token': `eyJ${'hbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9'}.eyJ${'zdWIiOiIxMjM0NTY3ODkwIn0'}.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U`,
  'a password in a URL': `fetch('https://user:${'passw0rd'}@host.example/x')`,
  'a connection string': `postgres://user:${'hunter2pass'}@db.example.com/x`,
  'a random text that is called a token': `config["api_token"] = '${letters(32)}'`,
  'a token in YAML, without quotes': `api_key: ${letters(32)}`,
  'a token in an INI file': `token = ${letters(40)}`,
  'a token of a container': `ENV API_TOKEN ${letters(32)}`,
  'a password behind a flag': `run --password ${letters(24)} --user x`,
  'a password of a flag': `run --password=${letters(24)}`,
  'a header with a token': `curl -H "Authorization: Bearer ${letters(40)}"`,
  'a header with a password': `Authorization: Basic ${'YWRtaW46czNjcjN0UGFzc3cwcmQh'}`,
  'an attribute of XML': `<add key="ApiSecret" value="${letters(32)}"/>`,
  'an element of XML': `<password>${letters(24)}</password>`,
  'a constant with a type': `const API_KEY: string = "${letters(32)}";`,
  'a bytes literal': `{"secret_key": b"${letters(32)}"}`,
  'a parameter of an address': `jdbc:postgresql://h/db?user=a&password=${letters(16)}`,
  'a password without a user': `redis://:${letters(20)}@h:6379`,
  'an id that is called a key': `HEROKU_API_KEY=${'3f9a1c7e-5b2d-4806-a3f9-1c7e5b2d8064'}`,
  'a Telegram token': `BOT = "123456789:AA${letters(33)}"`,
  'a DigitalOcean token': `dop_v1_${'3f9a1c7e5b2d8064'.repeat(4)}`,
  'an Azure key': `AccountName=x;AccountKey=${letters(86)}==;EndpointSuffix=core.windows.net`,
  'an Azure signature': `https://x.blob.core.windows.net/c?sv=2020&sig=${letters(43)}%3D`,
  'a Discord token': `login("MTIzNDU2Nzg5MDEyMzQ1Njc4.${'GaBcDe'}.${letters(38)}")`,
  'a Mailgun key': `key-${'3f9a1c7e5b2d8064'.repeat(2)}`,
  'a PyPI token': `pypi-${'AgEIcHlwaS5vcmc'}${letters(60)}`,
  'an age key': `AGE-SECRET-KEY-1${'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE'}`,
  'a random text that is called a secret': `clientSecret: "${'d41d8cd98f00b204e9800998ecf8427e'}"`,
  'a key that Django has made': `SECRET_KEY = 'django-insecure-${'q8^k!7z&w#5(t)2d=_m+4v@x-9b*3h$1j%6n'}'`,
  'a key of an older Django': `SECRET_KEY = "${'q8^k!7z&w#5(t)2d=_m+4v@x-9b*3h$1j%6n'}"`,
  'a password with signs': `password: "${'x9$Kq!vL2#mT8@wZ5'}"`,
  'a password with signs in YAML': `  db_password: ${'x9$Kq!vL2#mT8@wZ5'}\n`,
  'a password with signs in an environment file': `DB_PASSWORD=${'f7*Rt?2yP^w9:Lm4'}\r\nPORT=1\n`,
  'a password with signs in JSON': `{ "adminPassword": "${'f7*Rt?2yP^w9:Lm4'}" }`,
};

const HARMLESS: Readonly<Record<string, string>> = {
  'a variable': 'password = os.environ["PASSWORD"]\ntoken = get_token()\n',
  'an identifier that is called a token': 'token: "getAccessTokenFromRequest2"',
  'what is called a token in code':
    'token = tokenizer.encode(text1).slice(0, 20)\nkey=self.tokenizer.tokenize_line2(x1)',
  'a reference in YAML':
    'password: $DB_PASSWORD_2_OF_9_x8y7z6\ntoken: $(secrets.GITHUB_TOKEN)\nsecretName: my-app-tls-certificate-2',
  'a path and an address':
    'key_file: /etc/ssl/private/server1.example.com\nauth_url: https://login.example.com/oauth2/v2.0/authorize',
  'a long name': 'TOKEN_TYPE=Token2Type4Identifier6Long8Name',
  'a pattern': 'token: "^[a-z0-9]{3,8}-[A-F]{2}4$"\npassword = "[a-zA-Z0-9!@#$%]{8,16}"',
  'a format': 'token_format = "%Y-%m-%dT%H:%M:%S.%f"\nsecret = "{0}-{1}:{2}/{3}"',
  'a value to fill in': 'password: "<your-p4ssw0rd-here!>"\nsecret: "{{secrets.T0K3N_V4L}}"',
  'a reference with a sign': 'password: $DB_P4SS_W0RD_2\nsecret: %(db_p4ss_w0rd)s-v2',
  'an address for letters': 'auth_contact = "k8s.t3am+a11y@example.com"',
  'an address with signs': 'auth_url = "https://a1.b2/c3?d4=e5&f6=g7#h8"',
  'a sentence without blanks': 'password_hint = "Your-birthday:DD/MM/YYYY(2x)!"',
  'a path with signs': 'token_file = "@scope/pkg#v1.2.3:dist/a-b_c.min.js"',
  'a selector': 'auth_form = "#login>div:nth-child(2).field[name=p1]"',
  'a call': 'token = "getToken(user,{id:1},[2,3])"',
  'a range of versions': 'auth_version = ">=1.2.3,<2.0.0||^4.5.6-rc.1"',
  'an author': 'author = "Jean-Luc 2nd of house3"',
  'a template': 'url = f"postgres://{user}:{password}@{host}/x"\nother = "https://<user>:<pass>@host"',
  'a placeholder': 'https://user:password@example.com',
  'an example key': 'AKIAIOSFODNN7EXAMPLE',
  'a hash that is called one': 'sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"',
  'an integrity of a lock file':
    '"integrity": "sha512-AL2qJILH7lNjrDmCQDvdxMfAUIv8KMNZOvrwAQ8i8//ntL9FflhOyMJ8OZSMBb8/AWXe3/5v5S20y3zCoZWKoQ=="',
};

describe('what looks like a secret', () => {
  for (const [name, text] of Object.entries(SECRETS)) {
    test(`${name} is found, with its line`, async () => {
      assert.equal((await findSecret(`x = 1\n\ny = 2\r\n${text}\nz = 3\n`))?.line, 4);
    });
  }

  for (const [name, text] of Object.entries(HARMLESS)) {
    test(`${name} is none`, async () => assert.equal(await findSecret(text), undefined));
  }

  test('a comment does not switch the rules off', async () => {
    const text = `// secretlint-disable\n${SECRETS['a GitHub token']}`;
    assert.equal((await findSecret(text))?.line, 2);
  });

  test('long texts that resemble secrets without being any come to an end', async () => {
    for (const part of [
      'a',
      'eyJ',
      'http://a:',
      'token token = ',
      'secret_',
      'AKIA',
      'http://a:b@',
      '-----BEGIN ',
      'xox',
    ])
      assert.equal(await findSecret(part.repeat(300_000 / part.length)), undefined, part);
  });

  test('a rule leaves nothing behind that grows with every text', async () => {
    const entries: string[] = [];
    const observer = new PerformanceObserver((list) =>
      entries.push(...list.getEntries().map(({ name }) => name)),
    );
    observer.observe({ entryTypes: ['mark', 'measure'] });
    for (let i = 0; i < 3; i++) await findSecret(`text ${i}`);
    performance.mark('the last');
    while (!entries.includes('the last')) await new Promise((resolve) => setImmediate(resolve));
    observer.disconnect();
    assert.deepEqual(entries, ['the last']);
  });
});
