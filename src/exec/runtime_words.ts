/**
 * What container runtimes say when they can't start a command. The API has no code for it: a kubelet hands
 * on the text of runc or crun, wrapped by containerd, CRI-O or Docker. The forms, without their wrapping:
 *
 *     exec: "sh": executable file not found in $PATH                       runc (containerd, CRI-O, Docker)
 *     exec: "/x/sh": stat /x/sh: no such file or directory                 runc
 *     exec: "/etc": permission denied  |  exec: "/etc": is a directory     runc
 *     executable file `sh` not found in $PATH: No such file or directory   crun
 *     starting container process caused "exec: \"sh\": executable file …"  runc before 1.0
 *     exec user process caused "exec format error"                         runc
 */
import type { Status } from "../kube/types.ts";

/** Why a command could not be started, with the exit code that a shell gives for it. */
export interface StartFailure {
  exitCode: 126 | 127;
  /** The part of the runtime's text that is about the command. */
  reason: string;
}

const notFound =
  /(?:exec: \\?"(.*?)\\?": (?:executable file not found in \$PATH|(?:stat .*?: )?no such file or directory))|(?:executable file `(.*?)` not found(?: in \$PATH)?)/i;
const notExecutable =
  /exec: \\?".*?\\?": (?:permission denied|is a directory)|(?:open executable|exec user process|exec `.*?`).{0,40}?(?:permission denied|exec format error|is a directory)|exec format error/i;

/** Reads a runtime's text, or undefined where it says something else. */
export function readStartFailure(text: string): StartFailure | undefined {
  // A crafted text may not cost more than a glance.
  const words = text.slice(0, 4096);
  const missing = notFound.exec(words);
  if (missing !== null) return { exitCode: 127, reason: missing[0].replaceAll("\\", "") };
  const unusable = notExecutable.exec(words);
  if (unusable !== null) return { exitCode: 126, reason: unusable[0].replaceAll("\\", "") };
  return undefined;
}

/** Whether a text says that there is no `sh`, as opposed to no such command. */
export function saysNoShell(text: string): boolean {
  const missing = notFound.exec(text.slice(0, 4096));
  return missing !== null && (missing[1] ?? missing[2]) === "sh";
}

/**
 * Whether a refusal means that no command began. A Status of an exec that failed says `InternalError` for all of it:
 * for a node that couldn't be dialled, for a container that is gone, and for a link that broke in the middle of
 * a command. What isn't known to be of the first kinds may be of the last.
 */
export function provesNoBeginning({ reason, message = "" }: Status): boolean {
  if (reason !== undefined && reason !== "InternalError") return true;
  return nothingBegan.test(message.slice(0, 4096));
}

const nothingBegan =
  /\bdial (?:tcp|udp|unix)\b|error dialing backend|connection refused|no route to host|not found|(?:is|are|be) not (?:created or )?running|no running task|unable to upgrade connection|OCI runtime exec failed/i;

/**
 * A server's words without the whole command in them: for a link of its own to a node that broke, it cites the
 * address with every word of kodama's and the person's, `--env` values too.
 */
export function withoutCommand(text: string): string {
  return text.replace(/(\/exec\/[^?"\s]*)\?[^"\s]*/g, "$1");
}
