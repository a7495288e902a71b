/** The environment of a run of a workflow: passed in, so that the engine can be tested without any of it. */
import type { DraftFile } from "../../base/draft_file.ts";
import type { PortForward } from "../../forward/forward_port.ts";
import type { Clock } from "../../base/clock.ts";
import type { Outcome } from "../../exec/outcome.ts";
import type { OpenExec, TargetRun } from "../../exec/run_options.ts";
import type { ChangeAction } from "../../gate/change.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { SkippedPod, Target } from "../../kube/select/target.ts";
import type { copyFields } from "../../copy/copy.ts";
import type { Input } from "../../operation/field.ts";
import type { RunScript } from "../model.ts";
import type { Where } from "../selection_fields.ts";
import type { Copied } from "../step_events.ts";

/** The targets of a selection, in all of its contexts. */
export interface FoundPods {
  targets: readonly Target[];
  skipped: readonly SkippedPod[];
  /** Unreachable contexts: how many pods they have isn't known. */
  dead: readonly DeadContext[];
  /** Returns the labels of a target's pod. */
  labelsOf?: (target: Target) => Readonly<Record<string, string>>;
  /** The reason why there are none, as a message; undefined if there are some. */
  none?: string;
}

/** A context that doesn't respond. */
export interface DeadContext {
  context: string;
  reason: string;
}

/** The end of a local program. Output beyond a limit is dropped. */
export interface LocalEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Streams that were cut. */
  truncated: readonly ("stdout" | "stderr")[];
}

/** A response of an HTTP server, its body up to a limit. */
export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  truncated: boolean;
}

/** This machine, as steps access it. Every failure is a KodamaError. */
export interface LocalEnvironment {
  /** Absolute folders that no step writes to, whatever it is granted: kodama's own. */
  readonly protectedPaths: readonly string[];
  /** Returns those of these environment variables that are set, whatever kodama itself may read of it. */
  variables(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Runs a program. `onLine` gets whole lines as they come. */
  run(
    argv: readonly string[],
    options: {
      environment: Readonly<Record<string, string>>;
      folder: string;
      /** Standard input; it is empty if absent. */
      input?: string | undefined;
      signal: AbortSignal;
      /** How much of each stream is stored. */
      maxOutputBytes: number;
      onLine: (stream: "stdout" | "stderr", line: string) => void;
    },
  ): Promise<LocalEnd>;
  /** Redirects aren't followed: a server may not redirect to a host that the workflow isn't granted. */
  fetch(
    request: {
      method: string;
      url: string;
      headers: Readonly<Record<string, string>>;
      body?: string;
      /** The absolute path of a file that is sent as the body, instead of `body`. */
      upload?: string;
      /** How much of the response's body is stored. */
      maxOutputBytes: number;
      /** Receives all of the response's body, of which nothing is stored then. */
      download?: (bytes: Uint8Array) => Promise<void>;
    },
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
  /** Opens a file, and creates its folders; an existing file is replaced when it is complete. */
  create(path: string): Promise<DraftFile>;
  readText(path: string): Promise<string | undefined>;
  /** Returns the path without links; a missing one as its nearest existing folder, and the remaining path as it is. */
  realPath(path: string): Promise<string>;
  /** Forwards connections from a local port to a pod's, until it is disposed of. */
  forward(forward: PortForward): Promise<AsyncDisposable & { port: number }>;
  /** Makes this the only run of this group on this machine, until it is disposed of; or returns the current holder. */
  hold(group: string, holder: string): Promise<AsyncDisposable | { heldBy: string }>;
}

/** The direction of a copy. A relative local path is below the workflow's folder. */
export type CopyWay = { kind: "toPods" | "fromPods"; local: string; remote: string };

/** A copy of a step. */
export interface CopyWork {
  way: CopyWay;
  /** The workflow's, absolute. */
  folder: string;
  targets: readonly { target: Target; name: string }[];
  /** Of each target's copy. */
  options: Partial<Input<typeof copyFields>>;
  /** Called with every absolute local path that is read or written. Rejects if `permissions` don't grant it. */
  permit(path: string): Promise<void>;
  /** Reports something about a target's copy to a person. */
  note(name: string, text: string): void;
}

/** A copy that can be started in each of its targets. */
export interface Copying {
  /** Copies one target, whose `index` is its position in the work. */
  perform(run: TargetRun): Promise<Outcome>;
  /** Returns the result of a target's copy; undefined if it wasn't completed. */
  copied(name: string): Copied | undefined;
}

/** A question to a person. */
export interface Question {
  text: string;
  /** Possible answers; none for yes and no. */
  choices: readonly string[];
  /** Not shown while it is typed. */
  secret: boolean;
  /** Any text is an answer. */
  free: boolean;
  /** The answer is the index of a choice, from 0, or the indexes of several with commas between them. */
  indexed?: "one" | "many";
}

/** A change that a step is about to make. */
export interface StepChange {
  /** The step's id. */
  step: string;
  action: ChangeAction;
  /** Pods that it reaches; none if it changes objects of the cluster, which always asks. */
  targets: readonly Target[];
  /** It isn't a part of what was confirmed before the run: it is only known now. */
  isUnplanned?: boolean;
}

/** The whole environment. */
export interface Environment {
  readonly clock: Clock;
  env(name: string): string | undefined;
  /** @throws KodamaError if the only context refuses; one that can't be reached is `dead`. */
  find(where: Where, signal: AbortSignal): Promise<FoundPods>;
  open: OpenExec;
  /** @throws KodamaError if a local file can't be read, or if copies of two targets would be one file. */
  copy(work: CopyWork): Promise<Copying>;
  kube(context: string | undefined): Promise<KubeClient>;
  /** Opens a pane of tmux for each target; returns its session. @throws KodamaError `environment` without tmux. */
  openPanes(request: {
    targets: readonly Target[];
    names: readonly string[];
    /** Empty for a shell. */
    command: readonly string[];
    session: string | undefined;
    /** Input goes to all panes of a window. */
    sync: boolean;
    signal: AbortSignal;
  }): Promise<{ session: string; panes: number }>;
  readonly local: LocalEnvironment;
  /** Returns the answer, or undefined if no one can be asked. */
  ask(question: Question, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Returns whether a step may make a change: called before every change; only the first one that needs a confirmation
   * asks a person. `shown` resolves when everything before the question is shown.
   *
   * @throws UsageError if no one can be asked.
   */
  confirmChange(change: StepChange, shown: () => Promise<void>): Promise<boolean>;
  runScript: RunScript;
  /**
   * Resolves when the record of all events so far is stored: a step or a command starts after that. Absent if they
   * start at once. Rejects if it can't be stored: then nothing more may start.
   */
  stored?(): Promise<void>;
  /** Returns a text that a command's output can't guess. */
  nonce(): string;
}
