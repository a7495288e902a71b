// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * How late `kodama wait` ends on a real cluster: the time from the server's report, as `kubectl get --watch` gets it, to
 * the end of the wait with its reasons. The situations are those of `tests/cluster/wait_test.ts`.
 *
 *     KODAMA_TEST_KUBECONFIG=FILE deno task bench:wait [--guard]
 */
import { RealCluster } from "../cluster/test_namespace.ts";
import { runSituations, situations } from "../harness/wait_situations.ts";

/** What `--guard` allows. */
const maxLatenessMs = 2000;

async function main(args: readonly string[]): Promise<number> {
  const cluster = RealCluster.fromEnvironment();
  if (cluster === undefined) throw new Error("KODAMA_TEST_KUBECONFIG names no cluster");
  await using namespace = await cluster.namespace("bench-wait");
  const { wrong, latenessMs } = await runSituations(situations, {
    namespace: namespace.name,
    kubeconfig: cluster.kubeconfig,
    kubectl: cluster.program,
  });
  for (const [name, ms] of [...latenessMs].toSorted(([, one], [, other]) => other - one)) {
    console.log(`${String(Math.round(ms)).padStart(6)} ms  ${name}`);
  }
  for (const one of wrong) console.error(one);
  const late = [...latenessMs.values()].filter((ms) => ms > maxLatenessMs).length;
  console.log(
    `${situations.length} situations, ${wrong.length} with another end, exit code or reason; ` +
      `${latenessMs.size} measured, ${late} later than ${maxLatenessMs} ms`,
  );
  const failed = wrong.length > 0 || late > 0 || latenessMs.size < 15;
  return args.includes("--guard") && failed ? 1 : 0;
}

// A wake-up of the clock for a limit that wasn't reached would hold the process.
Deno.exit(await main(Deno.args));
