/** The signals of this process. */
import type { EndSignal, SignalSource } from "../cli/invocation.ts";

/** Windows knows Ctrl-C alone; a closed terminal hangs up elsewhere. */
const heard: readonly EndSignal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** The signals of this process. */
export const processSignals: SignalSource = {
  listen(handler) {
    const listeners = heard.map((name) => ({ name, listener: () => handler(name) }));
    for (const { name, listener } of listeners) Deno.addSignalListener(name, listener);
    return {
      [Symbol.dispose]: () => {
        for (const { name, listener } of listeners) Deno.removeSignalListener(name, listener);
      },
    };
  },
};
