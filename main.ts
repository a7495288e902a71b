/** The entry point of kodama, and the only exit of its process. */
import { startedAs } from "./src/cli/program.ts";
import { run } from "./src/cli/run.ts";
import { processInvocation } from "./src/wiring.ts";

// A launcher passes the name under which it was called: `kpod`, `kwekash`, `kubectl-kodama`.
const programName = Deno.env.get("KODAMA_ARGV0") ?? "kodama";

const { program, args } = startedAs(programName, Deno.args);

Deno.exit(await run(args, processInvocation(program)));
