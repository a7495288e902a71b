/** Templates: settings files that the user names for one session. */
import { action, hint } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest_names.ts";
import type { SourceFile } from "../../base/yaml/shape.ts";
import { templateFolders } from "../../config/paths.ts";
import type { Host } from "../host.ts";

/** An available template. */
export interface TemplateInfo {
  name: string;
  path: string;
  /** The first comment of the file; empty if there is none. */
  summary: string;
}

const maxBytes = 256 * 1024;

/** The path of a shipped template, in tables and errors. */
function shippedPath(name: string): string {
  return `shipped with kodama: ${name}.yaml`;
}

/**
 * Returns every template, by name; of two with one name the nearer one: the repository's, then the user's, then that
 * which comes with kodama.
 */
export async function listTemplates(host: Host): Promise<TemplateInfo[]> {
  const found = new Map<string, TemplateInfo>();
  for (const folder of templateFolders(host.places)) {
    for (const file of await host.files.listFiles(folder)) {
      const name = /^([a-z0-9][a-z0-9._-]*)\.ya?ml$/.exec(file)?.[1];
      if (name === undefined || found.has(name)) continue;
      const path = `${folder}/${file}`;
      const text = await host.files.readText(path, maxBytes) ?? "";
      found.set(name, { name, path, summary: summaryOf(text) });
    }
  }
  const { shippedTemplates } = await import("../../session/shipped_templates.ts");
  for (const [name, text] of shippedTemplates) {
    if (found.has(name)) continue;
    found.set(name, { name, path: shippedPath(name), summary: summaryOf(text) });
  }
  return [...found.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

function summaryOf(text: string): string {
  return /^#\s*(.*)/m.exec(text)?.[1] ?? "";
}

/**
 * Returns the file of a template.
 *
 * @throws UsageError with the nearest names if there is none.
 */
export async function findTemplate(host: Host, name: string): Promise<SourceFile> {
  const all = await listTemplates(host);
  const template = all.find((one) => one.name === name);
  const { shippedTemplates } = await import("../../session/shipped_templates.ts");
  const text = template === undefined
    ? undefined
    : template.path === shippedPath(name)
    ? shippedTemplates.get(name)
    : await host.files.readText(template.path, maxBytes);
  if (template !== undefined && text !== undefined) return { path: template.path, text };
  const near = await didYouMean(name, all.map((one) => one.name));
  throw new UsageError(`there is no template "${name.slice(0, 60)}"${near}`, {
    hint:
      hint`templates are .kodama/templates/NAME.yaml in a repository, or templates/NAME.yaml in kodama's folder; \`${
        action("template.list")
      }\` lists them`,
  });
}
