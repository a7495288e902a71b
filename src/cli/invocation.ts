/** What one start of kodama is given: its name, its terminal, its signals, and the way to everything else. */
import type { Host } from "../actions/host.ts";
import type { Multiplexer } from "../actions/multiplexer.ts";
import type { Terminal } from "../term/terminal.ts";
import type { Program } from "./program.ts";

/** Signals that ask the process to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The signals of the process. */
export interface SignalSource {
  /** Takes over the signals until it is disposed of: while it is not, each does what it does by itself. */
  listen(handler: (signal: EndSignal) => void): Disposable;
  /**
   * Calls the handler when a person asks how far a command is, by Ctrl-\\ (SIGQUIT) or SIGUSR1; until it is disposed
   * of these signals don't end the process. Absent on a system that has no such signals.
   */
  onStatus?(handler: () => void): Disposable;
}

/** What is known of a host before it is made. */
export interface HostOptions {
  /** The file to read in place of `$KUBECONFIG`. */
  kubeconfig?: string | undefined;
  /** `-v`: traces of requests on standard error; none if it is absent or below 6. */
  verbosity?: number;
}

/** What a command may use. Costly things are thunks. */
export interface Invocation {
  readonly program: Program;
  readonly terminal: Terminal;
  readonly signals: SignalSource;
  /** A variable of the environment; undefined where it isn't set. */
  readonly environment: (name: string) => string | undefined;
  /** An API server will be spoken to: what takes time there begins now, beside the loading of modules. */
  readonly willDial: () => void;
  /** What the actions are given. */
  readonly host: (options?: HostOptions) => Promise<Host>;
  /** tmux on this machine. */
  readonly multiplexer: () => Promise<Multiplexer>;
  /** Serves the embedded cluster in this process until a signal ends it. `words` follow `serveWord`. */
  readonly serveCluster: (words: readonly string[]) => Promise<void>;
  /** Keeps the two folders of a synchronisation alike in this process, until it is asked to end. */
  readonly serveSync: (key: string) => Promise<void>;
}
