/**
 * This machine for workflows while nothing may be changed: programs of this machine can use the kubeconfig too, so only
 * those run that are known to read.
 */
import type { Host } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import { isKnownReadOnly } from "../gate/commands.ts";
import { flagValue, judgeKubectl } from "../gate/kubectl_rating.ts";
import { requireWritable } from "../kube/read_only.ts";
import type { LocalEnvironment } from "../workflow/engine/environment.ts";
import type { RunScript } from "../workflow/model.ts";

interface Machine {
  local: LocalEnvironment;
  runScript: RunScript;
}

/**
 * Returns the machine with refusals: in a read-only run of every program, script and request that may change something;
 * else of changes by kubectl in a read-only context. What other programs do there can't be known.
 */
export function readingMachine(
  host: Pick<Host, "readOnly" | "kube">,
  { local, runScript }: Machine,
): Machine {
  const refused = (what: string) =>
    new KodamaError("readOnly", `cannot ${what}: nothing may be changed in this run`);
  return {
    local: {
      ...local,
      async run(words, options) {
        const [program = "", ...args] = words;
        const isKubectl = program === "kubectl";
        const reads = isKubectl
          ? judgeKubectl(args, { above: 0 }).rating === "read"
          : isKnownReadOnly(words);
        if (!reads && isKubectl) {
          const { line } = judgeKubectl(args, { above: 0 });
          const client = await host.kube(flagValue(line, "--context"));
          requireWritable(client, `run kubectl ${line.verb.join(" ")}`);
        } else if (!reads && host.readOnly) throw refused(`run ${program}`);
        return await local.run(words, options);
      },
      async fetch(request, signal) {
        const method = request.method.toUpperCase();
        if (host.readOnly && method !== "GET" && method !== "HEAD") {
          throw refused(`send a ${method} request`);
        }
        return await local.fetch(request, signal);
      },
    },
    runScript: host.readOnly ? () => Promise.reject(refused("run a script")) : runScript,
  };
}
