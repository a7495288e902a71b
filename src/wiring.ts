/** The composition root: the one file that knows every module, and injects the dependencies of each. */
import type { Host } from "./actions/host.ts";
import type { HostOptions, Invocation } from "./cli/invocation.ts";
import type { Program } from "./cli/program.ts";
import { ProcessLog } from "./host/process_log.ts";
import { processTerminal } from "./terminal/deno_terminal.ts";
import { processSignals } from "./host/signals.ts";

/**
 * Returns what this process provides to the command line. Nothing is read, opened or loaded until it is used: parts
 * that only some commands need are imported when one of them needs them.
 */
export function processInvocation(program: Program): Invocation {
  const terminal = processTerminal();
  const environment = (name: string) => Deno.env.get(name);
  const log = new ProcessLog({ stderr: terminal.stderr, now: () => new Date() });
  const hostOf = async (options: HostOptions): Promise<Host> => {
    const { machineHost } = await import("./host/host.ts");
    return machineHost({ ...options, terminal, environment, log });
  };
  return {
    log: {
      log: log.log,
      named: (command) => void (log.command = command),
      listen: (listener) => log.listen(listener),
      async opened() {
        // Without KODAMA_LOG, only commands that open a host have a log: others don't read the settings for it.
        if ((environment("KODAMA_LOG") ?? "") !== "") await hostOf({});
        await log.opened();
      },
    },
    program,
    terminal,
    signals: processSignals,
    environment,
    willDial: gatherEntropy,
    host: (options = {}) => hostOf(options),
    async multiplexer() {
      const { tmuxOfThisMachine } = await import("./host/multiplexer.ts");
      return tmuxOfThisMachine(environment);
    },
    async serveEditor(check) {
      const [{ serveEditor }, { version }] = await Promise.all([
        import("./lsp/server.ts"),
        import("./cli/version.ts"),
      ]);
      const ended = new AbortController();
      try {
        return await serveEditor(check, {
          input: terminal.stdin.chunks(ended.signal),
          write: (bytes) => terminal.stdout.write(bytes),
          version,
        });
      } finally {
        ended.abort();
      }
    },
    async serveTools(options) {
      const { serveTools } = await import("./host/mcp.ts");
      await serveTools(options, terminal);
    },
    async serveWeb(options) {
      const { serveWeb } = await import("./host/web.ts");
      await serveWeb(options);
    },
    async serveCluster(words) {
      const { serveUntilSignal } = await import("./host/cluster.ts");
      await serveUntilSignal(words, processSignals);
    },
    async serveSync(key) {
      const { serveSyncUntilSignal } = await import("./host/sync.ts");
      const host = async (kubeconfig: string | undefined) => {
        const { machineHost } = await import("./host/host.ts");
        return machineHost({ kubeconfig, terminal, environment });
      };
      await serveSyncUntilSignal(key, { host, signals: processSignals });
    },
  };
}

/**
 * The first use of TLS in a process takes some 30 ms to gather randomness. Requested here, this is done in another
 * thread while modules are loaded and the kubeconfig is read.
 */
function gatherEntropy(): void {
  // Its result isn't needed, and TLS itself reports an error of it.
  crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])
    .catch(() => {});
}
