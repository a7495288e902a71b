/** The flags that only workflows have. */
import { BadValue, toggle, values } from "../flag.ts";

const group = "Workflow";

/** Of `kodama run`. */
export const workflowFlags = {
  "param": values("value of a parameter of the workflow", paramPair, {
    short: "p",
    placeholder: "NAME=VALUE",
    group,
  }),
  "plan": toggle("print what would be done and where, and do nothing", { group }),
  "trust": toggle("run it although nobody has trusted it here; for CI", { group }),
};

/** `NAME=VALUE`; the value may be empty, and may hold `=`. */
function paramPair(raw: string): readonly [name: string, value: string] {
  const at = raw.indexOf("=");
  if (at < 1) throw new BadValue(raw, "must be NAME=VALUE");
  return [raw.slice(0, at), raw.slice(at + 1)];
}
