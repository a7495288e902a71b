/**
 * The specification of a session in a file: anyone may have written it, so it counts as far as a repository's settings
 * do. Pure.
 */
import { repositoryRules } from "../../../config/repository_rules.ts";
import type { Container } from "../../../kube/types.ts";
import type { SessionSpec } from "../../../session/model.ts";
import type { DraftSpec } from "../dev_container.ts";

/** A specification, and which of its parts aren't those of the file. */
interface FileSpec {
  spec: SessionSpec;
  /** Names of parts, in their order. */
  replaced: readonly string[];
}

/**
 * Returns the specification of a file, with the user's own parts in place of those that a repository can't set; its
 * safeguards are at least as strict as the user's.
 *
 * @param own of the user's own settings alone.
 */
export function fileSpec(file: SessionSpec, own: DraftSpec): FileSpec {
  const ofUser = {
    tolerations: own.tolerations,
    gitMirrors: own.gitMirrors,
    nodeSelector: { ...file.nodeSelector, ...own.nodeSelector },
    limits: {
      ...shorter("ttlSeconds", file.limits, own.limits),
      ...shorter("idleSeconds", file.limits, own.limits),
    },
    ...containersOf(file, own),
    ...optional("imagePullSecrets", own),
    ...optional("labels", own),
    ...optional("annotations", own),
    ...optional("runAsUser", own),
    ...optional("priorityClass", own),
    ...optional("runtimeClass", own),
    ...optional("serviceAccount", own),
    ...optional("volumes", own),
    ...optional("gitSecret", own),
    ...optional("dotfiles", own),
    ...optional("egress", own.egress === undefined ? file : own),
  };
  const { image, resources, storage } = file;
  const spec: SessionSpec = {
    image,
    resources,
    storage,
    ...optional("requests", file),
    ...optional("extendedResources", file),
    ...optional("storageClass", file),
    ...optional("setup", file),
    ...ofUser,
  };
  const names = new Set([...Object.keys(file), ...Object.keys(spec)]) as Set<keyof SessionSpec>;
  const replaced = [...names].filter((name) =>
    JSON.stringify(sorted(file[name])) !== JSON.stringify(sorted(spec[name]))
  );
  return { spec, replaced: replaced.toSorted() };
}

function optional<K extends keyof SessionSpec>(name: K, from: { [N in K]?: SessionSpec[N] }) {
  return (from[name] === undefined ? {} : { [name]: from[name] }) as Pick<SessionSpec, K>;
}

function shorter(
  name: "ttlSeconds" | "idleSeconds",
  file: SessionSpec["limits"],
  own: SessionSpec["limits"],
) {
  const seconds = Math.min(file[name] ?? Infinity, own[name] ?? Infinity);
  return seconds === Infinity ? {} : { [name]: seconds };
}

/** The user's own containers may refer to Secrets; others are as plain as a repository's. */
function containersOf(
  { containers }: SessionSpec,
  own: DraftSpec,
): Pick<SessionSpec, "containers" | "containerSecrets"> {
  if (JSON.stringify(containers) === JSON.stringify(own.containers)) {
    return { containers, ...optional("containerSecrets", own) };
  }
  const plain = repositoryRules["defaults.containers"]?.join?.(containers, undefined).value;
  return { containers: (plain ?? []) as Container[] };
}

/** The order of a mapping's names has no meaning. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1);
}
