/** `deno task schema:update`: generates parts of `docs/`: JSON Schemas, the workflow reference, the settings. */
import { jsonSchemaOf } from "../src/base/json_schema.ts";
import { publishedShapes } from "../src/exec/report_shapes.ts";
import { publishedEventShapes } from "../src/exec/event_shapes.ts";
import { publishedDiffShapes } from "./run_diff_shape.ts";
import { publishedWorkflowShapes } from "./workflow_report_shapes.ts";
import { workflowSchema } from "../src/workflow/schema.ts";
import { operationsFile, operationsPage } from "./operations_page.ts";
import { settingsPage } from "./settings_page.ts";
import { uiPageFile, withGenerated } from "./ui_page.ts";
import { referencePage } from "./workflow_reference.ts";

/** Their published location. */
export const schemaFolder: URL = new URL("../docs/schema/", import.meta.url);

/** Returns the texts of the schemas, by file name. */
export async function schemaTexts(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const shapes = {
    ...publishedShapes,
    ...publishedEventShapes,
    ...publishedWorkflowShapes,
    ...publishedDiffShapes,
  };
  for (const [name, { title, shape }] of Object.entries(shapes)) {
    const schema = await jsonSchemaOf(shape, title);
    texts.set(`${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
  }
  texts.set("workflow.schema.json", `${JSON.stringify(await workflowSchema(), null, 2)}\n`);
  return texts;
}

/** The path of the reference of workflow files, which is generated from the same shapes. */
export const referenceFile: URL = new URL("../docs/workflow-reference.md", import.meta.url);

/** The path of the page of settings and variables. */
export const settingsFile: URL = new URL("../docs/settings.md", import.meta.url);

if (import.meta.main) {
  await Deno.mkdir(schemaFolder, { recursive: true });
  // All are deleted first, so that no obsolete schema remains.
  for await (const { name } of Deno.readDir(schemaFolder)) {
    await Deno.remove(new URL(name, schemaFolder));
  }
  for (const [name, text] of await schemaTexts()) {
    await Deno.writeTextFile(new URL(name, schemaFolder), text);
  }
  await Deno.writeTextFile(referenceFile, referencePage());
  await Deno.writeTextFile(settingsFile, await settingsPage());
  await Deno.writeTextFile(operationsFile, operationsPage());
  await Deno.writeTextFile(uiPageFile, withGenerated(await Deno.readTextFile(uiPageFile)));
}
