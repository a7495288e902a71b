/** What containerd and runc say when a command can't be run, word for word: people search for these texts. */

/** Why a command could not be run: what execve(2) said, as far as it tells apart what runc tells apart. */
export type LookupFailure = "notFound" | "notExecutable";

/** Why a command did not begin: it could not be run, or its container was gone already. */
export type StartFailure = LookupFailure | "stopped";

/** What the exit code of nsenter(1) tells: for a failed execve(2) it is that of the shells, for all else 1. */
export function startFailure(exitCode: number): StartFailure {
  switch (exitCode) {
    case 126:
      return "notExecutable";
    case 127:
      return "notFound";
    default:
      return "stopped";
  }
}

/** The words of runc for one command. */
function cause(program: string, failure: StartFailure): string {
  if (failure === "stopped") return "cannot exec in a stopped container";
  const name = JSON.stringify(program);
  if (failure === "notExecutable") return `exec: ${name}: permission denied`;
  return program.includes("/")
    ? `exec: ${name}: stat ${program}: no such file or directory`
    : `exec: ${name}: executable file not found in $PATH`;
}

/**
 * For a command in a running container: the kubelet's wrapping of containerd's of runc's message. Containerd's
 * streaming server has said "Internal error occurred" already when the kubelet says it.
 */
export function execStartError(program: string, failure: StartFailure): string {
  return `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "${randomId()}": ` +
    `OCI runtime exec failed: exec failed: unable to start container process: ${
      cause(program, failure)
    }: unknown`;
}

/** For a container's main process. */
export function mainStartError(program: string, failure: StartFailure): string {
  return "failed to create containerd task: failed to create shim task: OCI runtime create failed: " +
    `runc create failed: unable to start container process: error during container init: ${
      cause(program, failure)
    }: unknown`;
}

/** 64 hexadecimal digits, as containerd names what it makes. */
export function randomId(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}
