/** What one start of kodama is given: its name, its terminal, its signals, and access to everything else. */
import type { Host } from "../actions/host.ts";
import type { ToolsClient } from "../actions/mcp/offer_tools.ts";
import type { Log, LogRecord } from "../base/log.ts";
import type { Multiplexer } from "../actions/tmux/events.ts";
import type { CheckText } from "../actions/workflow/editor.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { SignalSource } from "../terminal/driver/signals.ts";
import type { Program } from "./program.ts";

/** A namespace, in a context; in the current one if none is named. */
export interface OneNamespace {
  namespace: string;
  context?: string;
}

/** kubectl's flags that override the kubeconfig's server and user; absent if they aren't given. */
export interface ConnectionFlags {
  as?: string;
  asGroups?: readonly string[];
  asUid?: string;
  cluster?: string;
  user?: string;
  server?: string;
  /** A secret: no other process and no file gets it. */
  token?: string;
  /** 0 for no limit. */
  requestTimeoutMs?: number;
}

/** Options for a host that isn't created yet. */
export interface HostOptions {
  /** What overrides the kubeconfig. */
  connection?: ConnectionFlags;
  /** The file to read instead of `$KUBECONFIG`. */
  kubeconfig?: string | undefined;
  /** `-v`: traces of requests on standard error; none if it is absent or below 6. */
  verbosity?: number;
  /** `--read-only`: nothing may be changed. */
  readOnly?: boolean;
  /** Nothing else may be used: other namespaces, contexts, and objects that have no namespace. */
  only?: OneNamespace;
}

/** Which tools are served, and how. */
export interface ServeToolsOptions {
  host: Host;
  /** Changes are offered, and each is confirmed; otherwise they are refused. */
  allowChanges: boolean;
  /** The host can use this namespace alone. */
  onlyNamespace?: string;
  /** On this port of loopback, 0 for any, to requests with the token; absent for standard input and output. */
  http?: { port: number; token: string; onListen: (url: string) => void };
  /** To the programs of agents in a pod, as they start it. */
  clients?: AsyncIterable<ToolsClient>;
  signal: AbortSignal;
}

/** What is served to browsers, and how. */
export interface ServeWebOptions {
  host: Host;
  /** 0 is any free one. */
  port: number;
  /** The address to listen on. */
  address: string;
  /** The names by which browsers may reach the server; links have the first one. */
  names: readonly string[];
  /** PEM; absent without TLS. */
  tls?: { cert: string; key: string };
  /** Opens a link in the browser of this machine. */
  open: boolean;
  /** What a scraper of `/metrics` has to send; without it there are none. */
  metricsToken?: string;
  /** Gets what makes links. */
  onListen: (newLink: () => { url: string; expiresAt: Date }) => void;
  /** Gets the program that couldn't open the link. */
  onOpenFailed?: (program: string) => void;
  signal: AbortSignal;
}

/** The log of one command. */
interface CommandLog {
  log: Log;
  /** Names the running command in all further records: `runs list`. */
  named(command: string): void;
  /** Gives all later records to a listener as well, and until it is disposed of prints none on a terminal. */
  listen(listener: (record: LogRecord) => void): Disposable;
  /** Resolves when all records are written that are to be. */
  opened(): Promise<void>;
}

/** The resources of a command. Costly things are thunks. */
export interface Invocation {
  readonly program: Program;
  readonly terminal: Terminal;
  readonly signals: SignalSource;
  /** Returns an environment variable; undefined if it isn't set. */
  readonly environment: (name: string) => string | undefined;
  /** The log of this process; absent if there is none. */
  readonly log?: CommandLog;
  /** An API server will be contacted: slow preparation starts now, in parallel to the loading of modules. */
  readonly willDial: () => void;
  /** The host that the actions are given. */
  readonly host: (options?: HostOptions) => Promise<Host>;
  /** tmux on this machine. */
  readonly multiplexer: () => Promise<Multiplexer>;
  /** Serves an editor on standard input and output until it ends. Returns whether it ended by the protocol. */
  readonly serveEditor: (check: CheckText) => Promise<boolean>;
  /** Serves kodama's tools to another program's agent, on standard input and output or over HTTP, until it ends. */
  readonly serveTools: (options: ServeToolsOptions) => Promise<void>;
  /** Serves the page of sessions and runs until the signal ends it. */
  readonly serveWeb: (options: ServeWebOptions) => Promise<void>;
  /** Serves the embedded cluster in this process until a signal ends it. `args` follow `serveClusterCommand`. */
  readonly serveCluster: (args: readonly string[]) => Promise<void>;
  /** Syncs the two folders of a synchronisation in this process, until a request ends it. */
  readonly serveSync: (key: string) => Promise<void>;
}
