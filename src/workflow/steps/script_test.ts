/** The rights of scripts: what `permissions.cluster` grants, as far as the code uses it. */
import assert from "node:assert/strict";
import { scriptStep } from "./script.ts";

const exec = { group: "", resource: "pods/exec", verbs: ["create", "get"] };

Deno.test("the rights of a script are the verbs that it is granted, on the objects that its code names", () => {
  const rightsOf = (script: string, ...verbs: string[]) => {
    const needed = scriptStep.rights({ script }, [{ verbs, namespaces: [] }]);
    assert.ok(typeof needed !== "string");
    return needed;
  };
  assert.deepEqual(rightsOf("await kodama.exec(['id'])", "exec"), {
    rights: [exec],
    selects: true,
  });
  const read = 'kodama.get("pods"); kodama.get( "nodes", {}); kodama.get("pods", { name: "a" })';
  assert.deepEqual(rightsOf(read, "exec", "list", "logs"), {
    rights: [
      exec,
      { group: "", resource: "pods/log", verbs: ["get"] },
      { group: "", resource: "pods", verbs: ["list"] },
      { group: "", resource: "nodes", verbs: ["list"], isClusterWide: true },
    ],
    selects: true,
  });
  assert.deepEqual(rightsOf(read, "exec"), { rights: [exec], selects: true });
  assert.match(rightsOf("kodama.get(name)", "*").unknown ?? "", /only its code shows/);
  assert.match(rightsOf("own.ts", "get").unknown ?? "", /only its code shows/);
  const other = scriptStep.rights({ script: read }, [{ verbs: ["get"], namespaces: ["b"] }]);
  assert.match(typeof other === "string" ? other : other.unknown ?? "", /other namespaces/);
});
