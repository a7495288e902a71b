/** `forward`: a pod's port on this machine, open during the steps that follow. */
import * as v from "valibot";
import { numberType, textType } from "../../expression/type.ts";
import { described } from "../fields.ts";
import { defineStep, failed, ok } from "../step_kind.ts";
import { podEntries } from "../pod_fields.ts";

const port = v.pipe(
  v.number("a port from 1 to 65535"),
  v.integer("a port from 1 to 65535"),
  v.minValue(1, "a port from 1 to 65535"),
  v.maxValue(65535, "a port from 1 to 65535"),
);

/** The kind `forward`. */
export const forwardStep = defineStep({
  name: "forward",
  summary:
    "Forwards a local port to the first selected pod while the following steps run; those of `finally` need a step of their own. A broken connection is opened again.",
  inPods: true,
  entries: {
    forward: described(port, "The port of the pod."),
    ...podEntries,
    local: v.optional(described(port, "The local port; a free one by default.")),
  },
  output: { port: numberType, address: textType, pod: textType },
  example: `
select: { namespace: weka-operator-system, match: drive }
steps:
  - id: api
    forward: 14000
  - forward: 14000
    select: { namespace: weka-operator-system, match: compute }
    targets: [weka-compute-0]
    local: 18431
outputs:
  address: \${{ steps.api.address }}
`,
  rights: () => ({
    rights: [
      { group: "", resource: "pods/portforward", verbs: ["create", "get"] },
      { group: "", resource: "pods", verbs: ["watch"] },
    ],
  }),
  plan: ({ forward }) => ({
    does: `forward port ${forward} of one pod to this machine`,
    where: "pods",
    effect: "reads",
  }),
  run: async (fields, step) => {
    const { forward: remote, local = 0 } = fields;
    const [first, ...others] = await step.targets(fields);
    const there = [first, ...others].find((one) => one?.unreachable === undefined);
    if (there === undefined) return failed(`forward: ${first?.unreachable ?? "no pod"}`);
    const forwarding = await step.environment.local.forward({
      remote,
      local,
      target: there.target,
      again: async () => {
        const found = await step.targets(fields);
        return found.find(({ unreachable }) => unreachable === undefined)?.target;
      },
      onLine: (line) => step.line(line, "stderr"),
    });
    step.holdOpen(forwarding);
    const address = `127.0.0.1:${forwarding.port}`;
    step.line(`${address} -> ${there.name}:${remote}`);
    return ok({ port: forwarding.port, address, pod: there.name });
  },
});
