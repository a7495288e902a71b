/** The synchronisations of this machine: listed, asked, and started again at a login. */
import { passed } from "../../base/abort.ts";
import { action, hint } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { nearestNames } from "../../base/nearest_names.ts";
import type { Host } from "../host.ts";
import { requireProject } from "./require_project.ts";
import type { SyncReport, SyncRequest } from "../../sync/daemon/model.ts";
import type { Undone } from "../../sync/local/bin.ts";

export type { SyncReport, SyncRequest } from "../../sync/daemon/model.ts";
export { isAllHeld, mergeText, recentMerge } from "../../sync/engine/status.ts";

/** Returns all of this machine, sorted by their keys. */
export async function listSyncs(host: Host): Promise<SyncReport[]> {
  const control = await host.sync();
  const reports = await Promise.all((await control.keys()).map((key) => control.read(key)));
  return reports.filter((report) => report !== undefined);
}

/** Returns the state of the sync with a key; undefined if there is none. */
export async function syncStatus(host: Host, key: string): Promise<SyncReport | undefined> {
  return await (await host.sync()).read(key);
}

/**
 * Returns the sync with the given key, or with the given name after the namespace in its key; the only sync if no name
 * is given.
 *
 * @throws UsageError if several match; KodamaError `notFound`.
 */
export async function findSync(host: Host, name: string | undefined): Promise<SyncReport> {
  const reports = await listSyncs(host);
  if (reports.length === 0) {
    throw new KodamaError("notFound", "there is no sync on this machine", {
      hint: hint`${action("sync.start", { local: "LOCAL", remote: "POD:PATH" })} starts one`,
    });
  }
  const keys = reports.map(({ spec }) => spec.key);
  const found = reports.filter(({ spec: { key } }) =>
    name === undefined || key === name || key.slice(key.indexOf(".") + 1) === name
  );
  const [first, ...others] = found;
  if (first === undefined) {
    const [nearest] = await nearestNames(name ?? "", keys);
    throw new KodamaError("notFound", `there is no sync ${name}`, {
      hint: nearest === undefined
        ? `there are: ${keys.slice(0, 10).join(", ")}`
        : `is it ${nearest}?`,
    });
  }
  if (others.length === 0) return first;
  throw new UsageError(`${found.length} syncs could be meant: name one`, {
    hint: found.map(({ spec }) => spec.key).slice(0, 10).join(", "),
  });
}

/**
 * Sends a request to a running sync, and waits until it is done.
 *
 * @throws KodamaError `conflict` if it isn't running.
 */
export async function askSync(
  host: Host,
  key: string,
  request: SyncRequest,
  signal: AbortSignal,
): Promise<SyncReport> {
  const control = await host.sync();
  const asked = await control.ask(key, request, signal);
  const report = await control.read(key);
  if (report === undefined) throw new KodamaError("notFound", `there is no sync ${key}`);
  if (asked) return report;
  throw new KodamaError("conflict", `the sync ${key} doesn't run`, {
    hint: hint`${action("sync.start")} with the same folders resumes it`,
  });
}

/** The state of a sync that comes to its end. */
export interface SyncProgress {
  kind: "syncing";
  report: SyncReport;
}

/** How often the state is read. */
const progressMs = 500;

/**
 * Waits until everything that was saved before is on both sides; yields the state meanwhile, and returns the last
 * state.
 *
 * @throws KodamaError `conflict` if it doesn't run, or couldn't transfer some changes; `timeout` if the pod or the
 * sync's process doesn't answer.
 */
export async function* flushSync(
  host: Host,
  key: string,
  signal: AbortSignal,
): AsyncGenerator<SyncProgress, SyncReport> {
  const control = await host.sync();
  const asked = askSync(host, key, { kind: "flush" }, signal);
  // The generator awaits it below, and may be given up before.
  asked.catch(() => {});
  const settled = asked.then(() => {}, () => {});
  while (await passed(host.clock, progressMs, { signal, settled })) {
    const report = await control.read(key);
    if (report !== undefined) yield { kind: "syncing", report };
  }
  return await asked;
}

/**
 * Ends a sync; it isn't an error if it has already ended. The ancestor of both sides is stored, so that it can be
 * started again; with `forget` nothing is.
 */
export async function stopSync(
  host: Host,
  key: string,
  { forget = false, signal }: { forget?: boolean; signal: AbortSignal },
): Promise<void> {
  const control = await host.sync();
  await control.ask(key, { kind: "stop", forget }, signal);
  if (forget) await control.forget(key);
}

/** Files that were put back, and the folder of this machine. */
interface UndoneSync extends Undone {
  key: string;
  local: string;
}

/**
 * Restores the files that the last changes from the pod removed or replaced on this machine; each further call goes
 * further back. To the sync, if it runs, that is an edit here.
 *
 * @param name as for {@link findSync}.
 * @throws KodamaError `notFound` if nothing is stored; UsageError if several could be meant.
 */
export async function undoSync(host: Host, name: string | undefined): Promise<UndoneSync> {
  const control = await host.sync();
  const bins = (await control.bins()).filter(({ key }) =>
    name === undefined || key === name || key.slice(key.indexOf(".") + 1) === name
  );
  const [bin, ...others] = bins;
  if (bin === undefined) {
    const what = name === undefined ? "any sync" : `the sync ${name}`;
    throw new KodamaError("notFound", `no file is kept that ${what} has removed or replaced here`);
  }
  if (others.length > 0) {
    throw new UsageError(`${bins.length} syncs could be meant: name one`, {
      hint: bins.map(({ key, local }) => `${key} (${local})`).slice(0, 10).join(", "),
    });
  }
  const { key, local } = bin;
  return { key, local, ...await control.undo(bin) };
}

/* Syncs that ran when this machine shut down, started again; and the unit by which a login does it. */

/** The result of starting a sync again. */
interface StartedAgain {
  report: SyncReport;
  /** Why it wasn't started. */
  error?: KodamaError;
}

/** Starts each whose process was killed, in the background; those that someone has stopped stay so. */
export async function* startAgain(
  host: Host,
  signal: AbortSignal,
): AsyncGenerator<StartedAgain, void> {
  const control = await host.sync();
  for (const report of await listSyncs(host)) {
    if (report.state.phase !== "killed") continue;
    try {
      await requireProject(host, report.spec.local);
      await control.start(report.spec, signal);
      yield { report };
    } catch (error) {
      if (!(error instanceof KodamaError) || signal.aborted) throw error;
      yield { report, error };
    }
  }
}

/** Variables that the syncs may need at a login, which has few of its own. */
const carried = ["KODAMA_CONFIG_DIR", "KUBECONFIG", "PATH"];

/**
 * Returns a unit of systemd for a single user.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
 */
export function loginUnit(host: Host): string {
  const { argv, environment } = host.machine.ownCommand();
  const variables = { ...environment };
  for (const name of carried) {
    const value = host.env(name);
    if (value !== undefined && variables[name] === undefined) variables[name] = value;
  }
  const lines = Object.entries(variables).map(([name, value]) =>
    `Environment=${unitQuoted(`${name}=${value}`)}\n`
  );
  return `[Unit]
Description=kodama: syncs that ran before the last shutdown

[Service]
Type=oneshot
RemainAfterExit=yes
${lines.join("")}ExecStart=${[...argv, "sync", "up"].map((word) => unitQuoted(word, "$")).join(" ")}

[Install]
WantedBy=default.target
`;
}

/** Quotes a word by systemd's rules; `dollar` if the place expands variables. */
function unitQuoted(text: string, dollar?: "$"): string {
  const escaped = text.replaceAll(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("\n", "\\n");
  return `"${dollar === undefined ? escaped : escaped.replaceAll("$", "$$$$")}"`;
}
