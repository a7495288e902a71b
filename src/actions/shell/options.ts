/** The options of `shell`: how a shell is opened in a pod. */
import { ofSetting } from "../exec/options.ts";
import { durationField, textField, toggleField, variablesField } from "../../operation/field.ts";

/** How long a shell waits for a reconnect by default after its connection is lost. */
export const persistentFor = "15m";

/** The options of a shell in a pod, and of the shells in the panes of `tmux`. */
export const shellOptions = {
  environment: variablesField("environment variable of the shell"),
  workdir: textField("directory to start in"),
  fresh: toggleField("start a new shell, even if one can be reconnected to"),
  connectTimeoutMs: ofSetting(
    "connectTimeout",
    durationField("time to wait for the pod's stream to open"),
  ),
  /** A folder. */
  log: textField("record the terminal in DIR, as an asciicast"),
};
