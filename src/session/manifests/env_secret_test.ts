import assert from "node:assert/strict";
import { sampleSession } from "../testing/session.ts";
import { configuration } from "./all.ts";
import { envSecret, secretChanges, type SessionSecrets } from "./env_secret.ts";

const session = sampleSession();

function secrets(variables: Record<string, string>, gitToken?: string): SessionSecrets {
  const values = new Map(Object.entries(variables));
  return { variables: values, ...(gitToken === undefined ? {} : { gitToken }) };
}

Deno.test("which part of a Secret would change: the variables, the token, both, none", () => {
  const there = envSecret(session, secrets({ A: "1", B: "2" }, "token"));
  const table: [SessionSecrets, variables: boolean, gitToken: boolean][] = [
    [secrets({ B: "2", A: "1" }, "token"), false, false],
    [secrets({ A: "1", B: "3" }, "token"), true, false],
    [secrets({ A: "1" }, "token"), true, false],
    [secrets({ A: "1", B: "2", C: "" }, "token"), true, false],
    [secrets({ A: "1", B: "2" }, "renewed"), false, true],
    [secrets({ A: "1", B: "2" }), false, true],
    [secrets({}), true, true],
  ];
  for (const [given, variables, gitToken] of table) {
    assert.deepEqual(secretChanges(there, given), { variables, gitToken });
  }
  assert.deepEqual(secretChanges(undefined, secrets({})), { variables: false, gitToken: false });
});

Deno.test("a machine that has no secrets, or no editor's files, leaves those of the session as they are", () => {
  const replaced = (given: SessionSecrets, editor: Record<string, string> = {}) =>
    configuration(session, { secrets: given, editor })
      .filter(({ replace }) => replace).map(({ object }) => object.kind);
  // The allow-list belongs to the session, and doesn't depend on the user who starts it.
  assert.deepEqual(replaced(secrets({})), ["NetworkPolicy"]);
  assert.deepEqual(replaced(secrets({ A: "1" })), ["Secret", "NetworkPolicy"]);
  assert.deepEqual(replaced(secrets({}, "token")), ["Secret", "NetworkPolicy"]);
  const editor = { "helix-config.toml": "theme = 'x'" };
  assert.deepEqual(replaced(secrets({}), editor), ["ConfigMap", "NetworkPolicy"]);
});
