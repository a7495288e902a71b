/** This machine's synchronisations, and the process that serves a synchronisation in the background. */
import type { Host } from "../actions/host.ts";
import { systemClock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { serveSyncCommand } from "../cli/program.ts";
import { requireWritable } from "../kube/client_limits.ts";
import type { SignalSource } from "../terminal/driver/signals.ts";
import type { Places } from "../config/paths.ts";
import { syncControl } from "../sync/daemon/control.ts";
import type { SyncControl } from "../sync/daemon/model.ts";
import { absolutePaths, ownCommand } from "./machine.ts";
import { endSignal } from "./signals.ts";

/** Returns control of the syncs of this user. */
export function machineSyncs(
  { configDir, workingDir }: Places,
  { kubeconfig, environment }: {
    kubeconfig: string | undefined;
    environment: (name: string) => string | undefined;
  },
): SyncControl {
  const files = kubeconfig ?? environment("KUBECONFIG");
  return syncControl({
    configDir,
    clock: systemClock,
    home: environment("HOME") || environment("USERPROFILE"),
    command: (key, { local }) => [
      ...ownCommand({ launcher: environment("KODAMA_LAUNCHER"), writes: [configDir, local] }),
      serveSyncCommand,
      key,
    ],
    environment: {
      KODAMA_CONFIG_DIR: configDir,
      // glibc retains the memory of a first transfer by default: it would be held for days.
      MALLOC_ARENA_MAX: "2",
      MALLOC_TRIM_THRESHOLD_: "131072",
      // The process runs in another folder than this process, where other files have these names.
      ...(files === undefined ? {} : { KUBECONFIG: absolutePaths(files, workingDir) }),
    },
  });
}

/**
 * Returns syncs that change nothing where nothing may be changed: none starts there, and in a read-only run they can
 * only be read, paused and stopped.
 */
export function guardedSyncs(
  syncs: SyncControl,
  host: Pick<Host, "kube" | "readOnly">,
): SyncControl {
  return {
    ...syncs,
    async start(spec, signal) {
      requireWritable(await host.kube(spec.target.context), "start a sync");
      return await syncs.start(spec, signal);
    },
    async ask(key, request, signal) {
      const only = request.kind === "pause" || request.kind === "stop" && !request.forget;
      if (host.readOnly && !only) {
        const message = `cannot ${request.kind} a sync: nothing may be changed in this run`;
        throw new KodamaError("readOnly", message);
      }
      return await syncs.ask(key, request, signal);
    },
  };
}

/** Runs in the background process: keeps the folders in sync until a request or a signal ends it. */
export async function serveSyncUntilSignal(
  key: string,
  { host, signals }: {
    host: (kubeconfig: string | undefined) => Promise<Host>;
    signals: SignalSource;
  },
): Promise<void> {
  const { requireSession } = await import("../actions/sync/require_session.ts");
  const { serveSync } = await import("../sync/daemon/serve.ts");
  using end = endSignal(signals);
  const { places: { configDir } } = await host(undefined);
  await serveSync({
    configDir,
    key,
    clients: async (kubeconfig) => (await host(kubeconfig)).kube,
    requirePurpose: requireSession,
    signal: end.signal,
  });
}
