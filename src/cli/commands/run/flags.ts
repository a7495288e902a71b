/** The flags that only workflows have. */
import { BadValue, toggle, values } from "../../parser/flag.ts";

const group = "Workflow";

/** Of `kodama run`. */
export const workflowFlags = {
  "param": values(
    "parameter of the workflow; repeat it for the items of a list",
    paramPair,
    {
      short: "p",
      placeholder: "NAME=VALUE",
      group,
      completion: { kind: "params" },
    },
  ),
  "plan": toggle("print what would be done and where, and do nothing", { group }),
  "trust": toggle("run it although it is not trusted here; for CI", { group }),
};

/** By name: a parameter that is repeated has all of its texts. */
export function paramTexts(
  pairs: readonly (readonly [name: string, value: string])[],
): Map<string, string | readonly string[]> {
  const texts = Map.groupBy(pairs, ([name]) => name);
  return new Map(
    [...texts].map(([name, all]) => {
      const values = all.map(([, value]) => value);
      return [name, values.length === 1 ? values[0] ?? "" : values];
    }),
  );
}

/** `NAME=VALUE`; the value may be empty, and may contain `=`. */
function paramPair(raw: string): readonly [name: string, value: string] {
  const at = raw.indexOf("=");
  if (at < 1) throw new BadValue(raw, "must be NAME=VALUE");
  return [raw.slice(0, at), raw.slice(at + 1)];
}
