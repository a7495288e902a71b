/** SSH into a session: the client's key and configuration, and the server that its connection starts in the pod. Pure. */
import { commandLine } from "../base/shell_quote.ts";
import { homeFolder, kodamaFolder, workspaceFolder } from "./names.ts";
import { sessionCommand } from "./pod_script.ts";

/** Exit codes of the server's script with a meaning of their own. */
export const sshRefusals = { noServer: 66, noUserName: 67 } as const;

/** Returns the command of the server for a connection; without a key it only reports user and host key. */
export function sshServerCommand(publicKey = ""): string[] {
  const folders = [`${kodamaFolder}/ssh`, `${homeFolder}/.kodama-ssh`];
  return sessionCommand("sshServer", [...folders, publicKey, workspaceFolder]);
}

/** The server's report before the first byte of its protocol. */
export interface SshServer {
  user: string;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
}

/** Returns it from the first line; undefined for any other line. */
export function sshServerOf(line: string): SshServer | undefined {
  const match =
    /^kodama-ssh ([a-z_][a-z0-9_.-]{0,31}) (ssh-[a-z0-9-]{1,20} [A-Za-z0-9+/=]{20,200})$/
      .exec(line);
  if (match === null) return undefined;
  const [, user = "", hostKey = ""] = match;
  return { user, hostKey };
}

/** A host of the client's configuration. */
export interface SshHost {
  name: string;
  namespace: string;
  context: string;
  user: string;
  /** Absolute paths. */
  identityFile: string;
  knownHostsFile: string;
  /** Connects standard input and output to the server; `%r` is the user. */
  proxyCommand: readonly string[];
}

/** Returns the names by which a session is a host: the short name is the pod's. */
export function sshHostNames(
  { name, namespace }: { name: string; namespace: string },
): [short: string, full: string] {
  return [`kodama-${name}`, `kodama-${name}.${namespace}`];
}

/** Returns the host's part of a configuration. https://man.openbsd.org/ssh_config */
export function sshHostText(host: SshHost): string {
  const names = sshHostNames(host);
  // Percent signs start tokens: only the last argument has a token.
  const words = host.proxyCommand.map((word, index) =>
    index === host.proxyCommand.length - 1 ? word : word.replaceAll("%", "%%")
  );
  return [
    `# session ${host.name} in namespace ${host.namespace} of context ${
      JSON.stringify(host.context)
    }`,
    `Host ${names.join(" ")}`,
    `  HostName ${names[1]}`,
    `  User ${host.user}`,
    `  ProxyCommand ${commandLine(words)}`,
    `  IdentityFile "${host.identityFile.replaceAll("%", "%%")}"`,
    "  IdentitiesOnly yes",
    "  StrictHostKeyChecking yes",
    `  UserKnownHostsFile "${host.knownHostsFile.replaceAll("%", "%%")}"`,
    "",
  ].join("\n");
}

/** A key pair in the forms of OpenSSH. */
interface SshKeyPair {
  /** The content of a private key's file. */
  privateText: string;
  /** `ssh-ed25519 AAAA… comment` */
  publicText: string;
}

/**
 * Creates an Ed25519 key without a passphrase.
 * https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export async function newSshKey(comment: string): Promise<SshKeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  // The seed is the end of its encoding: https://www.rfc-editor.org/rfc/rfc8410#section-7
  const seed = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)).slice(-32);
  const type = text("ssh-ed25519");
  const publicBlob = joined([sized(type), sized(publicKey)]);
  const check = crypto.getRandomValues(new Uint8Array(4));
  const content = joined([
    ...[check, check, sized(type), sized(publicKey)],
    ...[sized(joined([seed, publicKey])), sized(text(comment))],
  ]);
  const padding = Uint8Array.from(
    { length: (8 - content.length % 8) % 8 },
    (_, index) => index + 1,
  );
  const none = sized(text("none"));
  const blob = joined([
    text("openssh-key-v1\0"),
    ...[none, none, sized(new Uint8Array()), number(1)],
    ...[sized(publicBlob), sized(joined([content, padding]))],
  ]);
  const lines = blob.toBase64().match(/.{1,70}/g) ?? [];
  const border = (word: string) => `-----${word} OPENSSH PRIVATE KEY-----`;
  return {
    privateText: `${[border("BEGIN"), ...lines, border("END")].join("\n")}\n`,
    publicText: `ssh-ed25519 ${publicBlob.toBase64()} ${comment}`,
  };
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function sized(bytes: Uint8Array): Uint8Array {
  return joined([number(bytes.length), bytes]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
