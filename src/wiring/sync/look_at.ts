/** One look at a path of this machine. */
import { KodamaError } from "../../base/errors.ts";
import { isAbsent } from "../files.ts";

/** What is at a path, a link itself; undefined where there is nothing. */
export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw cannotLook(path, error);
  }
}

/** The error of a path that can't be looked at. */
export function cannotLook(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return new KodamaError("environment", `cannot look at ${path}: ${error.message}`, {
    cause: error,
  });
}
