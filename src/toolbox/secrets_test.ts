import assert from "node:assert/strict";
import { beginsWithToken, withSecretsMasked } from "./secrets.ts";
import { refusedCommand, tokenSearch } from "./credential_commands.ts";

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

Deno.test("`beginsWithToken()` knows files that consist of a key or a token, and not logs with one", () => {
  const key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n";
  const token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.eyJpc3MiOiJrdWIiLCJ4Ijox.abcdefgh";
  for (const text of [key, `\n  ${key}`, token, `${token}\n`, `ghp_${"a".repeat(36)}`]) {
    assert.equal(beginsWithToken(text), true, text);
  }
  for (const text of [`got ${token}`, "", "plain\n", `a\n${key}`]) {
    assert.equal(beginsWithToken(text), false, text);
  }
});

Deno.test("tokenSearch() reads the files of a command that prints parts of them", () => {
  const searched = (line: string) => tokenSearch(line.split(" "))?.command.slice(3).join(" ");
  assert.equal(searched("tail -n +2 /a b"), "+2 /a b");
  assert.match(searched("diff --from-file=/a /b") ?? "", /PRIVATE KEY.* \/a \/b$/);
  assert.equal(searched("grep -v x -- /a"), "/a");
  assert.match(
    searched("grep -r x /a") ?? "",
    /PRIVATE KEY\S* \/a$|PRIVATE KEY.*\] \/a$|\.\] \/a$/,
  );
  for (const line of ["cat /a", "ls /a", "df", "tail -f", "grep -"]) {
    assert.equal(tokenSearch(line.split(" ")), undefined, line);
  }
  const search = tokenSearch(["tac", "/a"]);
  assert.equal(search?.finds("==> /a <==\n-----BEGIN EC PRIVATE KEY-----\nx"), true);
  assert.equal(search?.finds("plain"), false);
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
    ["tail", "-n", "+2", "/etc/app/server.key"],
    ["tac", "/etc/app/ca.pem"],
    ["od", "-c", "/etc/tls/x"],
    ["cut", "-c3-", "/mnt/secrets/db"],
    ["cat", "/opt/app/token"],
    ["cat", "/host/var/lib/etcd/member/snap/db"],
    ["grep", "-a", "x", "/dev/sda1"],
    ["head", "-c", "9", "/dev/nvme0n1p1"],
    ["hexdump", "/proc/kcore"],
    ["od", "/dev/mem"],
    ["grep", "-rh", ".", "/host/var/lib/kubelet/pods"],
    ["find", "/etc/tls/", "-exec", "cat", "{}", "+"],
    ["cat", "/var/lib/kubelet/pods/1/volumes/kubernetes.io~projected/a/b"],
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
    ["grep", "token", "/var/log/app.log"],
    ["cat", "/etc/keys.txt"],
    ["ls", "-l", "/etc/tls/"],
    ["find", "/", "-name", "*.pem"],
    ["lsblk", "/dev/sda"],
    ["df", "/dev/sda1"],
    ["ls", "/var/lib/kubelet/pods"],
    ["head", "-c", "9", "/dev/urandom"],
    ["cat", "/etc/ssl/certs/ca.crt"],
    [
      "diff",
      "/etc/a",
      "/etc/b",
    ],
  ];
  for (const command of fine) assert.equal(refusedCommand(command), undefined, command.join(" "));
});

Deno.test("a long output of a pod is masked in linear time", () => {
  for (
    const unit of ["\n", " ", "\t", "\\", '"', ":", "auth:\n", "mysql ", '\\\\"name\\\\"', "- "]
  ) {
    const text = `password: hunter22hunter\n${unit.repeat(100_000 / unit.length)}!`;
    assert.doesNotMatch(withSecretsMasked(text), /hunter22/);
  }
});
