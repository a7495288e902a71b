/** `logs`: the last lines of every selected pod. */
import * as v from "valibot";
import { parseDuration } from "../../base/duration.ts";
import { countFromOne, described, duration, dynamic, maxOutput, text } from "../fields.ts";
import { readLogs } from "../engine/read_logs.ts";
import { podOutput } from "./exec.ts";
import { defineStep } from "../step_kind.ts";
import { podEntries, podLimitOf } from "../pod_fields.ts";

const request = v.strictObject({
  tail: v.optional(
    described(dynamic(countFromOne), "Number of lines from the end; 100 by default."),
  ),
  since: v.optional(described(dynamic(duration), "Lines of the last so much time.")),
  previous: v.optional(described(v.boolean("true or false"), "Of the container before this one.")),
  timestamps: v.optional(described(
    v.boolean("true or false"),
    "Whether each line starts with the time at which it was logged; false by default.",
  )),
}, "a mapping of fields");

/** The kind `logs`. */
export const logsStep = defineStep({
  name: "logs",
  summary: "Reads the last lines of the logs of every selected pod.",
  inPods: true,
  entries: {
    logs: described(request, "Which lines to read; `{}` for the last 100."),
    ...podEntries,
    maxOutput: v.optional(
      described(
        maxOutput,
        "The size up to which the lines of each pod are available to expressions; 64Ki by default.",
      ),
    ),
    save: v.optional(described(
      text,
      "A local folder: each pod's lines are written to a file in it, instead of being shown.",
    )),
  },
  output: podOutput,
  example: `
select: { namespace: weka-operator-system, match: drive }
permissions: { write: [saved] }
steps:
  - id: last
    logs: { tail: 20, since: 1h, previous: false, timestamps: true }
    maxOutput: 1Mi
  - logs: {}
    select: { namespace: weka-operator-system, match: compute }
    targets: [weka-compute-0]
    save: saved/logs
`,
  needs: ({ save }) => save === undefined ? [] : [{ kind: "write", what: save }],
  plan: ({ logs: { tail = 100 } }) => ({
    does: `read the last ${tail} lines of the logs`,
    where: "pods",
    effect: "reads",
  }),
  run: async (fields, step) => {
    const { logs: { tail, since, previous, timestamps }, save, maxOutput } = fields;
    if (save !== undefined) await step.requirePath("write", save);
    const sinceMs = since === undefined ? undefined : parseDuration(since);
    return await readLogs(step, await step.targets(fields), {
      tail: typeof tail === "number" ? tail : 100,
      previous: previous ?? false,
      timestamps: timestamps ?? false,
      maxOutputBytes: podLimitOf(maxOutput),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(save === undefined ? {} : { save }),
    });
  },
});
