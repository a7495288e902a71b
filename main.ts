/** The entry point of kodama, and the only exit of its process. */
import { run } from "./src/cli/run.ts";
import { processInvocation } from "./src/wiring.ts";

// A launcher passes the name under which it was called: `kpod`, `kwekash`, `kubectl-kodama`.
const programName = Deno.env.get("KODAMA_ARGV0") ?? "kodama";

Deno.exit(await run(Deno.args, processInvocation(programName)));
