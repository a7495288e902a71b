/** The one table from what went wrong to the exit code of the process. */
import type { ErrorKind } from "../base/errors.ts";

/** Everything went well. */
export const success = 0;
/** kodama itself failed, or a server said no. */
export const failure = 1;

const codes: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  noMatch: 2,
  timeout: 3,
  unreachable: 4,
  // 128 + SIGINT, as a shell reports it.
  cancelled: 130,
  config: failure,
  unauthorized: failure,
  forbidden: failure,
  notFound: failure,
  conflict: failure,
  server: failure,
  environment: failure,
};

/** The exit code for an error of this kind. */
export function exitCodeOf(kind: ErrorKind): number {
  return codes[kind];
}
