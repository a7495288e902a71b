/** The host of the actions, assembled from this machine's parts. */
import { type Host, onlyHereError } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import type { ConnectionFlags, OneNamespace } from "../cli/invocation.ts";
import { serveForwardCommand } from "../cli/program.ts";
import { systemClock } from "../base/clock.ts";
import { definedOnly } from "../base/json_value.ts";
import { type Places, placesOf } from "../config/paths.ts";
import type { ForwardControl } from "../forward/daemon.ts";
import type { KubeClient } from "../kube/client.ts";
import { type KubeHost, systemHost } from "../kube/host.ts";
import type { Trace } from "../kube/trace.ts";
import { commandHint } from "../present/hints.ts";
import { printable } from "../terminal/printable.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { filePath } from "../files/file_path.ts";
import { askYes, canAsk } from "../cli/ask_yes.ts";
import { isTerminalRaw } from "../terminal/deno_terminal.ts";
import { localFiles } from "./files.ts";
import { absolutePaths, localMachine, ownCommand } from "./machine.ts";
import { processSignals } from "./signals.ts";
import { ProcessLog } from "./process_log.ts";
import type { Log } from "../base/log.ts";
import { logSettings, readOnlyPolicies } from "../actions/config/setting_sources.ts";

/** The dependencies of the host. */
export interface HostParts {
  /** `--kubeconfig`. */
  kubeconfig?: string | undefined;
  /** Overrides the kubeconfig's server and user. */
  connection?: ConnectionFlags;
  terminal: Terminal;
  /** `-v`. */
  verbosity?: number;
  /** Nothing may be changed. `KODAMA_READ_ONLY` forbids it too. */
  readOnly?: boolean;
  /** Nothing else may be used. */
  only?: OneNamespace;
  environment: (name: string) => string | undefined;
  /** The log of this process; a log of its own if absent. */
  log?: ProcessLog;
}

/** Returns the trace of requests as records of the log: of level 6 as `debug`, the others as `trace`. */
function traceTo(log: Log): Trace {
  return (level, message) => log(level === 6 ? "debug" : "trace", "kube", message);
}

/** Returns whether a variable that switches something on does: any text but those for off. */
function isOn(text = ""): boolean {
  return !/^(?:|0|false|no|off)$/i.test(text);
}

/** Returns the host of this process. It neither reads a file nor connects before an action needs it. */
export function machineHost(
  {
    kubeconfig,
    connection = {},
    terminal,
    verbosity = 0,
    environment,
    readOnly: isReadOnly = false,
    only,
    log = new ProcessLog({ stderr: terminal.stderr, now: () => systemClock.now() }),
  }: HostParts,
): Host {
  const readOnly = isReadOnly || isOn(environment("KODAMA_READ_ONLY"));
  const places = placesOf({
    env: environment,
    workingDir: Deno.cwd(),
    shippedWorkflowsDir: filePath(new URL("../../workflows", import.meta.url)),
  });
  const trace = traceTo(log.log);
  const warned = new Set<string>();
  const warn = (message: string) => {
    if (warned.has(message)) return;
    warned.add(message);
    // A warning that can't be written isn't fatal; output that matters is written, and checked, elsewhere.
    terminal.stderr.write(`warning: ${printable(message)}\n`).catch(() => {});
    log.log("warning", "kube", message);
  };
  const askUser = () =>
    canAsk(terminal) && !isTerminalRaw()
      ? (question: string) => askYes(terminal, question, new AbortController().signal)
      : undefined;
  let allowsPlugin: KubeHost["allowsPlugin"];
  const noted = new Set<string>();
  const kubeHost: KubeHost = {
    ...systemHost(warn, undefined, environment),
    async allowsPlugin(plugin) {
      const { pluginGate } = await import("./credential_plugins.ts");
      allowsPlugin ??= pluginGate(host, { ask: askUser, warn });
      return await allowsPlugin(plugin);
    },
    // Without a reader of them, requests aren't even described.
    get trace() {
      return log.includes("debug") ? trace : undefined;
    },
  };
  const { requestTimeoutMs: _limit, ...others } = connection;
  const hasOthers = Object.keys(others).length > 0;
  const named = kubeconfig === undefined ? {} : { kubeconfig };
  const host: Host = {
    clock: systemClock,
    env: environment,
    log: log.log,
    note(note) {
      const text = commandHint(note);
      if (noted.has(text)) return;
      noted.add(text);
      terminal.stderr.write(`note: ${printable(text)}\n`).catch(() => {});
      log.log("warning", "settings", text);
    },
    places,
    files: localFiles(() => places.configDir),
    machine: localMachine({
      stdin: terminal.stdin.isTerminal,
      stdout: terminal.stdout.isTerminal,
      stderr: terminal.stderr.isTerminal,
    }, environment),
    async contexts() {
      const { listContexts } = await import("../kube/open_client.ts");
      const { current, contexts } = await listContexts(named, kubeHost);
      return contexts.map((one) => ({ ...one, current: one.name === current }));
    },
    kube: clientRegistry(openClient),
    async select(client, selection, { signal = new AbortController().signal, ...options }) {
      const { findTargets } = await import("../kube/select/find_targets.ts");
      return await findTargets(client, selection, {
        ...options,
        signal,
        random: kubeHost.random,
      });
    },
    async openModel(name, access) {
      const { openModel } = await import("../model/sdk.ts");
      return await openModel(name, access);
    },
    async copyFiles() {
      const { localCopyFiles } = await import("../copy/local/files.ts");
      return localCopyFiles();
    },
    async workflowMachine(trusted) {
      const { withoutPrograms, workflowMachine } = await import("./workflow_machine.ts");
      const own = workflowMachine(host, kubeconfig, trusted);
      return hasOthers ? withoutPrograms(own) : own;
    },
    async pluginProcesses() {
      const { localPrograms, startUnprivileged } = await import("../sandbox/run_script.ts");
      const programs = await localPrograms("cannot run plugins", host.machine.findProgram);
      const { sessionLimits } = await import("../plugin/session.ts");
      const { process } = sessionLimits;
      return { start: (program) => startUnprivileged(programs, program, process) };
    },
    async testCluster(world, trusted, signal) {
      const { testCluster } = await import("./cluster.ts");
      return await testCluster(
        { world, trusted },
        signal,
        ({ configDir, kubeconfig }) =>
          machineHost({
            kubeconfig,
            terminal,
            // A cluster of the test's own may be changed.
            environment: (name) =>
              name === "KODAMA_CONFIG_DIR"
                ? configDir
                : name === "KODAMA_READ_ONLY"
                ? undefined
                : environment(name),
          }),
      );
    },
    readOnly,
    async kubectl() {
      const { machineKubectl } = await import("./kubectl.ts");
      const isInteractive = terminal.stdin.isTerminal || terminal.stderr.isTerminal;
      const flags = kubectlFlags(connection);
      return machineKubectl({ signals: processSignals, isInteractive, kubeconfig, flags });
    },
    async forwards() {
      const forwards = await machineForwards(places, environment);
      if (!hasOthers) return forwards;
      const refuse = () => Promise.reject(onlyHereError("forwards in the background"));
      return { ...forwards, start: refuse, remember: refuse };
    },
    async sync() {
      const { guardedSyncs, machineSyncs } = await import("./sync.ts");
      const syncs = guardedSyncs(machineSyncs(places, { kubeconfig, environment }), host);
      if (!hasOthers) return syncs;
      return { ...syncs, start: () => Promise.reject(onlyHereError("syncs")) };
    },
    async cluster() {
      const { clusterControl } = await import("./cluster.ts");
      return await clusterControl(places);
    },
  };
  if (verbosity >= 6) {
    // -v is the log on standard error, as far as requests are concerned.
    const level = verbosity === 6 ? "debug" : "trace";
    log.add({ level, format: "short", file: undefined, category: "kube" });
  }
  if (places.userDir !== undefined) {
    // The actions of models are always on record. Without a model nothing of this category is logged.
    const file = `${places.userDir}/log/tools.jsonl`;
    log.add({ level: "info", format: "json", file, category: "tool" });
  }
  log.openBy(async () => {
    const target = await logSettings(host);
    return target === undefined ? [] : [target];
  });
  return host;

  async function openClient(context: string | undefined): Promise<KubeClient> {
    const [{ openKubeClient }, policyOf] = await Promise.all([
      import("../kube/open_client.ts"),
      readOnly ? undefined : readOnlyPolicies(host),
      log.opened(),
    ]);
    const name = only === undefined ? context : only.context;
    const client = await openKubeClient(
      {
        ...named,
        ...connection,
        ...definedOnly({ context: name }),
        ...(only === undefined ? {} : { namespace: only.namespace, onlyNamespace: only.namespace }),
        readOnly: (name, server) =>
          readOnly ? "run" : policyOf?.(name, server) === "read-only" ? "context" : undefined,
      },
      kubeHost,
    );
    if (context === undefined || client.context === context) return client;
    throw new KodamaError("forbidden", `only context ${client.context} may be used here`);
  }
}

/** @throws KodamaError `usage` for a token: everyone on this machine can read the args of a process. */
function kubectlFlags(
  { as, asGroups = [], asUid, cluster, user, server, token, requestTimeoutMs }: ConnectionFlags,
): string[] {
  if (token !== undefined) throw onlyHereError("commands of kubectl");
  const values = {
    as,
    "as-uid": asUid,
    cluster,
    user,
    server,
    "request-timeout": requestTimeoutMs && `${requestTimeoutMs}ms`,
  };
  return [
    ...asGroups.map((group) => `--as-group=${group}`),
    ...Object.entries(definedOnly(values)).map(([name, value]) => `--${name}=${value}`),
  ];
}

/* The clients of a process: a client for each context, under each of its names. */

/** Opens the client of a context; of the current context if none is named. */
type OpenClient = (context: string | undefined) => Promise<KubeClient>;

/**
 * Creates each client once. The current context has a name of its own too: a target that was found through it names it,
 * and must not open, authenticate and connect everything a second time.
 */
export function clientRegistry(open: OpenClient): OpenClient {
  const clients = new Map<string | undefined, Promise<KubeClient>>();
  return async (context) => {
    const known = clients.get(context);
    if (known !== undefined) return await known;
    const opening = clients.get(undefined);
    const current = opening && await settled(opening);
    if (current !== undefined && current.context === context) return current;
    // Checked again: another caller may have opened it while this call resolved the current context.
    const opened = clients.get(context) ?? (context === undefined ? openCurrent() : open(context));
    clients.set(context, opened);
    // A later attempt may succeed, as after a login.
    opened.catch(() => {
      if (clients.get(context) === opened) clients.delete(context);
    });
    return await opened;
  };

  /** Which context is current is known only then: its client may have been opened by name. */
  async function openCurrent(): Promise<KubeClient> {
    const current = await open(undefined);
    const opening = clients.get(current.context);
    const named = opening && await settled(opening);
    if (named === undefined) return current;
    await current[Symbol.asyncDispose]();
    return named;
  }
}

/** Returns the client, unless it could not be created: its caller was given the error. */
async function settled(client: Promise<KubeClient>): Promise<KubeClient | undefined> {
  try {
    return await client;
  } catch {
    return undefined;
  }
}

/** Returns control of the forwards of this user. */
async function machineForwards(
  { configDir, workingDir }: Places,
  environment: (name: string) => string | undefined,
): Promise<ForwardControl> {
  const { forwardControl } = await import("../forward/daemon.ts");
  const files = environment("KUBECONFIG");
  return forwardControl({
    configDir,
    clock: systemClock,
    command: (name) => [
      ...ownCommand({ launcher: environment("KODAMA_LAUNCHER"), writes: [configDir] }),
      serveForwardCommand,
      name,
    ],
    environment: {
      KODAMA_CONFIG_DIR: configDir,
      // The process runs in another folder than this process, where other files have these names.
      ...(files === undefined ? {} : { KUBECONFIG: absolutePaths(files, workingDir) }),
    },
  });
}
