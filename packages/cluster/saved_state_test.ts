import assert from "node:assert/strict";
import fc from "fast-check";
import { type Store, StoreError } from "./model.ts";
import { resources } from "./resources.ts";
import { openJournal } from "./saved_state.ts";
import { createStore } from "./store/store.ts";

interface Life extends Disposable {
  store: Store;
}

/** Returns a store whose changes are saved in a folder, from opening to closing. */
function open(folder: string): Life {
  const journal = openJournal(folder);
  const store = createStore({
    now: () => new Date(0),
    newUid: () => "uid",
    initial: journal.snapshot,
    onChange: (event) => journal.record(event),
  });
  return { store, [Symbol.dispose]: () => journal[Symbol.dispose]() };
}

function configMap(name: string, value: number) {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "a" },
    data: { value },
  };
}

async function inFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a store that is opened again holds what it held, and counts on", async () => {
  const verbs = fc.constantFrom("create", "update", "remove");
  const writes = fc.array(
    fc.record({ verb: verbs, name: fc.constantFrom("x", "y"), value: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(writes, async (all) => {
      await inFolder((folder) => {
        let before: unknown;
        {
          using life = open(folder);
          for (const { verb, name, value } of all) {
            try {
              if (verb === "create") {
                life.store.create(resources.configMaps, configMap(name, value));
              } else if (verb === "update") {
                life.store.update(resources.configMaps, configMap(name, value));
              } else life.store.remove(resources.configMaps, "a", name);
            } catch (error) {
              assert.ok(error instanceof StoreError);
            }
          }
          before = [life.store.resourceVersion, life.store.list(resources.configMaps)];
        }
        using life = open(folder);
        assert.deepEqual(
          [life.store.resourceVersion, life.store.list(resources.configMaps)],
          before,
        );
      });
    }),
    { numRuns: 30 },
  );
});

Deno.test("a last line that was torn anywhere is as if it had not been written", async () => {
  await inFolder(async (folder) => {
    {
      using life = open(folder);
      life.store.create(resources.configMaps, configMap("kept", 1));
      life.store.create(resources.configMaps, configMap("torn", 2));
    }
    const path = `${folder}/store.jsonl`;
    const whole = await Deno.readFile(path);
    const lastLine = whole.subarray(0, -1).lastIndexOf(10) + 1;
    for (let length = lastLine; length < whole.length; length += 7) {
      await Deno.writeFile(path, whole.subarray(0, length));
      using life = open(folder);
      const names = life.store.list(resources.configMaps).map(({ metadata }) => metadata.name);
      assert.deepEqual(names, ["kept"]);
    }
  });
});

Deno.test("many changes of few objects leave a short file", async () => {
  await inFolder(async (folder) => {
    {
      using life = open(folder);
      life.store.create(resources.configMaps, configMap("x", 0));
      for (let value = 1; value <= 6000; value++) {
        life.store.update(resources.configMaps, configMap("x", value));
      }
    }
    const lines = (await Deno.readTextFile(`${folder}/store.jsonl`)).split("\n").length;
    assert.ok(lines < 1100, `${lines} lines`);
    using life = open(folder);
    assert.deepEqual(life.store.get(resources.configMaps, "a", "x")?.["data"], { value: 6000 });
  });
});

Deno.test("a broken line in the middle is an error, and nothing is lost", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/store.jsonl`;
    await Deno.writeTextFile(path, '{"version":1}\nnonsense\n{"version":2}\n');
    assert.throws(() => openJournal(folder), /line 2 of store\.jsonl/);
    assert.match(await Deno.readTextFile(path), /nonsense/);
  });
});
