/**
 * What the outer world hands to the actions: the one place where environment, files, clock, network and
 * the embedded cluster come in. `src/wiring.ts` makes the real one; a test makes its own. Costly things
 * are thunks, so that an action pays only for what it asks for.
 */
import type { Clock } from "../base/clock.ts";
import type { Places } from "../config/places.ts";
import type { LocalFiles } from "../copy/local_files.ts";
import type { SpoolFile } from "../exec/stdin_spool.ts";
import type { CallOptions, KubeClient } from "../kube/client.ts";
import type { FoundTargets } from "../kube/find_targets.ts";
import type { Selection } from "../kube/target.ts";
import type { LocalWorld } from "../workflow/engine/world.ts";
import type { RunScript } from "../workflow/model.ts";
import type { ClusterControl } from "./cluster_control.ts";
import type { SyncControl } from "./sync/control.ts";

/** A file that is being made. Disposing of it closes it. */
export interface NewFile extends AsyncDisposable {
  /** Adds to its end; resolves when the system has taken all of it. Rejects with the file's name. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Files, as far as the actions need them. Paths are absolute. */
export interface HostFiles {
  /**
   * Returns the text of a file; undefined if there is none.
   *
   * @param options.within a folder: the file that symbolic links lead to must be in it. For paths that others chose,
   *   such as the authors of a repository.
   * @throws KodamaError `config` if the file is larger than `maxBytes`, isn't UTF-8, can't be read, or isn't in
   *   `within`.
   */
  readText(
    path: string,
    maxBytes: number,
    options?: { within: string | undefined },
  ): Promise<string | undefined>;
  /** Names of the files in a folder, sorted; none where there is no such folder. */
  listFiles(folder: string): Promise<string[]>;
  /**
   * Writes a whole file or nothing: a temporary file beside it, mode 0600, then a rename. Makes missing
   * folders (0700). Where the path is a symbolic link, the file that it points to is replaced.
   */
  replaceText(path: string, text: string): Promise<void>;
  /**
   * Makes a file that isn't there yet, and its folders. With `private` they are their owner's alone (0600,
   * 0700). With `replace` a file of the name goes first; a symbolic link goes itself, and nothing behind it.
   *
   * @throws KodamaError `conflict` where something of the name is there; the system's words else.
   */
  create(path: string, options: { private: boolean; replace: boolean }): Promise<NewFile>;
  /** Size and last change of what a path names, a link itself; undefined where there is nothing. */
  inspect(path: string): Promise<{ bytes: number; modifiedAt: Date } | undefined>;
  /** Takes a file away; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** A private temporary file that is gone when it is disposed of. */
  spool(): Promise<SpoolFile>;
}

/** One word of what a kubeconfig knows, without dialling. */
export interface KubeContextInfo {
  name: string;
  current: boolean;
  /** The API server's address; absent if the kubeconfig doesn't say it. */
  server?: string;
}

/** What `doctor` asks of this machine. */
export interface HostMachine {
  /** Where a program is found on PATH, or undefined. */
  findProgram(name: string): Promise<string | undefined>;
  /**
   * Standard output of a program that is found on PATH, at most 64 KiB. Killed by the signal.
   *
   * @throws KodamaError `environment` where it can't be started.
   */
  capture(
    program: string,
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<{ code: number; stdout: string }>;
  /** Which of the standard streams are a terminal. */
  readonly terminal: { stdin: boolean; stdout: boolean; stderr: boolean };
}

/** An embedded cluster that lives as long as its test. */
export interface TestCluster extends AsyncDisposable {
  /** Its current context is the cluster; its own folder is the test's. */
  readonly host: Host;
  /** A folder that is gone when it is disposed of. */
  folder(): Promise<AsyncDisposable & { path: string }>;
}

/** Everything that an action may ask of the world. */
export interface Host {
  readonly clock: Clock;
  /** A variable of the environment; undefined where it isn't set. */
  env(name: string): string | undefined;
  readonly places: Places;
  readonly files: HostFiles;
  readonly machine: HostMachine;
  /** The contexts of the kubeconfig, in its order. */
  contexts(): Promise<readonly KubeContextInfo[]>;
  /**
   * The client of a context, made once; the current context where none is named. The host owns it and
   * lets go of it when the process ends.
   */
  kube(context?: string): Promise<KubeClient>;
  /** The pods of a selection in one context, and those that it names and that can't be targets. */
  select(
    client: KubeClient,
    selection: Selection,
    options: CallOptions,
  ): Promise<FoundTargets>;
  /** This machine's files for copying; loaded only when called. */
  copyFiles(): Promise<LocalFiles>;
  /** This machine as steps of workflows reach for it, and the sandbox of scripts; loaded only when called. */
  workflowMachine(): Promise<{ local: LocalWorld; runScript: RunScript }>;
  /** An embedded cluster of its own, for tests of workflows: gone when it is disposed of. */
  testCluster(world: string, signal: AbortSignal): Promise<TestCluster>;
  /** This machine's synchronisations; loaded only when called. */
  sync(): Promise<SyncControl>;
  /** Loads the embedded cluster's room only when called. */
  cluster(): Promise<ClusterControl>;
}
