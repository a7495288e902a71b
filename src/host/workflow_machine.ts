/** The parts of this machine that only workflows with steps need, created when one of them runs. */
import type { Host } from "../actions/host.ts";
import { ownFolders } from "../config/paths.ts";
import { localScriptRunner } from "../sandbox/run_script.ts";
import type { LocalEnvironment } from "../workflow/engine/environment.ts";
import type { RunScript } from "../workflow/model.ts";
import { localEnvironment } from "../workflow/local/machine.ts";
import { absolutePaths } from "./machine.ts";
import { KodamaError } from "../base/errors.ts";
import { isKnownReadOnly } from "../gate/commands.ts";
import { flagValue, judgeKubectl } from "../gate/kubectl_rating.ts";
import { requireWritable } from "../kube/client_limits.ts";

/**
 * Returns this machine, and its sandbox.
 *
 * @param kubeconfig the file that kodama itself was given; programs that steps run use it too.
 */
export function workflowMachine(
  host: Host,
  kubeconfig: string | undefined,
): { local: LocalEnvironment; runScript: RunScript } {
  const { clock, files, machine, places } = host;
  const used = kubeconfig ?? host.env("KUBECONFIG");
  const local = localEnvironment({
    clock,
    env: host.env,
    // Programs run in the folder of their workflow, where a relative path would name another file.
    environment: used === undefined ? {} : { KUBECONFIG: absolutePaths(used, places.workingDir) },
    kube: host.kube,
    protectedPaths: ownFolders(places),
    locksFolder: `${places.configDir}/turns`,
    create: (path) => files.create(path, { private: false, replace: true }),
    readText: files.readText,
  });
  const runScript = localScriptRunner({
    clock,
    protectedPaths: ownFolders(places),
    findProgram: machine.findProgram,
  });
  return readingMachine(host, { local, runScript });
}

/*
 * This machine for workflows while nothing may be changed: programs of this machine can use the kubeconfig too, so only
 * those run that are known to read.
 */

interface Machine {
  local: LocalEnvironment;
  runScript: RunScript;
}

/**
 * Returns the machine with refusals: in a read-only run of every program, script and request that may change something;
 * else of changes by kubectl in a read-only context. What other programs do there can't be known.
 */
function readingMachine(
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
