import assert from "node:assert/strict";
import { withSecretsMasked } from "./secrets.ts";
import { refusedCommand } from "./credential_commands.ts";

Deno.test("withoutSecrets() removes what looks like a secret, and leaves the rest", () => {
  const secret = "S3CR3Tvalue0123456789abcdefghijklmno";
  const texts = [
    `DB_PASSWORD=${secret}`,
    `password: ${secret}`,
    `"apiKey": "${secret}"`,
    `Authorization: Bearer ${secret}`,
    `postgres://app:${secret}@db:5432/app`,
    `client-key-data: ${secret}`,
    `  .dockerconfigjson: ${secret}`,
    `token eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.${secret}.${secret}`,
    `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`,
    `-----BEGIN PRIVATE KEY-----\n${secret}`,
    `found ghp_${secret} in a file`,
    `sk-ant-${secret}`,
    "AKIAS3CR3TVALUE01234",
    `github_pat_${secret}`,
    `glpat-${secret}`,
    `xoxb-${secret}`,
    `AIza${secret.slice(0, 35)}`,
    `npm_${secret}`,
    `hash $6$salt0000$${secret}`,
  ];
  for (const text of texts) {
    const clean = withSecretsMasked(`before\n${text}\nafter`);
    assert.doesNotMatch(clean, /S3CR3T/, text);
    assert.match(clean, /^before\n/, text);
  }
  const plain = "web-0  1/1  Running\nimage: registry/app:1.2\n3 tokens in, 2 out\nuser: app";
  assert.equal(withSecretsMasked(plain), plain);
});

Deno.test("refusedCommand() refuses what only prints credentials", () => {
  const refused = [
    ["cat", "/var/run/secrets/kubernetes.io/serviceaccount/token"],
    ["cat", "/run/secrets/db"],
    ["head", "-c", "9", "/run/./secrets/db"],
    ["cat", "/root/.ssh/id_ed25519"],
    ["cat", "/proc/1/environ"],
    ["grep", "-r", "x", "/home/app/.aws/credentials"],
    ["cat", "/etc/shadow"],
    ["sh", "-c", "cat /var/run//secrets/x"],
    ["grep", "-r", "", "/run/secrets"],
    ["cat", "/proc/1/task/1/environ"],
    ["printenv", "HOME", "DB_PASSWORD"],
    ["grep", "-rhoE", ".{1,4}", "/var/run"],
    ["grep", "--recursive", "-h", ".", "/app/../run/"],
    ["grep", "-Rh", "x", "/"],
    ["grep", "-rh", "x"],
    ["grep", "-rh", "x", "run", "/tmp"],
    ["grep", "-r", "-e", "x", "run", "/tmp"],
    ["fgrep", "-nr", "x", "/proc/1/root/srv"],
    ["diff", "-r", "/run", "/tmp"],
    ["diff", "--recursive", "a", "/tmp"],
  ];
  for (const command of refused) assert.ok(refusedCommand(command), command.join(" "));
  const fine = [
    ["cat", "/etc/os-release"],
    ["ls", "/run"],
    ["df", "-h"],
    [
      "cat",
      "/proc/1/status",
    ],
    ["printenv", "HOME"],
    ["grep", "-rn", "ERROR", "/var/log"],
    ["grep", "x", "/etc/hosts"],
    [
      "diff",
      "/etc/a",
      "/etc/b",
    ],
  ];
  for (const command of fine) assert.equal(refusedCommand(command), undefined, command.join(" "));
});
