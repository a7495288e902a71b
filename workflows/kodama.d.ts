/**
 * What a `script` step of a workflow finds as `kodama`. For an editor: begin the script's file with
 *
 *     /// <reference path="./kodama.d.ts" />
 *
 * Each call needs a permission of the workflow: `permissions.cluster`, with the verb and the namespace. A call
 * that isn't granted rejects, as one does that kodama can't answer.
 */
declare const kodama: {
  /** What the step's `with` came to; null without one. */
  readonly input: KodamaJson;
  /** Names of the targets of the workflow's selection. */
  readonly targets: readonly string[];

  /** Runs a command in the targets: all of them, or those that are named. Needs the verb `exec`. */
  exec(
    command: readonly string[],
    options?: {
      targets?: readonly string[];
      /** For each target. */
      timeoutMs?: number;
    },
  ): Promise<Readonly<Record<string, KodamaTargetResult>>>;

  /**
   * An object by its `name`, or a list of all, narrowed by a label selector. `resource` is the plural: `pods`.
   * The namespace is that of the targets where they share one. Needs the verb `get`, or `list` without a name.
   */
  get(
    resource: string,
    options?: { name?: string; namespace?: string; selector?: string },
  ): Promise<KodamaJson>;

  /** The last lines of a target's log; 100 where `tail` doesn't say another number. Needs the verb `logs`. */
  logs(target: string, options?: { tail?: number }): Promise<readonly string[]>;

  /** A line of the step, as `console.log`: texts as they are, all else as Deno shows it. */
  log(...parts: unknown[]): void;

  /** What expressions see as the step's `value`. The last one counts; without one it is null. */
  output(value: KodamaJson): void;
};

/** Data as JSON has it. */
type KodamaJson =
  | null
  | boolean
  | number
  | string
  | readonly KodamaJson[]
  | { readonly [name: string]: KodamaJson };

/** How a command ended in one target. */
interface KodamaTargetResult {
  /** `ok`, `failed`, `timeout`, `unreachable`, `unknown`, `cancelled` or `skipped`. */
  readonly outcome: string;
  /** Null where the command has none: it was not reached, or nothing is known of its end. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Output beyond 64 KiB a stream was left out. */
  readonly truncated: boolean;
}
