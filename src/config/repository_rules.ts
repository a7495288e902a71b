/**
 * The settings that files of a repository may set: `.kodama.yaml` and the templates beside it. Anyone may have written
 * them. A key that isn't here counts only in the user's own files; a safeguard can only become stricter. Pure.
 */
import { parseDuration } from "../base/duration.ts";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { type ContextPolicies, policyOf, stricter } from "../gate/policy.ts";

/** A repository's value joined with the user's own. */
interface Joined {
  /** Undefined if neither counts. */
  value: unknown;
  /** The part of the repository's value that doesn't count, and the reason; absent if all of it counts. */
  ignored?: string;
}

/** How far a repository's value of a setting counts. */
interface RepositoryRule {
  /** The rule as text, for the documentation. */
  words: string;
  /**
   * Joins both values; `own` is undefined if there is none. Without it a setting has no safeguard, and the repository's
   * value takes precedence.
   */
  join?: (theirs: unknown, own: unknown) => Joined;
}

const any: RepositoryRule = { words: "any value" };

const reduced: RepositoryRule = {
  words: "only a lower number",
  join: (theirs, own) => stricterOf(theirs, own, Number(theirs) < Number(own), "is higher"),
};

const shortened: RepositoryRule = {
  words: "only a shorter time",
  join: (theirs, own) =>
    own === undefined
      ? { value: theirs }
      : stricterOf(theirs, own, durationMs(theirs) < durationMs(own), "is longer"),
};

const extended: RepositoryRule = {
  words: "adds to yours",
  join: (theirs, own) => ({ value: [...new Set([...texts(own), ...texts(theirs)])] }),
};

function only(counts: readonly unknown[], words: string): RepositoryRule {
  return {
    words: `only ${words}`,
    join: (theirs, own) =>
      counts.includes(theirs)
        ? { value: theirs }
        : { value: own, ignored: `a repository can only set ${words}` },
  };
}

/** The rules by key. */
export const repositoryRules: Readonly<Record<string, RepositoryRule>> = {
  "defaults.namespace": any,
  "defaults.image": any,
  "defaults.resources.cpu": any,
  "defaults.resources.memory": any,
  "defaults.resources.requests.cpu": any,
  "defaults.resources.requests.memory": any,
  "defaults.resources.extended": any,
  "defaults.storage.workspace": any,
  "defaults.storage.claudeHome": any,
  "defaults.storage.className": any,
  "defaults.branchPrefix": any,
  "defaults.env.excludeVars": extended,
  "defaults.nodeSelector": {
    words: "adds labels to yours",
    join: (theirs, own) => joinedMapping(theirs, own, "yours has another value"),
  },
  "defaults.containers": {
    words:
      "only `name`, `image`, `command`, `args`, `env` with literal values, and `resources` of each",
    join: (theirs) => plainContainers(theirs),
  },
  "defaults.ttl": shortened,
  "defaults.idleTimeout": shortened,
  "defaults.egress": {
    words: "only if you have no list",
    join: (theirs, own) =>
      own === undefined ? { value: theirs } : { value: own, ignored: "your own list counts" },
  },
  "env.dotenvFiles": { words: "files in the repository" },
  "env.excludeVars": extended,
  "sync.useGitignore": only([true], "true"),
  "sync.excludePatterns": {
    words: "adds to yours, without patterns that begin with `!`",
    join: (theirs, own) => {
      const including = texts(theirs).filter((one) => one.startsWith("!"));
      const value = [...texts(theirs).filter((one) => !one.startsWith("!")), ...texts(own)];
      return including.length === 0
        ? { value }
        : { value, ignored: `a repository can only exclude: ${including.join(", ")}` };
    },
  },
  "exec.fanout": any,
  "exec.connectTimeout": any,
  "exec.outputMode": only(["prefix", "group", "fold"], "prefix, group or fold"),
  "exec.confirmAbove": reduced,
  "exec.requireAll": only([true], "true"),
  forwards: { words: "any value; each set is shown and confirmed" },
  agents: {
    words: "adds agents to yours",
    join: (theirs, own) => joinedMapping(theirs, own, "you have an agent of this name"),
  },
  "runs.outputs": only([false], "false"),
  "budget.sections": any,
  "budget.listItems": any,
  "budget.depth": any,
  "gate.contexts": { words: "only stricter policies", join: stricterPolicies },
  "gate.servers": { words: "only stricter policies", join: stricterPolicies },
};

function stricterPolicies(theirs: unknown, own: unknown): Joined {
  const policies: Record<string, ContextPolicies[string]> = { ...own as ContextPolicies };
  for (const [name, policy] of Object.entries(theirs as ContextPolicies)) {
    // Without a policy `kodama k` confirms each change.
    policies[name] = stricter(policy, policyOf(policies, name) ?? "ask");
  }
  return { value: policies };
}

function stricterOf(theirs: unknown, own: unknown, isStricter: boolean, why: string): Joined {
  if (isStricter || theirs === own) return { value: theirs };
  return { value: own, ignored: `${String(theirs)} ${why} than ${String(own)}` };
}

/** `never` is longer than every duration. */
function durationMs(limit: unknown): number {
  return parseDuration(String(limit)) ?? Infinity;
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

/** The user's own entries take precedence. */
function joinedMapping(theirs: unknown, own: unknown, why: string): Joined {
  const [others, mine] = [isRecord(theirs) ? theirs : {}, isRecord(own) ? own : {}];
  const value = { ...others, ...mine };
  const lost = Object.keys(others).filter((name) =>
    JSON.stringify(value[name]) !== JSON.stringify(others[name])
  );
  return lost.length === 0 ? { value } : { value, ignored: `${lost.join(", ")}: ${why}` };
}

/** The fields of a repository's container; each returns the part of a value that counts. */
const containerFields: Readonly<Record<string, (value: unknown) => unknown>> = {
  name: String,
  image: String,
  command: texts,
  args: texts,
  // Values of Secrets, ConfigMaps and the pod's own fields aren't literal.
  env: (value) =>
    (Array.isArray(value) ? value : []).filter((one) =>
      isRecord(one) && Object.keys(one).every((key) => key === "name" || key === "value")
    ),
  resources: (value) => {
    const { limits, requests } = isRecord(value) ? value : {};
    return {
      ...definedOnly({ limits, requests }),
    };
  },
};

function plainContainers(theirs: unknown): Joined {
  const ignored: string[] = [];
  const value = (Array.isArray(theirs) ? theirs : []).filter(isRecord).map((container) =>
    Object.fromEntries(
      Object.entries(container).flatMap(([field, all]) => {
        const counted = Object.hasOwn(containerFields, field)
          ? containerFields[field]?.(all)
          : undefined;
        if (JSON.stringify(counted) !== JSON.stringify(all)) {
          ignored.push(`${String(container["name"])}.${field}`);
        }
        return counted === undefined ? [] : [[field, counted]];
      }),
    )
  );
  if (ignored.length === 0) return { value };
  return { value, ignored: `${ignored.join(", ")}: only your own file can set this` };
}
