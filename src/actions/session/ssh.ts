/** SSH into sessions: configuration of clients on this machine, and connections over exec. */
import { action, hint, option } from "../../base/hint.ts";
import { onAbort } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { ExecChannel } from "../../kube/client.ts";
import type { Session } from "../../session/model.ts";
import {
  newSshKey,
  sshHostNames,
  sshHostText,
  sshRefusals,
  type SshServer,
  sshServerCommand,
  sshServerOf,
} from "../../session/ssh.ts";
import { podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import { findSession, type FoundSession } from "../find_session.ts";
import type { Host } from "../host.ts";
import { folderInPod } from "./folder_in_pod.ts";
import { editorCommand, type EditorName } from "./editors.ts";
import type { SessionRef } from "./events.ts";

/** Which session, and the kubeconfig that the connections use. */
interface SshOptions extends SessionRef {
  /** Absolute path; those of the environment if absent. */
  kubeconfig?: string;
  signal: AbortSignal;
}

/** A session as a host of SSH clients. */
interface SshHostEntry {
  session: Session;
  /** As in `ssh HOST`. */
  host: string;
  user: string;
  /** The file with this host, to be included by the user's own configuration. */
  configFile: string;
  /** All such files, as a pattern. */
  configFiles: string;
}

/** The files of a session on this machine. */
function filesOf(host: Host, { name, namespace }: { name: string; namespace: string }) {
  const base = `${host.places.configDir}/ssh/${namespace}.${name}`;
  return { config: `${base}.conf`, key: `${base}.key`, knownHosts: `${base}.known_hosts` };
}

const queryLimitMs = 30_000;

/**
 * Writes the configuration of a session, with a key of its own.
 *
 * @throws KodamaError `environment` if its image has no SSH server; `conflict` if it isn't running.
 */
export async function configureSsh(host: Host, options: SshOptions): Promise<SshHostEntry> {
  const { signal, kubeconfig } = options;
  const found = await findSession(host, options, signal);
  const { session, target } = found;
  const client = await host.kube(target.context);
  const result = await runInPod({ client, target, clock: host.clock, signal }, {
    argv: sshServerCommand(),
    timeoutMs: queryLimitMs,
  });
  const server = sshServerOf(result.stdout.trimEnd());
  if (result.outcome.kind === "failed" && server === undefined) {
    throw refusal(session, result.outcome.exitCode) ??
      podFailure("cannot prepare the SSH server", result);
  }
  if (server === undefined) throw podFailure("cannot prepare the SSH server", result);
  const files = filesOf(host, session);
  await ensureKey(host, session);
  await writeKnownHost(host, session, server);
  const { argv, environment } = host.machine.ownCommand();
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const flags = [
    ...["--namespace", session.namespace, "--context", target.context],
    ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
  ];
  await host.files.replaceText(
    files.config,
    sshHostText({
      ...{ name: session.name, namespace: session.namespace, context: target.context },
      user: server.user,
      identityFile: files.key,
      knownHostsFile: files.knownHosts,
      proxyCommand: [
        ...(variables.length === 0 ? [] : ["env", ...variables]),
        ...[...argv, "ssh-config", session.name, ...flags, "--connect", "%r"],
      ],
    }),
  );
  const [short] = sshHostNames(session);
  return {
    session,
    host: short,
    user: server.user,
    configFile: files.config,
    configFiles: `${host.places.configDir}/ssh/*.conf`,
  };
}

function refusal({ name, spec: { image } }: Session, exitCode: number): KodamaError | undefined {
  if (exitCode === sshRefusals.noServer) {
    return new KodamaError("environment", `the image ${image} has no sshd`, {
      hint: "install openssh-server in the image; it needs no configuration and no rights",
    });
  }
  if (exitCode === sshRefusals.noUserName) {
    return new KodamaError("environment", `the image ${image} has no user with the id 1000`, {
      hint: hint`SSH logs in by a name: add one to the image's /etc/passwd; ${
        action("attach", { name })
      } needs none`,
    });
  }
  return undefined;
}

/** Returns the public key of the session's own pair, which is created once. */
async function ensureKey(
  host: Host,
  session: { name: string; namespace: string },
): Promise<string> {
  const { key } = filesOf(host, session);
  const [publicKey, privateKey] = await Promise.all([
    host.files.readText(`${key}.pub`, 4096),
    host.files.inspect(key),
  ]);
  if (publicKey !== undefined && privateKey !== undefined) return publicKey.trim();
  const pair = await newSshKey(`kodama-${session.name}`);
  await using file = await host.files.create(key, { private: true, replace: true });
  await file.write(new TextEncoder().encode(pair.privateText));
  await host.files.replaceText(`${key}.pub`, `${pair.publicText}\n`);
  return pair.publicText;
}

/** The cluster authenticates the pod: its key is known before a client asks for it. */
async function writeKnownHost(
  host: Host,
  session: { name: string; namespace: string },
  { hostKey }: SshServer,
): Promise<void> {
  const path = filesOf(host, session).knownHosts;
  const text = `${sshHostNames(session)[1]} ${hostKey}\n`;
  if (await host.files.readText(path, 4096) !== text) await host.files.replaceText(path, text);
}

/** Removes this machine's SSH files of a session. */
export async function removeSsh(
  host: Host,
  session: { name: string; namespace: string },
): Promise<void> {
  if (host.places.userDir === undefined) return;
  const { config, key, knownHosts } = filesOf(host, session);
  for (const path of [config, key, `${key}.pub`, knownHosts]) {
    if (await host.files.inspect(path) !== undefined) await host.files.remove(path);
  }
}

/** The ends of a connection on this machine. */
interface SshStreams {
  input: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  /** Standard error of the server. */
  writeError(bytes: Uint8Array): Promise<void>;
}

/** Longer than the line can be. */
const longestLine = 1024;

/**
 * Connects the streams to a server of their own in the session's pod, until either side ends.
 *
 * @param user the name that the client logs in with.
 * @throws KodamaError as `configureSsh()`; `unreachable` if the link breaks.
 */
export async function connectSsh(
  host: Host,
  { user, ...options }: SshOptions & { user: string },
  streams: SshStreams,
): Promise<void> {
  const { signal } = options;
  const found = await findSession(host, options, signal);
  const publicKey = await ensureKey(host, found.session);
  const { namespace, pod, container, context } = found.target;
  const client = await host.kube(context);
  const command = sshServerCommand(publicKey);
  await using channel = await client.exec(
    { namespace, pod, container, command, stdin: true, tty: false },
    { signal },
  );
  using _closed = onAbort(signal, () => void channel.close());
  const sending = send(channel, streams).catch(() => {});
  await receive(channel, { host, found, user, streams });
  const end = await channel.end;
  // A client ends its connection by a signal.
  if (signal.aborted) return;
  if (end.kind === "cut") {
    throw new KodamaError(
      "unreachable",
      `the connection to ${pod} broke: ${plainText(end.reason)}`,
    );
  }
  if (end.kind === "exited" && end.exitCode !== 0) {
    const error = refusal(found.session, end.exitCode);
    if (error !== undefined) throw error;
  }
  // The client's end may never come: it ends with this process.
  void sending;
}

async function send(channel: ExecChannel, { input }: SshStreams): Promise<void> {
  for await (const bytes of input) await channel.write(bytes);
  await channel.closeStdin();
}

/** The first line is the script's; everything after it is the protocol's. */
async function receive(
  channel: ExecChannel,
  { host, found, user, streams }: {
    host: Host;
    found: FoundSession;
    user: string;
    streams: SshStreams;
  },
): Promise<void> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const { stream, bytes } of channel.output) {
    if (stream === "stderr") {
      await streams.writeError(bytes);
      continue;
    }
    if (head === undefined) {
      await streams.write(bytes);
      continue;
    }
    const all: Uint8Array = new Uint8Array(head.length + bytes.length);
    all.set(head);
    all.set(bytes, head.length);
    const end = all.indexOf(10);
    if (end < 0 && all.length <= longestLine) {
      head = all;
      continue;
    }
    const server = sshServerOf(new TextDecoder().decode(all.subarray(0, Math.max(0, end))));
    if (server === undefined) {
      throw new KodamaError("server", `${found.target.pod} gave no answer of an SSH server`);
    }
    requireUser(found.session, { user, server });
    await writeKnownHost(host, found.session, server);
    head = undefined;
    if (all.length > end + 1) await streams.write(all.subarray(end + 1));
  }
}

/** An image may have been replaced since the configuration was written. */
function requireUser(
  { name }: Session,
  { user, server }: { user: string; server: SshServer },
): void {
  if (user === server.user) return;
  throw new KodamaError(
    "conflict",
    `session "${name}" has the user "${server.user}", not "${plainText(user, 60)}"`,
    { hint: hint`${action("ssh-config", { name })} writes the configuration again` },
  );
}

/**
 * Opens a session in an editor of this machine, which connects by SSH.
 *
 * @throws KodamaError `environment` if the editor isn't installed, or fails.
 */
export async function openEditor(
  host: Host,
  { editor, ...options }: SshOptions & { editor: EditorName },
): Promise<SshHostEntry & { command: readonly string[] }> {
  const entry = await configureSsh(host, options);
  const found = await findSession(host, options, options.signal);
  const folder = await folderInPod(host, found, options.signal);
  const command = editorCommand(editor, entry.host, folder);
  if (await host.machine.findProgram(editor) === undefined) {
    throw new KodamaError("environment", `${editor} isn't on PATH`, {
      hint: hint`open the host ${entry.host} in it, or name another editor: ${
        option("editor", "NAME")
      }`,
    });
  }
  const args = ["-c", 'exec "$@"', "sh", ...command];
  const { code } = await host.machine.capture("sh", args, options.signal);
  if (code !== 0) {
    throw new KodamaError("environment", `${command.join(" ")} failed with exit code ${code}`);
  }
  return { ...entry, command };
}
