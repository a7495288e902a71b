/** What breaks in a world: arbitraries that all subjects share. */
import fc from "fast-check";
import type { LinkFault, LinkPlan } from "./network.ts";
import type { AnswerPlan } from "./server.ts";
import type { Incident } from "./world.ts";

/** A moment of a history. */
export const atMs = fc.constantFrom(0, 1, 2, 5, 20, 100, 900, 3000, 12_000);

const latencyMs = fc.constantFrom(0, 0, 1, 40, 700);
const pieceBytes = fc.constantFrom(Infinity, Infinity, 200, 1);

/** Connections of which some break in these ways. */
export function connectionsOf(kinds: readonly LinkFault["kind"][]): fc.Arbitrary<LinkPlan> {
  return fc.record({
    dial: fc.constantFrom(
      "accepted",
      "accepted",
      "accepted",
      "accepted",
      "refused",
      ...(kinds.includes("silent") ? ["silent" as const] : []),
    ),
    latencyMs,
    pieceBytes,
    fault: fc.option(
      fc.record({
        toward: fc.constantFrom("client" as const, "client" as const, "server" as const),
        afterBytes: fc.oneof(fc.nat(700), fc.nat(4000)),
        kind: fc.constantFrom(...kinds),
      }),
      { nil: undefined },
    ),
  });
}

/** Answers other than the API's. */
export const answers: fc.Arbitrary<AnswerPlan> = fc.record({
  request: fc.nat(8),
  answer: fc.constantFrom<AnswerPlan["answer"][]>(401, 409, 410, 429, 500, 503, "twice"),
});

/** Incidents. */
export const incidents: fc.Arbitrary<Incident> = fc.oneof(
  fc.record({ atMs, kind: fc.constantFrom("cut" as const, "statusesLost" as const) }),
  fc.record({
    atMs,
    kind: fc.constant("restart" as const),
    downMs: fc.constantFrom(1, 300, 4000, 30_000),
    inOrder: fc.boolean(),
  }),
  fc.record({
    atMs,
    kind: fc.constant("kubeletLost" as const),
    reports: fc.constantFrom("success" as const, "error" as const),
  }),
  fc.record({ atMs, kind: fc.constant("podReplaced" as const), pod: fc.nat(3) }),
  fc.record({
    atMs,
    kind: fc.constant("clockJumped" as const),
    byMs: fc.constantFrom(-3_600_000, 90_000, 86_400_000),
  }),
  fc.record({
    atMs,
    kind: fc.constant("slept" as const),
    forMs: fc.constantFrom(500, 20_000, 600_000),
  }),
);

/** Connections that are slow at most. */
export const calm: fc.Arbitrary<LinkPlan> = fc.record({
  dial: fc.constant("accepted" as const),
  latencyMs,
  pieceBytes,
  fault: fc.constant(undefined),
});
