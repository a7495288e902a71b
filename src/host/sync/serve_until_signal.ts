/** What a synchronisation's background process does. */
import type { Host } from "../../actions/host.ts";
import type { EndSignal, SignalSource } from "../../terminal/driver/signals.ts";
import { serveSync } from "./serve_sync.ts";

/** Keeps the folders in sync until a request or a signal ends it. */
export async function serveSyncUntilSignal(
  key: string,
  { host, signals }: {
    host: (kubeconfig: string | undefined) => Promise<Host>;
    signals: SignalSource;
  },
): Promise<void> {
  const stop = new AbortController();
  using _listening = signals.listen((name: EndSignal) => {
    // It survives the terminal that it was started from.
    if (name !== "SIGHUP") stop.abort();
  });
  const { places: { configDir } } = await host(undefined);
  await serveSync({ configDir, key, host, signal: stop.signal });
}
