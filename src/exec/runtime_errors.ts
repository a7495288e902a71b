/**
 * The errors of container runtimes that can't start a command. The API has no code for it: a kubelet forwards the text
 * of runc or crun, wrapped by containerd, CRI-O or Docker. The forms, without their wrapping:
 *
 *     exec: "sh": executable file not found in $PATH                       runc (containerd, CRI-O, Docker)
 *     exec: "/x/sh": stat /x/sh: no such file or directory                 runc
 *     exec: "/etc": permission denied  |  exec: "/etc": is a directory     runc
 *     executable file `sh` not found in $PATH: No such file or directory   crun
 *     starting container process caused "exec: \"sh\": executable file …"  runc before 1.0
 *     exec user process caused "exec format error"                         runc
 */
/** Why a command could not be started, with a shell's exit code for it. */
interface StartFailure {
  exitCode: 126 | 127;
  /** The part of the runtime's text that concerns the command. */
  reason: string;
}

const notFound =
  /(?:exec: \\?"(.*?)\\?": (?:executable file not found in \$PATH|(?:stat .*?: )?no such file or directory))|(?:executable file `(.*?)` not found(?: in \$PATH)?)/i;
const notExecutable =
  /exec: \\?".*?\\?": (?:permission denied|is a directory)|(?:open executable|exec user process|exec `.*?`).{0,40}?(?:permission denied|exec format error|is a directory)|exec format error/i;

/** Parses a runtime's text; undefined if it is about something else. */
export function readStartFailure(text: string): StartFailure | undefined {
  // A crafted text must not take long to match.
  const start = text.slice(0, 4096);
  const missing = notFound.exec(start);
  if (missing !== null) return { exitCode: 127, reason: missing[0].replaceAll("\\", "") };
  const unusable = notExecutable.exec(start);
  if (unusable !== null) return { exitCode: 126, reason: unusable[0].replaceAll("\\", "") };
  return undefined;
}

/** Returns whether a text reports a missing `sh`, as opposed to a missing command. */
export function reportsNoShell(text: string): boolean {
  const missing = notFound.exec(text.slice(0, 4096));
  return missing !== null && (missing[1] ?? missing[2]) === "sh";
}

/**
 * Returns a server's message without the command: if its own link to a node broke, it cites the address with all args
 * of kodama's and the user's, `--env` values too.
 */
export function withoutCommand(text: string): string {
  return text.replace(/(\/exec\/[^?"\s]*)\?[^"\s]*/g, "$1");
}
