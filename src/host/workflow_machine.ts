/** The parts of this machine that only workflows with steps need, created when such a workflow runs. */
import { type Host, onlyHereError } from "../actions/host.ts";
import { ownFolders } from "../config/paths.ts";
import { localScriptRunner } from "../sandbox/run_script.ts";
import type { LocalEnvironment } from "../workflow/engine/environment.ts";
import type { RunScript } from "../workflow/model.ts";
import { localEnvironment } from "../workflow/local/machine.ts";
import { absolutePaths } from "./machine.ts";
import type { TrustedFiles } from "../sandbox/trust.ts";
import { KodamaError } from "../base/errors.ts";
import { isKnownReadOnly } from "../gate/commands.ts";
import { judgeKubectl } from "../gate/kubectl_rating.ts";
import { writablePlace } from "../actions/kubectl/guard.ts";

/**
 * Returns this machine, and its sandbox. Without trusted files it starts nothing, so that no way to a run of a
 * repository's files gets past the question.
 *
 * @param kubeconfig the file that kodama itself was given; programs that steps run use it too.
 */
export function workflowMachine(
  host: Host,
  kubeconfig: string | undefined,
  trusted: TrustedFiles | undefined,
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
    create: (path) => files.draft(path, { private: false, replace: true }),
    readText: files.readText,
  });
  const runScript = localScriptRunner({
    clock,
    protectedPaths: ownFolders(places),
    findProgram: machine.findProgram,
  });
  if (trusted === undefined) {
    const refused = () => Promise.reject(new Error("nothing starts before its files are trusted"));
    return { local: { ...local, run: refused }, runScript: refused };
  }
  // The trusted text is run, even if the files have changed since.
  const readText = (path: string) => Promise.resolve(trusted.texts.get(path));
  return readingMachine(host, { local: { ...local, readText }, runScript });
}

/** Returns a machine that starts no programs: they would use the kubeconfig with its own server and user. */
export function withoutPrograms({ local, runScript }: Machine): Machine {
  return {
    runScript,
    local: { ...local, run: () => Promise.reject(onlyHereError("programs of workflows")) },
  };
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
 * else of changes by kubectl in a read-only context. Changes by other programs there can't be known.
 */
function readingMachine(
  host: Host,
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
          : isKnownReadOnly(words, { variables: Object.keys(options.environment) });
        if (!reads && isKubectl) {
          const { line } = judgeKubectl(args, { above: 0 });
          await writablePlace(host, line);
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
