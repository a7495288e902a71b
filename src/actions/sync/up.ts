/** Syncs that ran when this machine shut down, started again; and the unit by which a login does it. */
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { listSyncs, type SyncReport } from "./syncs.ts";

/** What became of one. */
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

/** Returns a unit of systemd for one user. https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html */
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
