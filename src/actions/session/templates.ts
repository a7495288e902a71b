/** Templates: settings files that the user names for a session. */
import { action, hint } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest_names.ts";
import { templateFolders } from "../../config/paths.ts";
import type { TemplateFile } from "../../config/settings.ts";
import { isUsable, repositoryFolders } from "../config/setting_sources.ts";
import type { Host } from "../host.ts";

/** An available template. */
interface TemplateInfo {
  name: string;
  path: string;
  /** A repository has it, which others may have written. */
  inRepository: boolean;
  /** The first comment of the file; empty if there is none. */
  summary: string;
}

const maxBytes = 256 * 1024;

/** The path of a shipped template, in tables and errors. */
function shippedPath(name: string): string {
  return `shipped with kodama: ${name}.yaml`;
}

/**
 * Returns every template, by name; of two with the same name the nearer: the repository's, then the user's, then
 * kodama's own.
 */
export async function listTemplates(host: Host): Promise<TemplateInfo[]> {
  const found = new Map<string, TemplateInfo>();
  const { inside, root } = await repositoryFolders(host);
  for (const { folder, inRepository } of templateFolders(host.places, inside)) {
    for (const file of await host.files.listFiles(folder)) {
      const name = /^([a-z0-9][a-z0-9._-]*)\.ya?ml$/.exec(file)?.[1];
      if (name === undefined || found.has(name)) continue;
      const path = `${folder}/${file}`;
      if (inRepository && !await isUsable(host, path)) continue;
      const text = await readTemplate(host, path, inRepository ? root : undefined);
      if (text === undefined) continue;
      found.set(name, { name, path, inRepository, summary: summaryOf(text) });
    }
  }
  const { shippedTemplates } = await import("../../session/shipped_templates.ts");
  for (const [name, text] of shippedTemplates) {
    if (found.has(name)) continue;
    const path = shippedPath(name);
    found.set(name, { name, path, inRepository: false, summary: summaryOf(text) });
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Returns the text of a template; undefined, with a note, if it can't be read. */
async function readTemplate(
  host: Host,
  path: string,
  within: string | undefined,
): Promise<string | undefined> {
  try {
    return await host.files.readText(path, maxBytes, { within }) ?? "";
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    host.note(`${path} is ignored: ${error.message}`);
    return undefined;
  }
}

function summaryOf(text: string): string {
  return /^#\s*(.*)/m.exec(text)?.[1] ?? "";
}

/**
 * Returns the file of a template.
 *
 * @throws UsageError with the nearest names if there is none.
 */
export async function findTemplate(host: Host, name: string): Promise<TemplateFile> {
  const all = await listTemplates(host);
  const template = all.find((one) => one.name === name);
  const { shippedTemplates } = await import("../../session/shipped_templates.ts");
  const text = template === undefined
    ? undefined
    : template.path === shippedPath(name)
    ? shippedTemplates.get(name)
    : await host.files.readText(template.path, maxBytes, {
      within: template.inRepository ? (await repositoryFolders(host)).root : undefined,
    });
  if (template !== undefined && text !== undefined) {
    return { path: template.path, text, inRepository: template.inRepository };
  }
  const near = await didYouMean(name, all.map((one) => one.name));
  throw new UsageError(`there is no template "${name.slice(0, 60)}"${near}`, {
    hint:
      hint`templates are .kodama/templates/NAME.yaml in a repository, or templates/NAME.yaml in kodama's folder; \`${
        action("template.list")
      }\` lists them`,
  });
}
