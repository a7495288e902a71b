/** The names of a session's objects and the labels that select them. Pure. */
import { UsageError } from "../base/errors.ts";

/** The objects of a session, by their names in its namespace. */
export interface SessionNames {
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

/** `kodama-workspace-NAME-…` must be a DNS label, and a pod's name is its host name. */
const longestName = 40;

/** The label with an object's session. */
export const sessionLabel = "kodama.dev/session";
/** The label with an object's part in the session. */
export const componentLabel = "app.kubernetes.io/component";

const managedBy = { "app.kubernetes.io/managed-by": "kodama" } as const;

/** Selects the objects of all sessions. */
export const anySession = `app.kubernetes.io/managed-by=kodama,${sessionLabel}`;
/** Selects the states of all sessions. */
export const anyState = `${anySession},${componentLabel}=state`;

/** Selects the objects of one session. */
export function selectSession(name: string): string {
  return `app.kubernetes.io/managed-by=kodama,${sessionLabel}=${name}`;
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

/** Returns the labels of a session's object. */
export function sessionLabels(name: string, component: Component): Record<string, string> {
  return { ...managedBy, [sessionLabel]: name, [componentLabel]: component };
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
