import assert from "node:assert/strict";
import { newSshKey, sshHostText, sshServerOf } from "./ssh.ts";

/** Reads the fields of a text: each has its length in front. */
function fields(bytes: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    all.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return all;
}

Deno.test("a key is in the form of OpenSSH, and its halves belong together", async () => {
  const { privateText, publicText } = await newSshKey("kodama-web");
  const [type, encoded = "", comment] = publicText.split(" ");
  assert.deepEqual([type, comment], ["ssh-ed25519", "kodama-web"]);
  const [, publicKey = new Uint8Array()] = fields(Uint8Array.fromBase64(encoded));
  const lines = privateText.trimEnd().split("\n");
  assert.equal(lines[0], "-----BEGIN OPENSSH PRIVATE KEY-----");
  const blob = Uint8Array.fromBase64(lines.slice(1, -1).join(""));
  assert.equal(new TextDecoder().decode(blob.subarray(0, 14)), "openssh-key-v1");
  // After the magic: cipher, derivation and options, the number of keys; then both halves.
  const content = fields(blob.subarray(15 + 8 + 8 + 4 + 4))[1] ?? new Uint8Array();
  assert.equal(content.length % 8, 0);
  assert.deepEqual(content.subarray(0, 4), content.subarray(4, 8));
  const [, inner, secret = new Uint8Array()] = fields(content.subarray(8));
  assert.deepEqual(inner, publicKey);
  assert.deepEqual(secret.subarray(32), publicKey);
  const pkcs8 = Uint8Array.fromHex(
    `302e020100300506032b657004220420${secret.slice(0, 32).toHex()}`,
  );
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const signature = await crypto.subtle.sign("Ed25519", key, pkcs8);
  const verifier = await crypto.subtle.importKey(
    "raw",
    publicKey.slice(),
    "Ed25519",
    true,
    ["verify"],
  );
  assert.ok(await crypto.subtle.verify("Ed25519", verifier, signature, pkcs8));
});

Deno.test("only a line of the script's form is a server: nothing else gets into a configuration", () => {
  assert.deepEqual(sshServerOf("kodama-ssh node ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOr0"), {
    user: "node",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOr0",
  });
  for (
    const line of [
      "",
      "kodama-ssh node",
      "kodama-ssh a b ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOr0",
      "kodama-ssh node ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOr0\nHost *",
      "kodama-ssh -oProxyCommand=x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOr0",
    ]
  ) assert.equal(sshServerOf(line), undefined, line);
});

Deno.test("words of a configuration are quoted for the shell, and percent signs are no tokens", () => {
  const text = sshHostText({
    ...{ name: "web", namespace: "dev", context: "a b\nHost *", user: "node" },
    identityFile: "/home/50%/key",
    knownHostsFile: "/home/50%/hosts",
    proxyCommand: ["/opt/it's/kodama", "ssh-config", "web", "--context", "50%", "--connect", "%r"],
  });
  assert.equal(
    text,
    [
      '# session web in namespace dev of context "a b\\nHost *"',
      "Host kodama-web kodama-web.dev",
      "  HostName kodama-web.dev",
      "  User node",
      `  ProxyCommand '/opt/it'\\''s/kodama' ssh-config web --context 50%% --connect %r`,
      '  IdentityFile "/home/50%%/key"',
      "  IdentitiesOnly yes",
      "  StrictHostKeyChecking yes",
      '  UserKnownHostsFile "/home/50%%/hosts"',
      "",
    ].join("\n"),
  );
});
