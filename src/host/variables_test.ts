import assert from "node:assert/strict";
import { variablesOf } from "./variables.ts";

const name = "KODAMA_TEST_VARIABLE";

/** Reads the variable from the environment that sh inherits. */
async function told(value: string): Promise<ReadonlyMap<string, string>> {
  Deno.env.set(name, value);
  try {
    return await variablesOf([name, "KODAMA_TEST_UNSET"], () => undefined);
  } finally {
    Deno.env.delete(name);
  }
}

Deno.test("a variable that kodama itself can't read comes by way of sh, byte for byte", async () => {
  for (const value of ["plain", "", " two\nlines\n\n", `"'\`$(id) $HOME \\0 %s`, "a=b", "mö"]) {
    assert.deepEqual([...await told(value)], [[name, value]], JSON.stringify(value));
  }
});

Deno.test("a name that is no name is no variable, and no program", async () => {
  const names = ["x; echo y=z", "", "1", "a b", "$(id)", "PATH}"];
  assert.deepEqual([...await variablesOf(names, () => undefined)], []);
});

Deno.test("what kodama can read itself isn't asked of sh", async () => {
  assert.deepEqual([...await variablesOf(["A"], () => "own")], [["A", "own"]]);
});
