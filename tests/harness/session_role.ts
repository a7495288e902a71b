/** The Role that docs/sessions.md documents as sufficient: tests grant it, and nothing more. */
import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";

const page = new URL("../../docs/sessions.md", import.meta.url);

/** An object of the API. */
export interface Role {
  kind: "Role";
  rules: { resources: string[]; verbs: string[] }[];
  [field: string]: unknown;
}

/** Returns the block of the page that is a Role. */
export async function documentedRole(): Promise<Role> {
  const blocks = (await Deno.readTextFile(page)).matchAll(/```yaml\n(.*?)```/gs);
  const documents = [...blocks].flatMap(([, text = ""]) => parseAllDocuments(text));
  const role: Role | undefined = documents.map((one) => one.toJS())
    .find((one) => one?.kind === "Role");
  assert.ok(role, "docs/sessions.md has no Role");
  return role;
}
