/** The options of `start`, as far as every front end offers them. Limits and amounts of money are read from their texts. */
import { textField } from "../../operation/field.ts";

/** The properties of a new session. */
export const startOptions = {
  repo: textField(
    "repository to check out: an HTTPS or SSH URL, or . for the origin of the current directory",
  ),
  branch: textField("branch to work on (default a new branch for the session)"),
  template: textField("session template to use"),
  image: textField("container image of the session (default from the settings)"),
  cpu: textField("CPU limit (default from the settings, or 1)"),
  memory: textField("memory limit (default from the settings, or 2Gi)"),
  ttl: textField(
    "stop the session after this time, even if it is in use (default from the settings)",
  ),
  idleTimeout: textField(
    "stop the session after it was unused for this time (default from the settings)",
  ),
};
