import { plainHint } from "../base/hint.ts";
import assert from "node:assert/strict";
import { gitFailure, lastGitLines, trustedHost, withoutCredentials } from "./git_failure.ts";

const side = { name: "work", gitSecret: "git-ssh-key" };

/** The lines that git writes after any message of ssh. */
const below = `fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`;

/** As OpenSSH 9.2 wrote it to git 2.39, and the expected result. */
const recorded: [name: string, stderr: string, reason: RegExp, hint: RegExp][] = [
  [
    "a host whose key is another one than that of the Secret",
    `@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
The fingerprint for the ED25519 key sent by the remote host is
SHA256:M4AYtKBeWU6b6pkxaZeRf6sy6JfsVxXP6bmYp1IP/tU.
Add correct host key in /run/kodama/ssh/known_hosts to get rid of this message.
Offending ED25519 key in /run/kodama/ssh/known_hosts:1
Host key for [127.0.0.1]:22022 has changed and you have requested strict checking.
Host key verification failed.
`,
    /^the key of \[127.0.0.1\]:22022 isn't the one that is known: it shows SHA256:M4AY\S+tU$/,
    /put it into known_hosts of secret "git-ssh-key"$/,
  ],
  [
    "a host whose key is another one than it had at first",
    `Offending ED25519 key in /home/kodama/.kodama/known_hosts:1
Host key for [127.0.0.1]:22022 has changed and you have requested strict checking.
Host key verification failed.
`,
    /isn't the one that is known$/,
    /attach \(name: work, command: ssh-keygen -R '\[127.0.0.1\]:22022' -f \S+\/known_hosts\)$/,
  ],
  [
    "a host that isn't in known_hosts",
    `No ED25519 host key is known for [127.0.0.1]:22022 and you have requested strict checking.
Host key verification failed.
`,
    /^the key of \[127.0.0.1\]:22022 isn't in known_hosts of secret "git-ssh-key"$/,
    /ssh-keyscan/,
  ],
  [
    "no user",
    "No user exists for uid 1000\n",
    /number 1000, and the image has none/,
    /with "image"/,
  ],
  [
    "no ssh, from a shell",
    "ssh -i /run/kodama/ssh/ssh-privatekey: 1: ssh: not found\n",
    /^there is no ssh in the image$/,
    /with "image"/,
  ],
  [
    "no ssh, from git",
    "error: cannot run ssh: No such file or directory\nfatal: unable to fork\n",
    /^there is no ssh in the image$/,
    /with "image"/,
  ],
  [
    "a locked key, which ssh doesn't report and ssh-keygen does",
    `Load key "/run/kodama/ssh/ssh-privatekey": incorrect passphrase supplied to decrypt private key
dev@127.0.0.1: Permission denied (publickey,password).
`,
    /has a passphrase/,
    /ssh-keygen -t ed25519 -N ''/,
  ],
  [
    "a key without the line break at its end",
    `Load key "/run/kodama/ssh/ssh-privatekey": error in libcrypto
dev@127.0.0.1: Permission denied (publickey,password).
`,
    /can't read the key/,
    /line break at its end.*kubectl create secret generic git-ssh-key --from-file=ssh-privatekey=FILE/,
  ],
  [
    "a key that others may read",
    `Permissions 0644 for '/run/kodama/ssh/ssh-privatekey' are too open.
Load key "/run/kodama/ssh/ssh-privatekey": bad permissions
dev@127.0.0.1: Permission denied (publickey).
`,
    /ssh refuses the key of secret "git-ssh-key": bad permissions/,
    /root's/,
  ],
  [
    "a Secret that isn't there",
    `Warning: Identity file /run/kodama/ssh/ssh-privatekey not accessible: No such file or directory.
dev@127.0.0.1: Permission denied (publickey,password).
`,
    /^secret "git-ssh-key" isn't there, or has no key ssh-privatekey$/,
    /kubectl create secret/,
  ],
  [
    "an unknown key",
    "git@github.com: Permission denied (publickey).\n",
    /^github.com doesn't take the key of secret "git-ssh-key"$/,
    /ssh-keygen -y/,
  ],
  [
    "a repository that isn't there",
    "fatal: '/tmp/nope.git' does not appear to be a git repository\n",
    /^fatal: '\/tmp\/nope.git' does not appear to be a git repository$/,
    /address may be wrong/,
  ],
  [
    "a host that isn't there",
    "ssh: Could not resolve hostname no-such.invalid: Name or service not known\n",
    /^ssh: Could not resolve hostname no-such.invalid/,
    /NetworkPolicy/,
  ],
  [
    "a port without a listener",
    "ssh: connect to host 127.0.0.1 port 22023: Connection refused\n",
    /Connection refused$/,
    /NetworkPolicy/,
  ],
];

for (const [name, stderr, reason, hint] of recorded) {
  Deno.test(`git over SSH that fails is explained: ${name}`, () => {
    const failure = gitFailure(stderr + below, side);
    assert.match(failure?.reason ?? "", reason);
    assert.match(plainHint(failure?.hint ?? ""), hint);
  });
}

Deno.test("without a Secret, the way out is to name one", () => {
  for (
    const stderr of [
      "Host key verification failed.\n",
      "git@github.com: Permission denied (publickey).\n",
    ]
  ) {
    const failure = gitFailure(stderr + below, { ...side, gitSecret: undefined });
    assert.match(plainHint(failure?.hint ?? ""), /git\.secretName/);
  }
});

Deno.test("`lastGitWords()` returns git's last meaningful line", () => {
  assert.equal(lastGitLines(`remote: gone for good\n${below}`), "remote: gone for good");
  assert.equal(gitFailure("fatal: out of memory\n", side), undefined);
  assert.match(lastGitLines(below), /correct access rights/);
});

Deno.test("what a server repeats of the credentials is taken out of git's words", () => {
  const planted = ["ghp_0123456789abcdef", "github_pat_11ABC_0123456789", "glpat-0123456789-abcd"];
  for (const token of planted) {
    const text = `remote: bad ${token}\nfatal: unable to access 'https://u:${token}@h/r'`;
    const shown = withoutCredentials(text);
    assert.ok(!shown.includes(token) && shown.includes("unable to access"), shown);
  }
  const opaque = "fatal: unable to access 'https://x-access-token:s3cret@h/r': 403";
  assert.doesNotMatch(withoutCredentials(opaque), /s3cret/);
  assert.equal(withoutCredentials("fatal: no such branch: ghp_x"), "fatal: no such branch: ghp_x");
});

Deno.test("a host that was taken for what it is is noticed, with a port and without", () => {
  const words = (host: string) =>
    `Warning: Permanently added '${host}' (ED25519) to the list of known hosts.\r\n`;
  for (const host of ["github.com", "[10.0.0.1]:2222"]) {
    assert.deepEqual(trustedHost(words(host)), { host, kind: "ED25519" });
  }
  assert.equal(trustedHost("Host key verification failed."), undefined);
});
