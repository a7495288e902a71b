/** `wait`: for a time, or until the selected pods are ready, running or deleted. */
import * as v from "valibot";
import { parseDuration } from "../../base/duration.ts";
import { numberType } from "../../expression/type.ts";
import { countFromOne, described, durationPattern, dynamic } from "../fields.ts";
import { type AwaitedState, podStates, waitForPods } from "../engine/wait_for_pods.ts";
import { passed } from "../../base/abort.ts";
import { defineStep, failed, ok } from "../step_kind.ts";
import { podEntries } from "../pod_fields.ts";

const expected = "ready, running, gone, or a duration such as 30s";

const isState = (text: string): text is AwaitedState =>
  (podStates as readonly string[]).includes(text);

const stateOrTime = new RegExp(`^(?:${podStates.join("|")}|${durationPattern})$`);

/** The kind `wait`. */
export const waitStep = defineStep({
  name: "wait",
  summary: "Waits for a time, or until the selected pods are ready, running or gone.",
  entries: {
    wait: described(
      dynamic(v.pipe(
        v.string(expected),
        v.regex(stateOrTime, expected),
        v.check(
          (text) => !stateOrTime.test(text) || isState(text) || parseDuration(text) !== undefined,
          expected,
        ),
      )),
      "The state that all selected pods must reach: `ready`, `running` or `gone`, within 30m unless the step has a `timeout`; or a time such as `30s`.",
    ),
    select: podEntries.select,
    count: v.optional(
      described(dynamic(countFromOne), "The minimum number of pods; 1 by default."),
    ),
  },
  output: { pods: numberType },
  example: `
select: { namespace: weka-operator-system, match: compute }
steps:
  - wait: ready
    count: 2
    timeout: 1m
  - wait: running
    select: { namespace: weka-operator-system, pods: [weka-drive-0] }
  - wait: 10ms
`,
  plan: ({ wait }) => {
    const state = isState(wait);
    return {
      does: state ? `wait until the pods are ${wait}` : `wait ${wait}`,
      where: state ? "pods" : "nowhere",
      effect: "reads",
    };
  },
  run: async ({ wait, select, count }, step) => {
    if (isState(wait)) {
      const least = typeof count === "number" ? count : 1;
      return await waitForPods(step, { state: wait, select, least });
    }
    const delayMs = parseDuration(wait);
    if (delayMs === undefined) return failed(`wait: expected ${expected}, found ${wait}`);
    await passed(step.environment.clock, delayMs, { signal: step.signal });
    return ok({ pods: 0 });
  },
});
