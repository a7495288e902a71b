/** Separates errors of copying from those of this machine's files. */
import { CopyFailure } from "../pod_script.ts";
import { TarError } from "../tar_header.ts";
import { fileError } from "../../files/errors.ts";

/** Returns the error of a file operation; an error of a pod or its archive is returned unchanged. */
export function copyError(what: string, error: unknown): unknown {
  return error instanceof CopyFailure || error instanceof TarError ? error : fileError(what, error);
}
