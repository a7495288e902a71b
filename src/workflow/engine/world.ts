/** What a run of a workflow asks of the world: handed in, so that the engine can be tested without any of it. */
import type { Clock } from "../../base/clock.ts";
import type { Outcome } from "../../exec/model.ts";
import type { OpenExec, TargetRun } from "../../exec/run_options.ts";
import type { ChangeAction } from "../../gate/change.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { SkippedPod, Target } from "../../kube/target.ts";
import type { RunScript } from "../model.ts";
import type { Where } from "../selection_fields.ts";
import type { Copied } from "../step_events.ts";

/** The targets of a selection, in all of its contexts. */
export interface FoundPods {
  targets: readonly Target[];
  skipped: readonly SkippedPod[];
  /** Contexts that can't be asked: how many pods they have isn't known. */
  dead: readonly DeadContext[];
  /** Why there are none, as a person would say it; where there are, undefined. */
  none?: string;
}

/** A context that doesn't answer. */
export interface DeadContext {
  context: string;
  reason: string;
}

/** How a program of this machine ended. Output beyond a limit is left out. */
export interface LocalEnd {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Streams that were cut. */
  truncated: readonly ("stdout" | "stderr")[];
}

/** An answer of an HTTP server, its body up to a limit. */
export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  truncated: boolean;
}

/** A file that grows. Disposing of it closes it. */
export interface Writing extends AsyncDisposable {
  write(bytes: Uint8Array): Promise<void>;
}

/** A port of this machine that leads to a pod's. */
export interface PortForward {
  remote: number;
  /** 0 is any free one. */
  local: number;
  target: Target;
  /** Where connections go once the target is gone. */
  again(): Promise<Target | undefined>;
  /** What became of connections and of the pod. */
  told(line: string): void;
}

/** This machine, as far as steps reach for it. Every failure is a KodamaError. */
export interface LocalWorld {
  /** Absolute folders that no step writes to, whatever it is granted: kodama's own. */
  readonly protectedPaths: readonly string[];
  /** Those of these variables of the environment that are set, whatever kodama itself may read of it. */
  variables(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Its standard input is empty. `told` gets whole lines as they come. */
  run(
    words: readonly string[],
    options: {
      environment: Readonly<Record<string, string>>;
      folder: string;
      signal: AbortSignal;
      /** How much is kept of each stream. */
      maxOutputBytes: number;
      told: (stream: "stdout" | "stderr", line: string) => void;
    },
  ): Promise<LocalEnd>;
  /** Redirects aren't followed: a server may not lead to where the workflow isn't allowed. */
  fetch(
    request: {
      method: string;
      url: string;
      headers: Readonly<Record<string, string>>;
      body?: string;
      /** How much is kept of the answer's body. */
      maxOutputBytes: number;
    },
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
  /** Makes a file and its folders; one of the name is replaced. */
  create(path: string): Promise<Writing>;
  readText(path: string): Promise<string | undefined>;
  /** The path without links; of what isn't there, its nearest folder that is, and the rest as it is. */
  realPath(path: string): Promise<string>;
  /** Takes connections to a port of this machine to a pod's, until it is disposed of. */
  forward(forward: PortForward): AsyncDisposable & { port: number };
  /** The only run of this group on this machine, until it is disposed of; or who is. */
  hold(group: string, holder: string): Promise<AsyncDisposable | { heldBy: string }>;
}

/** Which way a copy goes. A relative path of this machine is below the workflow's folder. */
export type CopyWay = { kind: "toPods" | "fromPods"; local: string; remote: string };

/** A copy that a step asks for. */
export interface CopyWork {
  way: CopyWay;
  /** The workflow's, absolute. */
  folder: string;
  targets: readonly { target: Target; name: string }[];
  /** For each target's copy. */
  timeoutMs?: number;
  /** Asked of every absolute path here that is read or written. Rejects where `permissions` don't grant it. */
  permit(path: string): Promise<void>;
  /** What a person should know of a target's copy. */
  note(name: string, text: string): void;
}

/** A copy that can be begun in each of its targets. */
export interface Copying {
  /** Copies one target, whose `index` is its place in the work. */
  perform(run: TargetRun): Promise<Outcome>;
  /** What came of a target's copy; undefined where it didn't come to its end. */
  copied(name: string): Copied | undefined;
}

/** A question to a person. */
export interface Question {
  text: string;
  /** Answers that are possible; none for yes and no. */
  choices: readonly string[];
  /** Not shown while it is typed. */
  secret: boolean;
  /** Any text is an answer. */
  free: boolean;
}

/** Something that a step is about to change. */
export interface StepChange {
  /** The step's id. */
  step: string;
  action: ChangeAction;
  /** Pods that it reaches; none if it changes objects of the cluster, which always asks. */
  targets: readonly Target[];
}

/** All of it. */
export interface World {
  readonly clock: Clock;
  env(name: string): string | undefined;
  /** @throws KodamaError where the only context that is asked refuses; one that can't be reached is `dead`. */
  find(where: Where, signal: AbortSignal): Promise<FoundPods>;
  open: OpenExec;
  /** @throws KodamaError for what can't be read here, and where copies of two targets would be one file. */
  copy(work: CopyWork): Promise<Copying>;
  kube(context: string | undefined): Promise<KubeClient>;
  readonly local: LocalWorld;
  /** The answer, or undefined where there is nobody to ask. */
  ask(question: Question, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Whether a step may change what it is about to change: asked before every change, and only the first one that needs
   * it asks a person. `heard` resolves when everything before the question is shown.
   *
   * @throws UsageError if no one can be asked.
   */
  confirmChange(change: StepChange, heard: () => Promise<void>): Promise<boolean>;
  runScript: RunScript;
  /** Not to be guessed by a command's output. */
  nonce(): string;
}
