/** The options of `shell`: how a shell is opened in a pod. */
import { durationOption, ofSetting, textOption, toggleOption, variablesOption } from "../option.ts";

/** How long a shell waits for a reconnect by default after its connection is lost. */
export const persistentFor = "15m";

/** The options of a shell in one pod, and of the shells in the panes of `tmux`. */
export const shellOptions = {
  environment: variablesOption("environment variable of the shell"),
  workdir: textOption("directory to start in"),
  fresh: toggleOption("start a new shell, even if one can be reconnected to"),
  connectTimeoutMs: ofSetting(
    "connectTimeout",
    durationOption("time to wait for the pod's stream to open"),
  ),
  /** A folder. */
  log: textOption("record the terminal in DIR, as an asciicast"),
};
