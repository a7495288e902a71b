/** The options of `start`, as far as every front end offers them. Limits and amounts of money are read from their texts. */
import { textField } from "../../operation/field.ts";

/** The properties of a new session. */
export const startOptions = {
  repo: textField(
    "repository to check out: an HTTPS or SSH URL, or . for the origin of the current directory",
    { placeholder: "URL" },
  ),
  branch: textField("branch to work on (default a new branch for the session)", {
    placeholder: "NAME",
  }),
  template: textField("session template to use", { placeholder: "NAME", lookup: "templates" }),
  image: textField("container image of the session (default from the settings)", {
    placeholder: "IMAGE",
  }),
  cpu: textField("CPU limit (default from the settings, or 1)", { placeholder: "QUANTITY" }),
  memory: textField("memory limit (default from the settings, or 2Gi)", {
    placeholder: "QUANTITY",
  }),
  ttl: textField(
    "stop the session after this time, even if it is in use (default from the settings)",
  ),
  idleTimeout: textField(
    "stop the session after it was unused for this time (default from the settings)",
  ),
};
