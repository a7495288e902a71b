/** The composition: the one file that knows every room, and hands each what it asks for. */
import type { Host } from "./actions/host.ts";
import type { EndSignal, Invocation, SignalSource } from "./cli/invocation.ts";
import { programOf } from "./cli/program.ts";
import { processTerminal } from "./term/deno_terminal.ts";

/** What this process gives to the command line. Nothing is read, opened or loaded until it is used. */
export function processInvocation(programName: string): Invocation {
  return {
    program: programOf(programName),
    terminal: processTerminal(),
    signals: processSignals,
    environment: (name) => Deno.env.get(name),
    host: () => Promise.reject<Host>(new Error("no host")),
  };
}

const processSignals: SignalSource = {
  listen(handler) {
    const names: EndSignal[] = Deno.build.os === "windows"
      ? ["SIGINT"]
      : ["SIGINT", "SIGTERM", "SIGHUP"];
    const listeners = names.map((name) => ({ name, heard: () => handler(name) }));
    for (const { name, heard } of listeners) Deno.addSignalListener(name, heard);
    return {
      [Symbol.dispose]: () => {
        for (const { name, heard } of listeners) Deno.removeSignalListener(name, heard);
      },
    };
  },
};
