/**
 * The environment of the actions: the single entry of variables, files, clock, network and the embedded cluster.
 * `src/wiring.ts` makes the real one; a test makes its own. Costly things are thunks, so that an action pays only
 * for what it uses.
 */
import { KodamaError } from "../base/errors.ts";
import type { ListedContext } from "../kube/open_client.ts";
import type { DraftFile } from "../base/draft_file.ts";
import type { Clock } from "../base/clock.ts";
import type { Hint } from "../base/hint.ts";
import type { Log } from "../base/log.ts";
import type { Places } from "../config/paths.ts";
import type { LocalFiles } from "../copy/local_files.ts";
import type { SpoolFile } from "../exec/stdin_spool.ts";
import type { ForwardControl } from "../forward/daemon.ts";
import type { CallOptions, KubeClient } from "../kube/client.ts";
import type { AbsentPods, FoundTargets } from "../kube/select/find_targets.ts";
import type { Selection } from "../kube/select/target.ts";
import type { Model } from "../model/model.ts";
import type { ModelName } from "../model/names.ts";
import type { ModelAccess } from "../model/sdk.ts";
import type { PluginProcess } from "../plugin/session.ts";
import type { TrustedFiles } from "../sandbox/trust.ts";
import type { LocalEnvironment } from "../workflow/engine/environment.ts";
import type { RunScript } from "../workflow/model.ts";
import type { ClusterControl } from "./cluster_control.ts";
import type { KubectlProgram } from "./kubectl/program.ts";
import type { SyncControl } from "../sync/daemon/model.ts";

/** A file that is being written. Disposing of it closes it. */
export interface NewFile extends AsyncDisposable {
  /** Appends the bytes; resolves when the system has accepted all of them. Rejects with the file's name. */
  write(bytes: Uint8Array): Promise<void>;
}

/** The file operations that the actions need. Paths are absolute. */
export interface HostFiles {
  /**
   * Returns the text of a file; undefined if there is none.
   *
   * @param options.within a folder: the file that symbolic links resolve to must be in it. For paths that others chose,
   *   such as the authors of a repository.
   * @throws KodamaError `config` if the file is larger than `maxBytes`, isn't UTF-8, can't be read, or isn't in
   *   `within`.
   */
  readText(
    path: string,
    maxBytes: number,
    options?: { within: string | undefined },
  ): Promise<string | undefined>;
  /**
   * Returns the bytes of a file; undefined if there is none.
   *
   * @throws KodamaError `config` if the file is larger than `maxBytes` or can't be read.
   */
  readBytes(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Returns the names of the files in a folder, sorted; an empty list if there is no such folder. */
  listFiles(folder: string): Promise<string[]>;
  /**
   * Writes a whole file or nothing: a temporary file beside it, then a rename. A new file has mode 0600, an existing
   * one keeps its own. Creates missing folders (0700). If the path is a symbolic link, its target is replaced.
   */
  replaceText(path: string, text: string): Promise<void>;
  /**
   * Changes a file by what is in it: of several processes that do so at once, each reads what the one before has written.
   * It is written as by `replaceText`, unless the text stays.
   *
   * @param change gets undefined if there is no such file.
   * @throws KodamaError as `readText` and `replaceText`, and `timeout`.
   */
  changeText(
    path: string,
    maxBytes: number,
    change: (text: string | undefined) => string | Promise<string>,
  ): Promise<{ changed: boolean }>;
  /**
   * Creates a file that others may read while it grows, and its folders. With `private` only their owner can use them (0600, 0700). With `replace`
   * an existing file is removed first; a symbolic link is removed itself, not its target.
   *
   * @throws KodamaError `conflict` if the path exists; otherwise the system's error.
   */
  create(path: string, options: { private: boolean; replace: boolean }): Promise<NewFile>;
  /** Opens a file that gets its name when it is complete; see `files/incomplete_file.ts`. */
  draft(path: string, options: { private: boolean; replace: boolean }): Promise<DraftFile>;
  /**
   * Returns size, modification time and permission bits of a path, of a link itself; undefined if it doesn't exist. A
   * system without permission bits has no `mode`.
   */
  inspect(path: string): Promise<{ bytes: number; modifiedAt: Date; mode?: number } | undefined>;
  /**
   * Returns why others than this user decide about the content of a file: it, or its folder, belongs to another user
   * who isn't root (`owner`), or is writable for all users (`mode`); undefined if only this user does, if there is no
   * such file, or if the system has no owners.
   */
  controlledByOthers(path: string): Promise<"owner" | "mode" | undefined>;
  /** Removes a file; does nothing if there is none. */
  remove(path: string): Promise<void>;
  /** Returns a private temporary file, which disposal removes. */
  spool(): Promise<SpoolFile>;
}

/** One context of a kubeconfig, read without connecting. */
export interface KubeContextInfo extends ListedContext {
  current: boolean;
}

/** What `doctor` needs from this machine. */
export interface HostMachine {
  /** Returns the path of a program found on PATH, or undefined. */
  findProgram(name: string): Promise<string | undefined>;
  /**
   * Returns the standard output of a program on PATH, at most 64 KiB. The signal kills it.
   *
   * @throws KodamaError `environment` if it can't be started.
   */
  capture(
    program: string,
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<{ code: number; stdout: string }>;
  /**
   * Runs a program on PATH, and yields the lines that it writes, of both streams; returns its exit code. The signal ends
   * it, and then so does this.
   *
   * @throws KodamaError `environment` if it can't be started.
   */
  lines(
    program: string,
    words: readonly string[],
    options: { stdin: string; signal: AbortSignal },
  ): AsyncGenerator<string, number>;
  /** Returns the command that starts this kodama again, and the variables that it needs from any folder. */
  ownCommand(): { argv: readonly string[]; environment: Readonly<Record<string, string>> };
  /** Which of the standard streams are a terminal. */
  readonly terminal: { stdin: boolean; stdout: boolean; stderr: boolean };
}

/** An embedded cluster that lives as long as its test. */
export interface TestCluster extends AsyncDisposable {
  /** Its current context is the cluster; its own folder is the test's. */
  readonly host: Host;
  /** Returns a folder, which disposal removes. */
  folder(): Promise<AsyncDisposable & { path: string }>;
}

/** Everything that an action may use of its environment. */
export interface Host {
  readonly clock: Clock;
  /** Returns an environment variable; undefined if it isn't set. */
  env(name: string): string | undefined;
  readonly places: Places;
  readonly files: HostFiles;
  readonly machine: HostMachine;
  /** The contexts of the kubeconfig, in its order. */
  contexts(): Promise<readonly KubeContextInfo[]>;
  /**
   * Returns the client of a context, made once; the current context if none is named. The host owns it and
   * releases it when the process ends.
   */
  kube(context?: string): Promise<KubeClient>;
  /** Returns the pods of a selection in one context, and the named pods that can't be targets. */
  select(
    client: KubeClient,
    selection: Selection,
    options: CallOptions & AbsentPods,
  ): Promise<FoundTargets>;
  /** Returns a language model of a provider, whose code is loaded only when this is called. Nothing is sent yet. */
  openModel(name: ModelName, access: ModelAccess): Promise<Model>;
  /** This machine's files for copying; loaded only when called. */
  copyFiles(): Promise<LocalFiles>;
  /**
   * This machine as workflow steps use it, and the sandbox of scripts; loaded only when called. Without trusted files,
   * as for a plan, it starts neither programs nor scripts.
   */
  workflowMachine(
    trusted?: TrustedFiles,
  ): Promise<{ local: LocalEnvironment; runScript: RunScript }>;
  /**
   * Returns what starts processes for plugins; loaded only when called.
   *
   * @throws KodamaError `environment` if this machine has no Deno for them.
   */
  pluginProcesses(): Promise<{ start(program: string): PluginProcess }>;
  /** Returns a separate embedded cluster for trusted tests of workflows; disposal removes it. */
  testCluster(world: string, trusted: TrustedFiles, signal: AbortSignal): Promise<TestCluster>;
  /** Takes what may be worth knowing afterwards. */
  readonly log: Log;
  /** Shows the user a note beside the output of an action; a repeated one is shown once. */
  note(note: Hint): void;
  /** Nothing may be changed, in any context: by an option, or a variable. */
  readonly readOnly: boolean;
  /** The user's own kubectl; loaded only when called. */
  kubectl(): Promise<KubectlProgram>;
  /** This machine's synchronisations; loaded only when called. */
  sync(): Promise<SyncControl>;
  /** This machine's forwards in the background; loaded only when called. */
  forwards(): Promise<ForwardControl>;
  /** Loads the embedded cluster's module only when called. */
  cluster(): Promise<ClusterControl>;
}

/** Returns the error of a process that the options of a connection can't be passed on to. */
export function onlyHereError(what: string): KodamaError {
  return new KodamaError("usage", `${what} use the kubeconfig's own server and user`, {
    hint: "a context of a kubeconfig can have others",
  });
}
