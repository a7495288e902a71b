/** The advice for sessions without an image: the commands that build one and set it. */
import { KodamaError } from "../base/errors.ts";
import { action, hint } from "../base/hint.ts";

/** Returns the error of a start without any image. */
export function noImageError(): KodamaError {
  const name = "REGISTRY/NAME:TAG";
  return new KodamaError("config", "no image for sessions is set, and kodama publishes none", {
    hint: hint`two commands build one and set it:
  ${action("image.build", { name, push: true })}
  ${action("config.set", { key: "defaults.image", value: name })}
any image with sh, git and tar will do; on the embedded cluster, set kodama-session`,
  });
}
