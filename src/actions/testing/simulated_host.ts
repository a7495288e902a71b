/** A host whose clusters, files and clock are controlled by a test. */
import { orAborted } from "../../base/abort.ts";
import { KodamaError } from "../../base/errors.ts";
import { plainHint } from "../../base/hint.ts";
import { memoryDraft } from "../../base/testing/draft_files.ts";
import type { Log } from "../../base/log.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { type PodScript, SimulatedPod } from "../../exec/testing/simulated_pod.ts";
import type { FoundTargets } from "../../kube/select/find_targets.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { SkippedPod, Target } from "../../kube/select/target.ts";
import type { Host, NewFile } from "../host.ts";

/** One cluster: its pods' scripts by name, or why it can't be reached; each after a delay. */
export interface SimulatedCluster {
  answersAfterMs?: number;
  /** No list is ever answered. */
  hangs?: true;
  /** What a list waits for. */
  awaited?: KubeClient["awaited"];
  /** The address; one of its own if absent. Its pods have uids: two contexts with one address have the same pods. */
  server?: string;
  failure?: KodamaError;
  /** From then on it answers as if there had been no failure. */
  failsUntilMs?: number;
  pods?: Readonly<Record<string, PodScript>>;
  /** Pods that match and can't be used. */
  skipped?: readonly SkippedPod[];
  /** Answers to {@link KubeClient.raw}, by path. */
  documents?: Readonly<Record<string, unknown>>;
}

/** A host, and what a test inspects afterwards. */
export interface SimulatedHost {
  host: Host;
  clock: ManualClock;
  files: Map<string, string>;
  /** The notes, each once, as the command line words them without references. */
  notes: Set<string>;
}

/** The environment of a simulated host. */
export interface SimulatedSurroundings {
  env?: Readonly<Record<string, string>>;
  files?: Readonly<Record<string, string>>;
  log?: Log;
  /** That of other hosts; one of its own if absent. */
  clock?: ManualClock;
  /** Symbolic links to files and folders: absolute paths. */
  links?: Readonly<Record<string, string>>;
  /** Why others decide about a file, by its path. */
  controlledByOthers?: Readonly<Record<string, "owner" | "mode">>;
  /** When a file was modified; now if undefined. */
  modifiedAt?: (path: string) => Date | undefined;
  /** The stand-in of every language model. */
  openModel?: Host["openModel"];
  /** Whether nothing more can be written to a file. */
  fullDisk?: (path: string) => boolean;
}

/** @param clusters by context; the first is the current one. */
export function simulatedHost(
  clusters: Readonly<Record<string, SimulatedCluster>>,
  options: SimulatedSurroundings = {},
): SimulatedHost {
  const clock = options.clock ?? new ManualClock();
  const files = new Map(Object.entries(options.files ?? {}));
  const notes = new Set<string>();
  const clients = new Map(
    Object.entries(clusters).map((
      [context, cluster],
    ) => [context, client(context, cluster, clock)]),
  );
  const host: Host = {
    clock,
    readOnly: false,
    log: options.log ?? (() => {}),
    note: (note) => void notes.add(plainHint(note)),
    kubectl: () => Promise.reject(new Error("unused")),
    env: (name) => options.env?.[name],
    places: {
      configDir: "/config",
      userDir: "/config",
      workingDir: "/project",
      shippedWorkflowsDir: "/shipped",
    },
    files: {
      readText: (path, maxBytes, { within } = { within: undefined }) => {
        const real = realPath(options.links ?? {}, path);
        const text = files.get(real);
        if (
          text !== undefined && within !== undefined &&
          !real.startsWith(within === "/" ? within : `${within}/`)
        ) {
          return Promise.reject(new KodamaError("config", `${path} isn't in ${within}`));
        }
        if (text === undefined || text.length <= maxBytes) return Promise.resolve(text);
        return Promise.reject(
          new KodamaError("config", `${path} is larger than ${maxBytes} bytes`),
        );
      },
      readBytes: (path, maxBytes) => {
        const text = files.get(realPath(options.links ?? {}, path));
        const bytes = text === undefined ? undefined : new TextEncoder().encode(text);
        if (bytes === undefined || bytes.length <= maxBytes) return Promise.resolve(bytes);
        return Promise.reject(
          new KodamaError("config", `${path} is larger than ${maxBytes} bytes`),
        );
      },
      listFiles: (folder) =>
        Promise.resolve(
          [...files.keys()].filter((path) => path.slice(0, path.lastIndexOf("/")) === folder)
            .map((path) => path.slice(folder.length + 1)),
        ),
      replaceText: (path, text) => {
        files.set(path, text);
        return Promise.resolve();
      },
      changeText: async (path, _maxBytes, change) => {
        const before = files.get(path);
        const after = await change(before);
        const changed = after !== (before ?? "");
        if (changed) files.set(path, after);
        return { changed };
      },
      create: (path, { replace }) => {
        if (files.has(path) && !replace) {
          return Promise.reject(new KodamaError("conflict", `${path} already exists`));
        }
        files.set(path, "");
        return Promise.resolve(newFile(files, path, options.fullDisk ?? (() => false)));
      },
      draft: (path, { replace }) => {
        if (files.has(path) && !replace) {
          return Promise.reject(new KodamaError("conflict", `${path} already exists`));
        }
        return Promise.resolve(
          memoryDraft(files, path, () => requireSpace(path, options.fullDisk)),
        );
      },
      inspect: (path) => {
        const text = files.get(realPath(options.links ?? {}, path));
        return Promise.resolve(
          text === undefined
            ? undefined
            : { bytes: text.length, modifiedAt: options.modifiedAt?.(path) ?? clock.now() },
        );
      },
      controlledByOthers: (path) => Promise.resolve(options.controlledByOthers?.[path]),
      remove: (path) => Promise.resolve(void files.delete(path)),
      spool: unused,
    },
    machine: {
      terminal: { stdin: true, stdout: true, stderr: true },
      findProgram: () => Promise.resolve(undefined),
      ownCommand: () => ({ argv: ["kodama"], environment: {} }),
      capture: unused,
      lines: unused,
    },
    contexts: () =>
      Promise.resolve(
        Object.entries(clusters).map(([name, { server }], at) => ({
          name,
          current: at === 0,
          ...(server === undefined ? {} : { server }),
        })),
      ),
    kube: (context) => {
      const known = clients.get(context ?? Object.keys(clusters)[0] ?? "");
      if (known !== undefined) return Promise.resolve(known);
      return Promise.reject(new KodamaError("config", `no context "${context}"`));
    },
    select: ({ context }, _selection, { signal }) =>
      found(context, clusters[context] ?? {}, { clock, signal }),
    openModel: options.openModel ?? unused,
    copyFiles: unused,
    workflowMachine: unused,
    pluginProcesses: () => Promise.reject(new Error("no plugins in this test")),
    testCluster: unused,
    sync: unused,
    forwards: unused,
    cluster: unused,
  };
  return { host, clock, files, notes };
}

function realPath(links: Readonly<Record<string, string>>, path: string): string {
  const link = Object.entries(links).find(([at]) => path === at || path.startsWith(`${at}/`));
  return link === undefined ? path : realPath(links, `${link[1]}${path.slice(link[0].length)}`);
}

function requireSpace(path: string, fullDisk: SimulatedSurroundings["fullDisk"]): void {
  if (!fullDisk?.(path)) return;
  throw new KodamaError("config", `cannot write ${path}: No space left on device (os error 28)`);
}

function newFile(
  files: Map<string, string>,
  path: string,
  fullDisk: (path: string) => boolean,
): NewFile {
  const decoder = new TextDecoder();
  return {
    write: (bytes) =>
      Promise.try(() => {
        requireSpace(path, fullDisk);
        files.set(path, (files.get(path) ?? "") + decoder.decode(bytes, { stream: true }));
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function found(
  context: string,
  cluster: SimulatedCluster,
  { clock, signal }: { clock: ManualClock; signal: AbortSignal | undefined },
): Promise<FoundTargets> {
  if (cluster.hangs && signal !== undefined) await orAborted(new Promise(() => {}), signal);
  await new Promise<void>((resolve) => clock.timer(cluster.answersAfterMs ?? 0, resolve));
  const { failure, failsUntilMs = Infinity } = cluster;
  if (failure !== undefined && clock.elapsedMs() < failsUntilMs) throw failure;
  const targets = Object.keys(cluster.pods ?? {}).map((pod): Target => ({
    context,
    namespace: "n",
    pod,
    container: "a",
    node: "node-1",
    ip: "",
    ...(cluster.server === undefined ? {} : { uid: pod }),
  }));
  return { targets, skipped: [...cluster.skipped ?? []], nearest: [] };
}

function client(context: string, cluster: SimulatedCluster, clock: ManualClock): KubeClient {
  const pods = new Map(
    Object.entries(cluster.pods ?? {}).map(([name, script]) => [
      name,
      new SimulatedPod(script, clock),
    ]),
  );
  const simulated: KubeClient = {
    context,
    server: cluster.server ?? `https://${context}:6443`,
    awaited: cluster.awaited,
    defaultNamespace: "default",
    exec: (request, { signal = new AbortController().signal, onSent } = {}) =>
      (pods.get(request.pod) as SimulatedPod).open(request, signal, onSent),
    raw: <T>(_method: string, path: string) => {
      const document = cluster.documents?.[path];
      if (cluster.failure !== undefined) return Promise.reject(cluster.failure);
      if (document !== undefined) return Promise.resolve(document as T);
      return Promise.reject(new KodamaError("notFound", `no ${path}`));
    },
    get: unused,
    list: unused,
    watch: unused,
    create: unused,
    update: unused,
    delete: unused,
    logs: unused,
    attach: unused,
    portLink: unused,
    forBulk: () => simulated,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return simulated;
}

function unused(): never {
  throw new Error("a test asked for what its host doesn't have");
}
