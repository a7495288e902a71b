/** The options of `shell`: how a shell is opened in a pod. */
import { ofSetting } from "../../exec/exec.ts";
import {
  durationField,
  named,
  textField,
  toggleField,
  variablesField,
} from "../../operation/field.ts";

/** How long a shell waits for a reconnect by default after its connection is lost. */
export const persistentFor = "15m";

const shell = { group: "Shell" };

/** The options of a shell in a pod, and of the shells in the panes of `tmux`. */
export const shellOptions = {
  environment: named({ flag: "env" }, variablesField("environment variable of the shell", shell)),
  workdir: textField("directory to start in", { placeholder: "DIR", ...shell }),
  fresh: named(
    { flag: "new" },
    toggleField("start a new shell, even if one can be reconnected to", shell),
  ),
  connectTimeoutMs: named(
    { flag: "connect-timeout" },
    ofSetting(
      "connectTimeout",
      durationField("time to wait for the pod's stream to open", shell),
    ),
  ),
  /** A folder. */
  log: textField("record the terminal in DIR, as an asciicast", {
    ...{ placeholder: "DIR", lookup: "files", ...shell },
  }),
};
