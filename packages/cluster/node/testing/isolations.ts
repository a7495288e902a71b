/** The isolations of containers that this machine can test. */
import { KodamaError } from "../../../../src/base/errors.ts";
import type { IsolationChoice } from "../node.ts";
import { startFixture } from "./fixture.ts";

/** An isolation, and why this machine doesn't have it. */
interface TestedIsolation {
  isolation: IsolationChoice;
  missing: string | undefined;
}

/** Each isolation: a test in one that this machine doesn't have is skipped. */
export const isolations: readonly TestedIsolation[] = await Promise.all(
  (["root", "userNamespace", "plain"] as const).map(async (isolation) => {
    try {
      await using _fixture = await startFixture({ isolation });
      return { isolation, missing: undefined };
    } catch (error) {
      if (!(error instanceof KodamaError) || error.kind !== "environment") throw error;
      return { isolation, missing: `this machine has no isolation "${isolation}"` };
    }
  }),
);
