/**
 * Every error that kodama shows to a person.
 *
 * An error names the failure and, in `hint`, the way out. Programs act on its `kind`: the exit code ({@link
 * exitCodeOfKind}), and whether a target counts as unreachable.
 */

import type { Hint } from "./hint.ts";

/** The class of an error, as programs need it. */
export type ErrorKind =
  /** The command line is invalid. */
  | "usage"
  /** A selection matched nothing usable. */
  | "noMatch"
  /** A file of the user's (kubeconfig, config.yaml, a workflow) can't be used as it is. */
  | "config"
  /** No response from the server: refused, no route, bad certificate, no response in time. */
  | "unreachable"
  /** The server doesn't accept the credentials. */
  | "unauthorized"
  /** The server knows the user, and refuses. */
  | "forbidden"
  /** The named object, container or command doesn't exist. */
  | "notFound"
  /** The object exists, in a state that doesn't allow it. */
  | "conflict"
  /** A time limit was reached. */
  | "timeout"
  /** Nothing may be changed: in this run, or in this context. */
  | "readOnly"
  /** The operation changes something, and no one could be asked: `--yes` confirms it. */
  | "unconfirmed"
  /** A workflow that isn't trusted yet, and no one could be asked. */
  | "untrusted"
  /** A person said no to a question. */
  | "declined"
  /** A person or a signal stopped it. */
  | "cancelled"
  /** The server answered with an error of another kind. */
  | "server"
  /** This machine lacks something: a permission, a program, a kernel feature. */
  | "environment";

const exitCodes: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  noMatch: 2,
  unconfirmed: 2,
  timeout: 3,
  unreachable: 4,
  // 128 + SIGINT, as a shell reports it.
  cancelled: 130,
  readOnly: 1,
  untrusted: 1,
  declined: 1,
  config: 1,
  unauthorized: 1,
  forbidden: 1,
  notFound: 1,
  conflict: 1,
  server: 1,
  environment: 1,
};

/** The exit code of the process for an error of this kind: `docs/exit-codes.md`. */
export function exitCodeOfKind(kind: ErrorKind): number {
  return exitCodes[kind];
}

/** Options of {@link KodamaError}. */
export interface KodamaErrorOptions {
  /** The way out: a sentence, or an action that helps. */
  hint?: Hint;
  /** The underlying error. */
  cause?: unknown;
}

/** An error for the person at the terminal. Anything else that is thrown is a bug in kodama. */
export class KodamaError extends Error {
  override readonly name: string = "KodamaError";
  readonly hint: Hint | undefined;

  constructor(readonly kind: ErrorKind, message: string, options: KodamaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The command line is invalid: exit code 2. */
export class UsageError extends KodamaError {
  override readonly name = "UsageError";

  constructor(message: string, options: KodamaErrorOptions = {}) {
    super("usage", message, options);
  }
}

/** A change that no one could be asked about: front ends ask, and confirm it with `--yes`. */
export class UnconfirmedError extends KodamaError {
  override readonly name = "UnconfirmedError";
  /** The question that a person is to answer, as lines of text; undefined if the message has all. */
  readonly asked: string | undefined;

  constructor(message: string, options: KodamaErrorOptions & { asked?: string } = {}) {
    super("unconfirmed", message, options);
    this.asked = options.asked;
  }
}

/** A selection matched nothing: exit code 2, never a silent success. */
export class NoMatchError extends KodamaError {
  override readonly name = "NoMatchError";

  constructor(message: string, options: KodamaErrorOptions = {}) {
    super("noMatch", message, options);
  }
}

/** Returns the result of a call; undefined if it fails with an error of these kinds. */
export async function unlessError<T>(
  kinds: readonly ErrorKind[],
  call: Promise<T>,
): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof KodamaError && kinds.includes(error.kind)) return undefined;
    throw error;
  }
}
