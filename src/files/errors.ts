/** Errors of this machine's files. */
import { KodamaError } from "../base/errors.ts";

/** Returns whether the error means that there is nothing of the name. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}

/** Returns the result of an access to a file; undefined if there is nothing of the name. */
export async function ifPresent<T>(access: () => Promise<T>): Promise<T | undefined> {
  try {
    return await access();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Like {@link ifPresent}, at once. */
export function ifPresentSync<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** Returns the error of a file operation, with the operating system's own message. */
export function fileError(what: string, error: unknown): unknown {
  if (error instanceof KodamaError) return error;
  if (error instanceof Deno.errors.NotCapable) {
    return new KodamaError("environment", `${what}: Deno's permissions don't allow it`, {
      hint: "docs/permissions.md explains each permission; root writes nothing below the HOME of " +
        "another user: set KODAMA_CONFIG_DIR to a folder of root's",
      cause: error,
    });
  }
  if (!(error instanceof Error)) return error;
  // Deno adds its own name of the operation, and a path that may be a temporary one's.
  const message = error.message.replace(/(\(os error \d+\)): .*$/s, "$1");
  return new KodamaError("config", `${what}: ${message}`, { cause: error });
}
