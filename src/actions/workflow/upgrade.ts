/** Rewrites workflow files of an earlier version of the format. */
import { isError } from "../../workflow/diagnostics.ts";
import { findWorkflow, listWorkflowFiles } from "../../workflow/find_workflow.ts";
import { inspectWorkflow, resolved } from "../../workflow/load_workflow.ts";
import { upgraded } from "../../workflow/upgrade.ts";
import type { Host } from "../host.ts";

/** One file. */
interface UpgradedFile {
  path: string;
  /** One line for each change, with its line in the old file; none if the file has the current version. */
  changes: readonly string[];
  /** The number of errors that a check of the new file reports. */
  errors: number;
}

/**
 * Rewrites these workflows; all of the repository and the user if there are none. Each file is replaced as a whole.
 *
 * @param options.dryRun changes nothing.
 * @throws KodamaError `notFound` with the nearest names; FileError for what isn't YAML.
 */
export async function upgradeWorkflows(
  host: Host,
  names: readonly string[],
  { dryRun }: { dryRun: boolean },
): Promise<UpgradedFile[]> {
  const { files, places } = host;
  const paths = names.length > 0 ? names : (await listWorkflowFiles(files, places))
    .map(({ path }) => path)
    .filter((path) => !path.startsWith(`${places.shippedWorkflowsDir}/`));
  const rewritten = new Map<string, { text: string; changes: readonly string[] }>();
  // All are read before one is written: a file may extend another one of them.
  for (const name of paths) {
    const found = await findWorkflow(files, places, name);
    rewritten.set(
      found.path,
      await upgraded(
        found,
        async (base) => await findWorkflow(files, places, resolved(base, found.path)),
      ),
    );
  }
  const reader = {
    ...files,
    readText: async (...[path, ...options]: Parameters<typeof files.readText>) =>
      rewritten.get(path)?.text ?? await files.readText(path, ...options),
  };
  const ends: UpgradedFile[] = [];
  for (const [path, { text, changes }] of rewritten) {
    if (changes.length > 0 && !dryRun) await files.replaceText(path, text);
    const { diagnostics } = await inspectWorkflow(reader, places, path);
    ends.push({ path, changes, errors: diagnostics.filter(isError).length });
  }
  return ends;
}
