import assert from "node:assert/strict";
import { UsageError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { manifestTargets } from "./manifests.ts";

const folder: Readonly<Record<string, string>> = {
  "/w/app.yaml":
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\n---\n" +
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: conf }\n",
  "/w/all/a.json": JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [{ apiVersion: "v1", kind: "Pod", metadata: { name: "p" } }],
  }),
  "/w/all/b.yml": "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: { name: c }",
  "/w/all/note.txt": "no manifest",
  "/w/empty.yaml": "# nothing\n",
  "/w/broken.yaml": "a: [",
  "/w/nameless.yaml": "apiVersion: v1\nkind: Pod\nmetadata: { generateName: p- }",
  "/w/text.yaml": "text",
};

const host = {
  places: { workingDir: "/w" },
  files: {
    readText: (path: string) => Promise.resolve(folder[path]),
    listFiles: (path: string) =>
      Promise.resolve(
        Object.keys(folder).filter((one) => one.startsWith(`${path}/`))
          .map((one) => one.slice(path.length + 1)),
      ),
  },
} as unknown as Host;

Deno.test("`manifestTargets()` returns the objects of files, folders and texts", async () => {
  const text = folder["/w/all/b.yml"] ?? "";
  const targets = await manifestTargets(host, [
    { path: "app.yaml" },
    { path: "/w/all" },
    { name: "standard input", text },
  ]);
  const certificate = { kind: "Certificate.v1.cert-manager.io", name: "c", mayLackState: true };
  assert.deepEqual(targets, [
    { kind: "Deployment.v1.apps", name: "web", namespace: "shop", mayLackState: true },
    { kind: "ConfigMap.v1", name: "conf", mayLackState: true },
    { kind: "Pod.v1", name: "p", mayLackState: true },
    certificate,
    certificate,
  ]);
});

Deno.test("`manifestTargets()` refuses what isn't an object with a name", async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["none.yaml", /^none.yaml: no such file$/],
    ["empty.yaml", /no objects/],
    ["broken.yaml", /^broken.yaml: /],
    ["nameless.yaml", /needs apiVersion, kind and metadata.name/],
    ["text.yaml", /needs apiVersion, kind and metadata.name/],
    ["https://example.com/app.yaml", /is an address/],
  ];
  for (const [path, message] of wrong) {
    await assert.rejects(manifestTargets(host, [{ path }]), (error) => {
      assert.ok(error instanceof UsageError, path);
      assert.match(error.message, message, path);
      return true;
    });
  }
});
