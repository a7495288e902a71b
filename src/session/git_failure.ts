/** Why git in a session's pod didn't reach the repository: from the stderr of git and ssh. Pure. */
import { action, type Hint, hint, option } from "../base/hint.ts";
import { plainText } from "../base/plain_text.ts";
import { redact, redactedText } from "../exec/redact.ts";
import { sshFolder, sshKeyFile, sshKnownHosts } from "./git_environment.ts";

/** The failure shown to the user. */
interface GitFailure {
  reason: string;
  /** The way out; absent if git's message is sufficient. */
  hint?: Hint;
}

/** The session whose git failed. */
export interface GitSide {
  name: string;
  /** The Secret with the SSH key, if the session names a Secret. */
  gitSecret: string | undefined;
}

/** Messages of OpenSSH 8 and 9 and of git 2.30 and later, and their meaning. The first match counts. */
interface Meaning {
  pattern: RegExp;
  reason?: (match: RegExpExecArray, side: GitSide, stderr: string) => string;
  hint: (match: RegExpExecArray, side: GitSide, stderr: string) => Hint;
}

const needsSecret = hint`git over SSH needs a Secret with the key ssh-privatekey: ${
  action("config.set", { key: "git.secretName", value: "NAME" })
}`;
const makeAgain = (secret: string) =>
  `kubectl create secret generic ${secret} --from-file=ssh-privatekey=FILE makes it of a file as it is`;
const secretOf = ({ gitSecret = "NAME" }: GitSide) => `secret "${gitSecret}"`;

const meanings: readonly Meaning[] = [
  {
    pattern: /Host key for (\S+) has changed/,
    reason: ([, host], _side, stderr) =>
      `the key of ${host} isn't the one that is known${shownKey(stderr)}`,
    hint: ([, host], side, stderr) =>
      stderr.includes(` key in ${sshFolder}/`)
        ? `the connection may be intercepted; if the host has a new key, put it into known_hosts of ` +
          secretOf(side)
        : hint`the connection may be intercepted; if the host has a new key, forget the old one: ${
          action("attach", {
            name: side.name,
            command: `ssh-keygen -R '${host}' -f ${sshKnownHosts}`,
          })
        }`,
  },
  {
    pattern: /No \S+ host key is known for (\S+) and you have requested strict checking/,
    reason: ([, host], side) => `the key of ${host} isn't in known_hosts of ${secretOf(side)}`,
    hint: () =>
      "ssh-keyscan HOST prints a host's keys: add the one that you trust to known_hosts, or take " +
      "known_hosts out of the secret to trust what is seen first",
  },
  {
    pattern: /Host key verification failed/,
    hint: () => needsSecret,
  },
  {
    pattern: /No user exists for uid (\d+)/,
    reason: ([, uid]) => `ssh wants a user with the number ${uid}, and the image has none`,
    hint: () =>
      hint`choose an image whose /etc/passwd has one with ${option("image")}, or an HTTPS address`,
  },
  {
    pattern: /cannot run ssh|ssh\b.*: (?:command )?not found/,
    reason: () => "there is no ssh in the image",
    hint: () => hint`choose an image that has it with ${option("image")}, or an HTTPS address`,
  },
  {
    pattern: /incorrect passphrase supplied/,
    reason: (_match, side) =>
      `the key of ${secretOf(side)} has a passphrase, which can't be entered there`,
    hint: () => "a key for this alone needs none: ssh-keygen -t ed25519 -N '' -f FILE",
  },
  {
    pattern: /Load key .*: (?:error in libcrypto|invalid format)/,
    reason: (_match, side) => `ssh can't read the key of ${secretOf(side)}`,
    hint: (_match, { gitSecret = "NAME" }) =>
      `it may lack the line break at its end, or have Windows' line breaks: ${
        makeAgain(gitSecret)
      }`,
  },
  {
    pattern: /Load key .*: (bad permissions|Permission denied)/,
    reason: ([, what = ""], side) =>
      `ssh refuses the key of ${secretOf(side)}: ${what.toLowerCase()}`,
    hint: () => "the key has to be root's, and readable for group 1000 alone, as kodama mounts it",
  },
  {
    pattern: new RegExp(`(?:Identity file )?${sshKeyFile}.*No such file`),
    reason: (_match, side) => `${secretOf(side)} isn't there, or has no key ssh-privatekey`,
    hint: (_match, { gitSecret = "NAME" }) => makeAgain(gitSecret),
  },
  {
    pattern: /^(?:[^@\s]+@)?(\S+): Permission denied \(.*publickey/m,
    reason: ([, host], side) =>
      side.gitSecret === undefined
        ? `${host} asks for a key, and the session has none`
        : `${host} doesn't take the key of ${secretOf(side)}`,
    hint: (_match, { name, gitSecret }) =>
      gitSecret === undefined
        ? needsSecret
        : hint`its public half belongs to an account there: ${
          action("attach", { name, command: `ssh-keygen -y -f ${sshKeyFile}` })
        } prints it`,
  },
  {
    pattern:
      /does not appear to be a git repository|Repository not found|repository '[^']*' not found/,
    hint: () => "the address may be wrong, or what the session shows may not read it",
  },
  {
    pattern: /could not read Username|Authentication failed|HTTP.* 40[13]/i,
    hint: () => "a private repository needs GITHUB_TOKEN, in a dotenv file or the environment",
  },
  {
    pattern:
      /Could not resolve host|Couldn't connect|Failed to connect|Network is unreachable|Connection (?:refused|timed out)|No route to host/i,
    hint: () => "the pod doesn't reach the repository: is a NetworkPolicy or a proxy in between?",
  },
  {
    pattern: /\bgit: (?:command )?not found|exec: "?git|exit code 127/,
    hint: () => hint`the session's image needs git; choose one that has it with ${option("image")}`,
  },
];

/** Returns the failure for git's stderr; undefined if the message is unknown. */
export function gitFailure(stderr: string, side: GitSide): GitFailure | undefined {
  for (const { pattern, reason, hint } of meanings) {
    const match = pattern.exec(stderr);
    if (match === null) continue;
    const failure = {
      reason: reason?.(match, side, stderr) ?? lastGitLines(stderr),
      hint: hint(match, side, stderr),
    };
    return { reason: plainText(failure.reason, 300), hint: failure.hint };
  }
  return undefined;
}

/** Text that git prints after every failure over SSH, whatever the cause. */
const boilerplate =
  /^(?:fatal: Could not read from remote repository\.|Please make sure you have the correct access rights|and the repository exists\.|fatal: unable to fork)$/;

/** Returns the last meaningful lines as a single line. */
export function lastGitLines(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => plainText(line, 300)).filter(Boolean);
  const informative = lines.filter((line) => !boilerplate.test(line));
  return (informative.length > 0 ? informative : lines).slice(-3).join("; ");
}

function shownKey(stderr: string): string {
  const [shown] = /SHA256:[\w+/=]+/.exec(stderr) ?? [];
  return shown === undefined ? "" : `: it shows ${shown}`;
}

/** Tokens of GitHub and GitLab, by their prefixes. */
const tokens = /\b(?:gh[a-z]_|github_pat_|glpat-)[\w-]{8,}/g;

/**
 * Returns git's message without credentials that a server or a proxy repeated: an observer on another machine knows
 * none of their values, and sees the failure too.
 */
export function withoutCredentials(text: string): string {
  const [shown = ""] = redact([text]).args;
  return shown.replace(tokens, redactedText);
}

/** Returns the host whose key ssh trusted on first use, and the kind of the key. */
export function trustedHost(stderr: string): { host: string; kind: string } | undefined {
  const match = /Permanently added '([^'\s]+)' \((\S+)\) to the list of known hosts/.exec(stderr);
  return match === null ? undefined : { host: match[1] ?? "", kind: match[2] ?? "" };
}
