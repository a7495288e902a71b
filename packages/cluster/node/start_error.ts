/** The messages of containerd and runc when a command can't be run, verbatim: people search for these texts. */

/** Why a command could not be run: the error of execve(2), as far as runc distinguishes it. */
export type LookupFailure = "notFound" | "notExecutable";

/** Why a command did not start: it could not be run, or its container had already ended. */
type ExecFailure = LookupFailure | "stopped";

/** Returns the error for nsenter(1)'s exit code: for a failed execve(2) it is that of the shells, for all else 1. */
export function startFailure(exitCode: number): ExecFailure {
  switch (exitCode) {
    case 126:
      return "notExecutable";
    case 127:
      return "notFound";
    default:
      return "stopped";
  }
}

/** Returns runc's message for one command. */
function cause(program: string, failure: ExecFailure): string {
  if (failure === "stopped") return "cannot exec in a stopped container";
  const name = JSON.stringify(program);
  if (failure === "notExecutable") return `exec: ${name}: permission denied`;
  return program.includes("/")
    ? `exec: ${name}: stat ${program}: no such file or directory`
    : `exec: ${name}: executable file not found in $PATH`;
}

/**
 * Returns the error of a command in a running container: the kubelet's wrapping of containerd's of runc's message.
 * Containerd's streaming server has already added "Internal error occurred" when the kubelet adds it.
 */
export function execStartError(program: string, failure: ExecFailure): string {
  return `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "${randomId()}": ` +
    `OCI runtime exec failed: exec failed: unable to start container process: ${
      cause(program, failure)
    }: unknown`;
}

/** For a container's main process. */
export function mainStartError(program: string, failure: ExecFailure): string {
  return "failed to create containerd task: failed to create shim task: OCI runtime create failed: " +
    `runc create failed: unable to start container process: error during container init: ${
      cause(program, failure)
    }: unknown`;
}

/** Returns 64 hexadecimal digits, as containerd's ids. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}
