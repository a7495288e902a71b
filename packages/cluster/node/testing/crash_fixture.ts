/**
 * Run by a test as a program of its own, so that it can be killed: a node with one pod, reported on standard output.
 */
import type { IsolationChoice } from "../node.ts";
import { isRunning, outcome, outputOnly, refOf, startFixture } from "./fixture.ts";

const [isolation, marker = ""] = Deno.args;
const fixture = await startFixture({ isolation: isolation as IsolationChoice });
const command = ["sh", "-c", `sleep ${marker} & sleep ${marker}; :`];
fixture.run({ containers: [{ name: "main", image: "busybox", command }] });
const ref = refOf(await fixture.pod("web", isRunning));
const beside = await fixture.node.exec(ref, ["sh", "-c", `sleep ${marker}; :`], outputOnly);
await Deno.stdout.write(new TextEncoder().encode(`${fixture.dataDir}\n`));
await outcome(beside);
