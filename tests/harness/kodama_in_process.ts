/**
 * kodama in the test's own process, without its launcher, for a fraction of the processor time. For
 * commands whose effects a test needs, and not for what the program does to its terminal, signals, or the programs of
 * workflows and in the background: those inherit the environment of the test.
 */
import { programOf } from "../../src/cli/program.ts";
import { waitingFor } from "../../src/base/testing/waits.ts";
import type { Host } from "../../src/actions/host.ts";
import type { HostOptions } from "../../src/cli/invocation.ts";
import { run } from "../../src/cli/run.ts";
import { machineHost } from "../../src/host/host.ts";
import { ProcessLog } from "../../src/host/process_log.ts";
import type { KubeClient } from "../../src/kube/client.ts";
import {
  MemoryTerminal,
  type MemoryTerminalOptions,
} from "../../src/terminal/testing/memory_terminal.ts";
import type { SignalSource } from "../../src/terminal/driver/signals.ts";
import { processInvocation } from "../../src/wiring.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { outputOf } from "./source_kodama.ts";

/** The options of a single command. */
export interface InProcessOptions {
  /** Variables beside those of all commands, or instead of them. */
  env?: Readonly<Record<string, string>>;
  stdin?: string;
  /** The working directory; that of the test by default. */
  cwd?: string;
  /** Called for each write to a stream, as {@link MemoryTerminal} does. */
  onWrite?: MemoryTerminalOptions["onWrite"];
  /** Streams that are a terminal; none by default. */
  terminals?: MemoryTerminalOptions["terminals"];
  /** Where signals come from; nowhere by default. */
  signals?: SignalSource;
}

const noSignals: SignalSource = { listen: () => ({ [Symbol.dispose]() {} }) };

/** Runs kodama's commands in this process, with this environment. */
export class KodamaInProcess {
  constructor(readonly env: Readonly<Record<string, string>>) {}

  /** Runs a command line to its end. */
  async run(
    args: readonly string[],
    { env = {}, stdin, cwd, onWrite, terminals, signals = noSignals }: InProcessOptions = {},
  ): Promise<CommandResult> {
    const all: Readonly<Record<string, string>> = { ...this.env, ...env };
    const terminal = new MemoryTerminal({
      progress: all["KODAMA_PROGRESS"] === "none" ? "none" : "auto",
      ...(stdin === undefined ? {} : { input: [stdin] }),
      ...(onWrite === undefined ? {} : { onWrite }),
      ...(terminals === undefined ? {} : { terminals }),
    });
    const environment = (name: string) => all[name];
    const clients = new Set<KubeClient>();
    const log = new ProcessLog({ stderr: terminal.stderr, now: () => new Date() });
    const invocation = {
      ...processInvocation(programOf("kodama")),
      terminal,
      environment,
      willDial: () => {},
      signals,
      host: (options: HostOptions = {}): Promise<Host> => {
        const host = machineHost({ ...options, terminal, environment, log });
        const kube = async (context: string | undefined) => {
          const client = await host.kube(context);
          clients.add(client);
          return client;
        };
        // A program whose output it reads has the environment of the command, as have those of an installed kodama.
        const machine = {
          ...host.machine,
          capture: (program: string, words: readonly string[], signal: AbortSignal) =>
            runCommand([program, ...words], { env: all, signal }),
        };
        const places = cwd === undefined ? host.places : { ...host.places, workingDir: cwd };
        return Promise.resolve({ ...host, places, machine, kube });
      },
    };
    try {
      const written = () => terminal.written("stdout") + terminal.written("stderr");
      const code = await waitingFor(
        () => `kodama ${args.join(" ")}, which wrote:\n${written()}`,
        run(args, invocation),
      );
      const stdout = terminal.written("stdout");
      const bytes = new TextEncoder().encode(stdout);
      return { code, stdout, stderr: terminal.written("stderr"), bytes };
    } finally {
      // As at the end of the program: a record may have begun to read the settings of the log.
      await log.opened();
      for (const client of clients) await client[Symbol.asyncDispose]();
    }
  }

  /** Runs a command line that has to succeed; returns its standard output. */
  async succeed(args: readonly string[], options: InProcessOptions = {}): Promise<string> {
    return outputOf(args, await this.run(args, options));
  }
}
