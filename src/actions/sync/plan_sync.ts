/** Resolves a synchronisation from the options, the existing pod, and the settings. */
import { definedOnly } from "../../base/json_value.ts";
import { KodamaError, NoMatchError, UsageError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import { sessionOfPodName, workspaceFolder } from "../../session/names.ts";
import type { SyncMode } from "../../sync/core/plan.ts";
import { absolutePath } from "../../base/absolute_path.ts";
import { type Selection, wholeSelection } from "../exec/events.ts";
import type { Host } from "../host.ts";
import { runningTarget } from "../one_target.ts";
import { settingSources } from "../config/setting_sources.ts";
import { refusal, requireProject } from "./require_project.ts";
import type { SyncedSession, SyncSpec } from "../../sync/daemon/model.ts";
import { SessionStore } from "../../session/store.ts";
import { defaultSettings } from "../../config/default_settings.ts";

/** The options. */
export interface SyncOptions {
  /** As typed; relative to the working directory. */
  local: string;
  pod: string;
  namespace: string | undefined;
  container: string | undefined;
  context: string | undefined;
  kubeconfig: string | undefined;
  remotePath: string;
  /** If absent: the pod's name. */
  name: string | undefined;
  mode: SyncMode;
  exclude: readonly string[];
  /** True: repositories are synced too, but never with a session's workspace. */
  git: boolean;
  /** False: `.gitignore` files are ignored, whatever the settings say. */
  gitignore: boolean;
}

/** Throws NoMatchError if there is no such pod; KodamaError if a folder doesn't exist. */
export async function planSync(
  host: Host,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<SyncSpec> {
  const { workingDir } = host.places;
  const local = absolutePath(options.local, workingDir);
  await requireProject(host, local);
  if (absolutePath(options.remotePath, "/x") === "/") throw refusal("the root of a container");
  await requireFolder(host, local, options.mode);
  const target = await targetOf(host, options, signal);
  const { context, namespace, pod, container } = target;
  const settings = await excludedBySettings(host);
  const { kubeconfig, remotePath } = options;
  const session = await sessionOfPod(host, target, signal);
  const ofWorkspace = session !== null && isInWorkspace(remotePath)
    ? await workspaceExcludes(host, local)
    : [];
  if (options.git && ofWorkspace.length > 0) {
    throw new UsageError(".git is never synced with a session's workspace: each side has its own");
  }
  return {
    key: `${namespace}.${options.name ?? pod}`,
    local,
    target: { context, namespace, pod, container },
    remotePath,
    mode: options.mode,
    git: options.git,
    useGitignore: options.gitignore && settings.useGitignore,
    excludePatterns: [...ofWorkspace, ...settings.excludePatterns, ...options.exclude],
    kubeconfig: kubeconfig === undefined ? null : absolutePath(kubeconfig, workingDir),
    session,
  };
}

/** Returns whether a path of a session's container, which starts in the workspace, is the workspace or in it. */
function isInWorkspace(path: string): boolean {
  const { pathname } = new URL(path, `file://${workspaceFolder}/`);
  return `${pathname}/`.startsWith(`${workspaceFolder}/`);
}

/** The same as in the sync that a start of the session starts. */
async function workspaceExcludes(host: Host, local: string): Promise<string[]> {
  const [{ excludedFromWorkspace }, { settingsSecretFiles }] = await Promise.all([
    import("./dotenv_ignore.ts"),
    import("./secrets.ts"),
  ]);
  return excludedFromWorkspace(local, await settingsSecretFiles(host, await settingSources(host)));
}

/** Returns the pod's container. For a session that isn't running, the error says how to resume it. */
async function targetOf(host: Host, options: SyncOptions, signal: AbortSignal): Promise<Target> {
  const { pod, namespace, context, container } = options;
  const selection: Selection = {
    ...wholeSelection,
    operands: [{ kind: "pod", name: pod }],
    ...(namespace === undefined ? {} : { namespaces: { kind: "named", names: [namespace] } }),
    ...definedOnly({ container }),
  };
  try {
    const contexts = context === undefined ? [] : [context];
    return await runningTarget(host, { contexts, selection }, signal);
  } catch (error) {
    if (!(error instanceof NoMatchError)) throw error;
    throw await sessionWithoutPod(host, {
      pod,
      ...definedOnly({ namespace, context }),
    }, signal) ?? error;
  }
}

/** A folder that is the destination of a pull needn't exist yet. */
async function requireFolder(host: Host, local: string, mode: SyncMode): Promise<void> {
  const kind = await (await host.copyFiles()).kindOf(local);
  if (kind === "folder" || (kind === undefined && mode === "pull")) return;
  if (kind === undefined) throw new KodamaError("notFound", `there is no folder ${local} here`);
  throw new KodamaError("conflict", `${local} is not a folder`);
}

/* Sessions whose pods were named like any other pod. */

/** Returns the error if the named pod is that of a session and doesn't exist; undefined for any other pod. */
async function sessionWithoutPod(
  host: Host,
  { pod, ...scope }: { pod: string; namespace?: string; context?: string },
  signal: AbortSignal,
): Promise<KodamaError | undefined> {
  const name = sessionOfPodName(pod);
  if (name === undefined) return undefined;
  const { findSession } = await import("../find_session.ts");
  try {
    await findSession(host, { name, ...scope }, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    return error.kind === "conflict" ? error : undefined;
  }
}

/** Finds it by the pod's name and the session's stored state; null if there is none, or it can't be read. */
async function sessionOfPod(
  host: Host,
  { context, namespace, pod }: Pick<Target, "context" | "namespace" | "pod">,
  signal: AbortSignal,
): Promise<SyncedSession | null> {
  const name = sessionOfPodName(pod);
  if (name === undefined) return null;
  try {
    const store = new SessionStore(await host.kube(context), namespace, host.clock, signal);
    const kept = await store.read(name);
    if (kept === undefined) return null;
    return { name, uid: kept.uid, restoredAt: kept.session.restoredAt };
  } catch (error) {
    if (error instanceof KodamaError && !signal.aborted) return null;
    throw error;
  }
}

/* The exclusions of the settings for every synchronisation. */

/** As the settings have it. */
interface SyncSettings {
  useGitignore: boolean;
  excludePatterns: readonly string[];
}

/** Throws FileError if a settings file is invalid. */
export async function excludedBySettings(host: Host): Promise<SyncSettings> {
  const sources = await settingSources(host);
  const { mergedSettings } = await import("../../config/settings.ts");
  const { sync } = await mergedSettings(sources);
  return {
    useGitignore: sync?.useGitignore ?? defaultSettings.sync.useGitignore,
    excludePatterns: sync?.excludePatterns ?? [],
  };
}
