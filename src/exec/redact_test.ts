import assert from "node:assert/strict";
import fc from "fast-check";
import { redact, withoutSecrets } from "./redact.ts";

Deno.test("`redact()` removes values that look like secrets by their names, and nothing else", () => {
  const table: [string[], string[]][] = [
    [["curl", "--token", "abc"], ["curl", "--token", "[redacted]"]],
    [["x", "--db-password=hunter2"], ["x", "--db-password=[redacted]"]],
    [["env", "API_KEY=k1", "run"], ["env", "API_KEY=[redacted]", "run"]],
    [["sh", "-c", "TOKEN='a b' run --secret s3 | cat"], [
      "sh",
      "-c",
      "TOKEN=[redacted] run --secret [redacted] | cat",
    ]],
    [["curl", "-H", "Authorization: Bearer eyJ.x"], [
      "curl",
      "-H",
      "Authorization: Bearer [redacted]",
    ]],
    [["psql", "postgres://me:pw@db/x"], ["psql", "postgres://me:[redacted]@db/x"]],
    [["curl", "-H", "X-Vault-Token: s.1", "u"], ["curl", "-H", "X-Vault-Token: [redacted]", "u"]],
    [["curl", "-d", '{"user":"me","password":"p 1", "n":2}'], [
      "curl",
      "-d",
      '{"user":"me","password":[redacted], "n":2}',
    ]],
    [["sh", "-c", "echo 'api_key: k1' >x.yaml"], [
      "sh",
      "-c",
      "echo 'api_key: [redacted]' >x.yaml",
    ]],
    [["a", "--from-literal=token=t1"], ["a", "--from-literal=token=[redacted]"]],
    [["x", "HOME=/\0API_TOKEN=t1\0PWD=/"], ["x", "HOME=/\0API_TOKEN=[redacted]\0PWD=/"]],
    [["x", "app\0--password\0p1\0-v"], ["x", "app\0--password\0[redacted]\0-v"]],
    [["x", "- name: API_TOKEN\n  value: two words\n- name: A\n  value: b"], [
      "x",
      "- name: API_TOKEN\n  value: [redacted]\n- name: A\n  value: b",
    ]],
    [["x", '[{"name":"API_TOKEN","value":"a \\"b"},{"name":"A","value":"b"}]'], [
      "x",
      '[{"name":"API_TOKEN","value":[redacted]},{"name":"A","value":"b"}]',
    ]],
    [["x", String.raw`{\"name\":\"API_TOKEN\",\"value\":\"t1\"},{\"name\":\"A\"}`], [
      "x",
      String.raw`{\"name\":\"API_TOKEN\",\"value\":[redacted]},{\"name\":\"A\"}`,
    ]],
    [["mysql", "-u", "root", "-pS3cret", "-e", "x"], [
      "mysql",
      "-u",
      "root",
      "-p[redacted]",
      "-e",
      "x",
    ]],
    [["sh", "-c", "MYSQL_PWD=s3cret mysqldump -ps3cret db"], [
      "sh",
      "-c",
      "MYSQL_PWD=[redacted] mysqldump -p[redacted] db",
    ]],
    [["x", "DB_PASS=a", "dbpass=b"], ["x", "DB_PASS=[redacted]", "dbpass=[redacted]"]],
    [["x", "Server=db;User=app;Pwd=winter2026"], ["x", "Server=db;User=app;Pwd=[redacted]"]],
  ];
  for (const [args, kept] of table) {
    assert.deepEqual(redact(args).args, kept);
    assert.ok(redact(args).secrets.length > 0);
  }
  const harmless = [
    ["cat", "/var/run/secrets/token"],
    ["sh", "-c", 'curl -H "Authorization: Bearer $TOKEN" --token "$T" http://a/b'],
    ["x", "--token", "$TOKEN", "--password", "--user", "me"],
    ["grep", "-r", "token=", "/etc"],
    ["weka", "version"],
    ["crictl", "pull", "my-token:1.2"],
    ["curl", "-H", "X-Vault-Token: $TOKEN", "-d", '{"password":"$PW"}'],
    ["grep", "-A", "2", "token:", "x.yaml"],
    ["env", "PWD=/srv/app", "OLDPWD=/", "BY_PASSENGER=a"],
    ["mysql", "-p", "-e", "x"],
  ];
  for (const args of harmless) assert.deepEqual(redact(args), { args, secrets: [] });
});

Deno.test("`redact()` removes a secret at any position", () => {
  fc.assert(fc.property(
    fc.stringMatching(/^[A-Za-z0-9]{8,20}$/),
    fc.constantFrom("--password", "--token", "--client-secret"),
    fc.array(fc.constantFrom("a", "-x", "--y=1", "sh"), { maxLength: 4 }),
    (secret, flag, others) => {
      for (const args of [[...others, flag, secret], [...others, `${flag}=${secret}`]]) {
        const { args: redacted, secrets } = redact(args);
        assert.ok(!redacted.join(" ").includes(secret));
        assert.ok(!withoutSecrets(`exec: ${secret}: not found`, secrets).includes(secret));
      }
    },
  ));
});

Deno.test("`withoutSecrets()` finds a secret in each form in which programs write it", () => {
  const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
  const forms: Readonly<Record<string, (secret: string, around: string) => string>> = {
    plain: (secret, around) => around + secret + around,
    JSON: (secret, around) => JSON.stringify({ [around]: around + secret + around }),
    "JSON in JSON": (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
    "JSON in ASCII": (secret) =>
      JSON.stringify(secret).replaceAll(
        /[\u007f-\uffff<>&]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
    "a part of a URL": (secret, around) => `http://a/${around}?x=${encodeURIComponent(secret)}&y=1`,
    "a form": (secret) => new URLSearchParams({ a: secret, b: "c" }).toString(),
    "a URL in small letters": (secret) =>
      encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase()),
    base64: (secret, around) => base64(secret) + " " + around,
    "base64 of a longer text": (secret, around) => base64(around + secret + around),
    "base64 for URLs": (secret, around) =>
      new TextEncoder().encode(around + secret).toBase64({
        alphabet: "base64url",
        omitPadding: true,
      }),
    "a word of shell": (secret) => `'${secret.replaceAll("'", "'\\''")}'`,
  };
  const secrets = fc.string({ unit: "grapheme", minLength: 10, maxLength: 40 })
    .filter((secret) => secret.trim() === secret && secret.isWellFormed());
  fc.assert(fc.property(
    secrets,
    fc.stringMatching(/^[a-z]{0,5}$/),
    fc.constantFrom(...Object.keys(forms)),
    (secret, around, form) => {
      const text = forms[form]?.(secret, around) ?? "";
      const clean = withoutSecrets(text, [secret]);
      assert.ok(clean.includes("[redacted]"), `${form}: ${text}`);
      // At most the characters at its ends that depend on the text around it are left.
      assert.ok(clean.replaceAll("[redacted]", "").length <= text.length - secret.length + 4, form);
    },
  ));
});

Deno.test("`withoutSecrets()` leaves a short secret's encoded forms, which are found by chance", () => {
  assert.equal(withoutSecrets("abcd YWJjZA", ["abcd"]), "[redacted] YWJjZA");
});
