/** The signals of this process. */
import type { EndSignal, SignalSource } from "../terminal/driver/signals.ts";

/** Windows supports only Ctrl-C; on other systems a closed terminal sends SIGHUP. */
const endSignals: readonly EndSignal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The signals don't read keys from the terminal: input during a run stays for the shell. */
const statusSignals: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? []
  : Deno.build.os === "darwin"
  ? ["SIGQUIT", "SIGUSR1", "SIGINFO"]
  : ["SIGQUIT", "SIGUSR1"];

/** The signals of this process. */
export const processSignals: SignalSource = {
  listen: (handler) => listenTo(endSignals, handler),
  onStatus: (handler) => listenTo(statusSignals, handler),
};

function listenTo<Name extends Deno.Signal>(
  names: readonly Name[],
  handler: (name: Name) => void,
): Disposable {
  const listeners = names.map((name) => ({ name, listener: () => handler(name) }));
  for (const { name, listener } of listeners) Deno.addSignalListener(name, listener);
  return {
    [Symbol.dispose]: () => {
      for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
    },
  };
}

/** Returns a signal for a process in the background, which survives the terminal that it was started from. */
export function endSignal(signals: SignalSource): Disposable & { signal: AbortSignal } {
  const end = new AbortController();
  const listening = signals.listen((name: EndSignal) => {
    if (name !== "SIGHUP") end.abort();
  });
  return { signal: end.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() };
}
