/** Errors of copying, told apart from those of this machine's files. */
import { CopyFailure } from "../copy/far_end.ts";
import { TarError } from "../copy/tar_header.ts";
import { fileError } from "./files.ts";

/** The error of a file operation; what a pod or its archive is to blame for stays what it is. */
export function copyError(what: string, error: unknown): unknown {
  return error instanceof CopyFailure || error instanceof TarError ? error : fileError(what, error);
}
