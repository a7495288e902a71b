/** The options of `start`, as far as every front end offers them. Limits and amounts of money are read from their texts. */
import { textOption } from "../option.ts";

/** What a new session is. */
export const startOptions = {
  repo: textOption(
    "repository to check out: an HTTPS or SSH URL, or . for the origin of the current directory",
  ),
  branch: textOption("branch to work on (default a new branch for the session)"),
  template: textOption("session template to use"),
  image: textOption("container image of the session (default from the settings)"),
  cpu: textOption("CPU limit (default from the settings, or 1)"),
  memory: textOption("memory limit (default from the settings, or 2Gi)"),
  ttl: textOption(
    "stop the session after this time, even if it is in use (default from the settings)",
  ),
  idleTimeout: textOption(
    "stop the session after it was unused for this time (default from the settings)",
  ),
};
