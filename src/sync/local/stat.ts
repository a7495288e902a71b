/** Inspects a path of this machine. */
import { KodamaError } from "../../base/errors.ts";
import { isAbsent } from "../../files/errors.ts";

/** Returns what is at a path, without following a link; undefined if there is nothing. */
export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw cannotLook(path, error);
  }
}

/** Returns the error of a path that can't be inspected. */
export function cannotLook(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new KodamaError("environment", `cannot look at ${path}: ${error.message}`, {
    cause: error,
  });
}
