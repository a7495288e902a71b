/** Sets of forwards in the background: those that run, and those that can be started again. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { action, hint, option } from "../../base/hint.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import { type ForwardReport, type ForwardSet, sameArgs } from "../../forward/daemon.ts";
import { effectiveSettings } from "../../config/settings.ts";
import { settingSources } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";

export type { ForwardReport, ForwardSet } from "../../forward/daemon.ts";

/** Starts a set, or joins it if it runs already. Throws as `ForwardControl.start`. */
export async function startSet(
  host: Host,
  set: ForwardSet,
  signal: AbortSignal,
): Promise<ForwardReport> {
  return await (await host.forwards()).start(set, signal);
}

/** A session whose ports are forwarded. */
export interface ForwardedSession {
  name: string;
  /** The uid of the session's state. */
  uid: string;
  pod: { context: string; namespace: string; pod: string };
  /** As `kodama forward` takes them; `all` are those that the session declares. */
  ports: readonly string[];
  declared: readonly number[];
  /** Absolute. */
  kubeconfig?: string;
}

/**
 * Forwards ports of a session in the background, until it is stopped or deleted; they replace the ports that were
 * forwarded before. A local port that is taken becomes the next free port.
 *
 * @throws UsageError if no port is named, and the session declares none; else as `ForwardControl.start`.
 */
export async function forwardSession(
  host: Host,
  { name, uid, pod, ports, declared, kubeconfig }: ForwardedSession,
  signal: AbortSignal,
): Promise<ForwardReport> {
  const requested = [
    ...new Set(ports.flatMap((one) => one === "all" ? declared.map(String) : one)),
  ];
  if (requested.length === 0) {
    throw new UsageError(`session "${name}" declares no ports`, {
      hint: hint`name one: ${option("forward", "3000")}`,
    });
  }
  const set: ForwardSet = {
    name: sessionSet(name),
    owner: uid,
    args: [
      ...[`pod/${pod.pod}`, ...requested, "--free"],
      ...[`--namespace=${pod.namespace}`, `--context=${pod.context}`],
      ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ],
  };
  const control = await host.forwards();
  const before = await control.read(set.name);
  if (before !== undefined && JSON.stringify(before.args) !== JSON.stringify(set.args)) {
    await control.stop(set.name, signal);
  }
  return await control.start(set, signal);
}

/** Ends the forwards of a session that is stopped or deleted: there is nothing behind them any more. */
export async function endSessionForwards(
  host: Host,
  { name, namespace, context, uid }: {
    name: string;
    namespace: string;
    context: string;
    /** The uid of the session's state; undefined if that doesn't exist. */
    uid: string | undefined;
  },
  { forget, signal }: { forget: boolean; signal: AbortSignal },
): Promise<void> {
  const control = await host.forwards();
  const set = sessionSet(name);
  const { args = [], owner } = await control.read(set) ?? {};
  // Not those of a session of the same name elsewhere: another kubeconfig may use the same names of contexts.
  const isOwn = owner === undefined || uid === undefined
    ? args.includes(`--namespace=${namespace}`) && args.includes(`--context=${context}`)
    : owner === uid;
  if (!isOwn) return;
  await control.stop(set, signal);
  if (forget) await control.forget(set);
}

function sessionSet(name: string): string {
  return `session-${name}`;
}

/** Returns all of this machine, sorted by their names. */
export async function listSets(host: Host): Promise<ForwardReport[]> {
  const control = await host.forwards();
  const reports = await Promise.all((await control.names()).map((name) => control.read(name)));
  return reports.filter((report) => report !== undefined);
}

/**
 * Returns the set of a name; the only running set if there is no name.
 *
 * @throws KodamaError `notFound`, with the nearest names.
 */
export async function findSet(host: Host, name: string | undefined): Promise<ForwardReport> {
  const sets = await listSets(host);
  const running = sets.filter(({ phase }) => phase === "running");
  const candidates = name !== undefined
    ? sets.filter((one) => one.name === name)
    : running.length > 0
    ? running
    : sets;
  const [first, ...others] = candidates;
  if (first !== undefined && others.length === 0) return first;
  const names = sets.map((one) => one.name);
  if (first !== undefined) {
    throw new KodamaError("usage", `${candidates.length} sets of forwards exist: name one`, {
      hint: candidates.map((one) => one.name).slice(0, 10).join(", "),
    });
  }
  if (names.length === 0) {
    throw new KodamaError("notFound", "there are no forwards in the background", {
      hint: hint`${
        action("forward", { target: "svc/web", ports: "8080:80", detach: true })
      } starts some`,
    });
  }
  const [nearest] = await nearestNames(name ?? "", names);
  throw new KodamaError("notFound", `there is no set of forwards "${name}"`, {
    hint: nearest === undefined
      ? `there are: ${names.slice(0, 10).join(", ")}`
      : `did you mean ${nearest}?`,
  });
}

/**
 * Returns the sets that can be started: the sets of the settings, those that ran in the background before and don't run
 * now, and those that ran in the foreground, each with a name of its own.
 */
export async function remembered(host: Host): Promise<NamedSet[]> {
  const control = await host.forwards();
  const [named, stored, recent] = await Promise.all([
    settingSets(host),
    listSets(host),
    control.recent(),
  ]);
  const running = new Set(
    stored.filter(({ phase }) => phase === "running").map(({ name }) => name),
  );
  const names = new Set(named.map(({ name }) => name));
  const earlier = stored.filter(({ name }) => !names.has(name)).map(({ name, args }) => ({
    name,
    args,
  }));
  const known = [...named, ...earlier];
  const used = new Set([...known.map(({ name }) => name), ...running]);
  const others = recent.filter((one) => ![...named, ...stored].some((set) => sameArgs(set, one)))
    .map(({ name, args }) => {
      const own = freeName(name, used);
      used.add(own);
      return { name: own, args };
    });
  return [...known.filter(({ name }) => !running.has(name)), ...others];
}

/** Appends the lowest number that makes the name unique. */
function freeName(name: string, used: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; used.has(free); number++) free = `${name}-${number}`;
  return free;
}

async function settingSets(host: Host): Promise<NamedSet[]> {
  const settings = await effectiveSettings(await settingSources(host));
  const setting = settings.find(({ path }) => path.length === 1 && path[0] === "forwards");
  const sets = (setting?.value ?? {}) as Readonly<Record<string, readonly string[]>>;
  const { origin } = setting ?? {};
  const repository = origin?.kind === "repository" ? { repository: origin.path } : {};
  return Object.entries(sets).map(([name, args]) => ({ name, args, ...repository }));
}

/** A set that can be started. */
export interface NamedSet extends ForwardSet {
  /** The file of a repository that defines it: others have written that. */
  repository?: string;
}

/**
 * Returns the set of a name: that of the settings, else the set that ran before.
 *
 * @throws KodamaError `notFound`.
 */
export async function namedSet(host: Host, name: string): Promise<NamedSet> {
  const sets = await settingSets(host);
  const set = sets.find((one) => one.name === name);
  if (set !== undefined) return set;
  const control = await host.forwards();
  const stored = await control.read(name);
  if (stored !== undefined) return { name, args: stored.args };
  const known = [...sets.map((one) => one.name), ...await control.names()];
  const [nearest] = await nearestNames(name, known);
  throw new KodamaError("notFound", `there is no set of forwards "${name}"`, {
    hint: nearest === undefined
      ? 'the setting forwards names sets: forwards: {web: [svc/web, "8080:80"]}'
      : `did you mean ${nearest}?`,
  });
}
