/** Why a script in a pod refused: its codes as sentences with a way out. */
import { KodamaError } from "../base/errors.ts";

/** Returns the error. `pod` is for the messages; `words` are the args after `refused`. */
export function refusalError(pod: string, words: readonly string[]): KodamaError {
  const [why = "", detail = ""] = words;
  switch (why) {
    case "noTool":
      return new KodamaError("environment", `the image of ${pod} has no ${detail}`, {
        hint: "agents run in images with sh and coreutils or busybox",
      });
    case "noHome":
      return new KodamaError("environment", `${pod} has no home folder: HOME isn't set`, {
        hint: "set HOME in the pod's spec to a folder on a volume",
      });
    case "noFolder":
      return new KodamaError("environment", `${pod} can't write to ~/.kodama/tasks`, {
        hint: "the home folder must be writable for the container's user, and have room",
      });
    case "noTask":
      return new KodamaError("notFound", `${pod} has no task ${detail}`, {
        hint: "`kodama agent list NAME` shows those that there are",
      });
    case "idle":
      return new KodamaError("conflict", `no agent is working in ${pod}`, {
        hint: "`kodama agent list NAME` shows the tasks that there were",
      });
    case "incomplete":
      return new KodamaError("server", `the task didn't arrive whole in ${pod}`, {
        hint: "nothing was begun: run the command again; is the disk of its home folder full?",
      });
    default:
      return new KodamaError("server", `the task couldn't be begun in ${pod}`, {
        hint: "nothing was begun: run the command again; is the disk of its home folder full?",
      });
  }
}
