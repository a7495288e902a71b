/** Failures as data, and their statuses. */
import type { Host } from "../actions/host.ts";
import { type ErrorKind, KodamaError } from "../base/errors.ts";
import { commandHint } from "../present/hints.ts";
import type { ErrorAnswer } from "./api.ts";
import { UnconfirmedQuestion } from "./confirmations.ts";

const statuses: Readonly<Record<ErrorKind, number>> = {
  usage: 400,
  config: 422,
  noMatch: 404,
  notFound: 404,
  forbidden: 403,
  readOnly: 403,
  untrusted: 403,
  unconfirmed: 409,
  conflict: 409,
  declined: 409,
  cancelled: 409,
  environment: 500,
  // 401 is about the page, and this about the cluster.
  unauthorized: 502,
  server: 502,
  unreachable: 502,
  timeout: 504,
};

/** Returns the status of an answer with this error. */
export function httpStatus(error: unknown): number {
  return error instanceof KodamaError ? statuses[error.kind] : 500;
}

/** Returns an error as data. One that is a bug is logged, and its text isn't sent. */
export function errorData(error: unknown, { log }: Pick<Host, "log">): ErrorAnswer["error"] {
  if (!(error instanceof KodamaError)) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    log("error", "web", text);
    return { kind: "server", message: "an error of kodama itself; its log has the details" };
  }
  const { kind, message, hint } = error;
  return {
    kind,
    message,
    ...(hint === undefined ? {} : { hint: commandHint(hint) }),
    ...(error instanceof UnconfirmedQuestion
      ? { question: error.question, confirm: error.confirm }
      : {}),
  };
}
