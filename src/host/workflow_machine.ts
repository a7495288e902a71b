/** The parts of this machine that only workflows with steps need, created when one of them runs. */
import type { Host } from "../actions/host.ts";
import { ownFolders } from "../config/paths.ts";
import { localScriptRunner } from "../sandbox/run_script.ts";
import type { LocalEnvironment } from "../workflow/engine/environment.ts";
import type { RunScript } from "../workflow/model.ts";
import { localEnvironment } from "../workflow/local/machine.ts";
import { absolutePaths } from "./machine.ts";
import { readingMachine } from "./reading_machine.ts";

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
