/**
 * Every error that kodama shows to a person.
 *
 * An error names the thing that failed and, in `hint`, the way out. Its `kind` is what programs act
 * on: the exit code ({@link exitCodeOfKind}), and whether a target counts as unreachable.
 */

/** What went wrong, as far as a program needs to know. */
export type ErrorKind =
  /** The words on the command line don't make sense. */
  | "usage"
  /** A selection matched nothing that can be used. */
  | "noMatch"
  /** A file of the user's (kubeconfig, config.yaml, a workflow) can't be used as it is. */
  | "config"
  /** No answer from the server: refused, no route, bad certificate, no answer in time. */
  | "unreachable"
  /** The server doesn't accept the credentials. */
  | "unauthorized"
  /** The server knows the user, and says no. */
  | "forbidden"
  /** The named object, container or command doesn't exist. */
  | "notFound"
  /** The object exists, in a state that doesn't allow it. */
  | "conflict"
  /** A limit of time was reached. */
  | "timeout"
  /** A person said no to a question. */
  | "declined"
  /** A person or a signal stopped it. */
  | "cancelled"
  /** The server answered with an error of another kind. */
  | "server"
  /** This machine lacks something: a permission, a program, a feature of its kernel. */
  | "environment";

const exitCodes: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  noMatch: 2,
  timeout: 3,
  unreachable: 4,
  // 128 + SIGINT, as a shell reports it.
  cancelled: 130,
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
  /** What the person can do now: a sentence, or a command that can be pasted. */
  hint?: string;
  /** The error underneath. */
  cause?: unknown;
}

/** An error meant for the person at the terminal. All else that is thrown is a bug in kodama. */
export class KodamaError extends Error {
  override readonly name: string = "KodamaError";
  readonly hint: string | undefined;

  constructor(readonly kind: ErrorKind, message: string, options: KodamaErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
  }
}

/** The words on the command line don't make sense: exit code 2. */
export class UsageError extends KodamaError {
  override readonly name = "UsageError";

  constructor(message: string, options: KodamaErrorOptions = {}) {
    super("usage", message, options);
  }
}

/** A selection matched nothing: exit code 2, never a silent success. */
export class NoMatchError extends KodamaError {
  override readonly name = "NoMatchError";

  constructor(message: string, options: KodamaErrorOptions = {}) {
    super("noMatch", message, options);
  }
}
