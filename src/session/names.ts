/** The names of a session's objects and the labels that select them. Pure. */
import { UsageError } from "../base/errors.ts";
import type { ObjectMeta } from "../kube/types.ts";
import type { PodSettings } from "./pod_settings.ts";

/** The objects of a session, by their names in its namespace. */
interface SessionNames {
  pod: string;
  /** Claim of `/workspace`: survives the pod, and the session. */
  workspaceClaim: string;
  /** Claim of the agent's home: survives the pod, and the session. */
  homeClaim: string;
  /** ConfigMap with the configuration of editors. */
  editorConfig: string;
  /** Secret with the variables of dotenv files and the token for git. */
  envSecret: string;
  /** ConfigMap that stores the session itself: it exists as long as the session. */
  state: string;
  /** NetworkPolicy with the allowed addresses, if they are limited. */
  egressPolicy: string;
}

/** The container in which users and agents work. */
export const workspaceContainer = "workspace";
/** The mount path of the workspace's claim; every shell starts here. */
export const workspaceFolder = "/workspace";
/** `HOME` of the container. */
export const homeFolder = "/home/kodama";
/** In the pod: kodama's own folder. */
export const kodamaFolder = `${homeFolder}/.kodama`;

/** The paths of a `devcontainer.json` in a project, in their order. */
export const devContainerPaths = [".devcontainer/devcontainer.json", ".devcontainer.json"] as const;

/** `kodama-workspace-NAME-…` must be a DNS label, and a pod's name is its host name. */
const longestName = 40;

/** The label with an object's session. */
export const sessionLabel = "kodama.dev/session";
/**
 * Selects the objects of all sessions. Labels of `app.kubernetes.io` select nothing: many clusters set them by admission.
 * An object's part in its session is known by its name.
 */
export const anySession = sessionLabel;

/** Selects the objects of a session. */
export function selectSession(name: string): string {
  return `${sessionLabel}=${name}`;
}

/** An object's part in a session. */
export type Component =
  | "workspace"
  | "home"
  | "editor"
  | "env"
  | "state"
  | "pod"
  | "egress"
  /** The objects that mount a snapshot while its files are copied. */
  | "restore"
  | "files";

/** Returns the labels of a session's object, after those that the user's settings give to all objects. */
export function sessionLabels(
  { name, spec: { labels } }: { name: string; spec: Pick<PodSettings, "labels"> },
  component: Component,
): Record<string, string> {
  return {
    ...labels,
    "app.kubernetes.io/managed-by": "kodama",
    [sessionLabel]: name,
    "app.kubernetes.io/component": component,
  };
}

/** Returns whether an object stores a session: it has the name of a state of the session of its label. */
export function isState({ metadata }: { metadata?: ObjectMeta }): boolean {
  return metadata?.name === sessionNames(metadata?.labels?.[sessionLabel] ?? "").state;
}

/** Returns the names of a session's objects. */
export function sessionNames(name: string): SessionNames {
  return {
    pod: `kodama-${name}`,
    workspaceClaim: `kodama-workspace-${name}`,
    homeClaim: `kodama-claude-home-${name}`,
    editorConfig: `kodama-editor-config-${name}`,
    envSecret: `kodama-env-${name}`,
    state: `kodama-session-${name}`,
    egressPolicy: `kodama-egress-${name}`,
  };
}

/** Returns the session whose pod has this name; undefined if it isn't the name of a session's pod. */
export function sessionOfPodName(pod: string): string | undefined {
  const [, name] = /^kodama-(.+)$/.exec(pod) ?? [];
  return name;
}

/**
 * Returns a session's name: a DNS label (RFC 1123) of at most 40 characters.
 *
 * @throws UsageError that explains the problem.
 */
export function checkedSessionName(name: string): string {
  const wrong = name.length > longestName
    ? `it has ${name.length} characters, and ${longestName} are the most`
    : /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(name)
    ? undefined
    : "it may have a-z, 0-9 and -, and begins and ends with a letter or a digit";
  if (wrong === undefined) return name;
  const shown = JSON.stringify(name.slice(0, 60));
  const near = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").slice(0, longestName)
    .replaceAll(/^-|-$/g, "");
  const hint = near === "" ? {} : { hint: `${near} can` };
  throw new UsageError(`${shown} can't be the name of a session: ${wrong}`, hint);
}

/** Returns `kodama/fix-auth-20250115143000`: prefix, session and the time in UTC. */
export function autoBranchName(prefix: string, session: string, at: Date): string {
  const stamp = at.toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return checkedBranch(`${prefix}${session}-${stamp}`);
}

/**
 * Returns a valid git branch name. https://git-scm.com/docs/git-check-ref-format
 *
 * @throws UsageError
 */
export function checkedBranch(name: string): string {
  // deno-lint-ignore no-control-regex -- git refuses control characters, too
  const bad = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|^[-./]|[./]$|\.lock(?:\/|$)|^@$/.test(
    name,
  );
  if (!bad && name !== "" && name.length <= 200) return name;
  throw new UsageError(`${JSON.stringify(name.slice(0, 80))} can't be the name of a branch`, {
    hint: "git check-ref-format --branch NAME says what git allows",
  });
}

/** A value of a label has 63 characters; the object's name may have more. */
export const longestSnapshotName = 63;

/** Returns whether a text can be the name of a snapshot in the cluster: then it isn't a file's path. */
export function isSnapshotName(word: string): boolean {
  return word.length <= longestSnapshotName && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(word);
}

/**
 * Returns the name of a snapshot, as a user typed it.
 *
 * @throws UsageError that explains the problem.
 */
export function checkedSnapshotName(name: string): string {
  if (isSnapshotName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 80));
  throw new UsageError(`${shown} can't be the name of a snapshot`, {
    hint: `a-z, 0-9 and -, ${longestSnapshotName} characters at most, as fix-auth-20260115143000`,
  });
}
