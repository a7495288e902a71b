import assert from "node:assert/strict";
import { parsePodOperands } from "./workload_kinds.ts";

/** Texts, and the operands in them: names, `namespace:name`, `plural/name`, or why there are none. */
const texts: Readonly<Record<string, string>> = {
  "web-0": "web-0",
  "pod/web-0": "web-0",
  "shop/web-0": "shop:web-0",
  "shop/pod/web-0": "shop:web-0",
  "deploy/web": "deployments/web",
  "web-[0-2]": "web-0 web-1 web-2",
  "web-[0-1,7]": "web-0 web-1 web-7",
  "web-[08-10]": "web-08 web-09 web-10",
  "web-[0-1],db-0": "web-0 web-1 db-0",
  "web-0,db-0": "web-0 db-0",
  "sts/db-[0-1]": "statefulsets/db-0 statefulsets/db-1",
  "shop/web-[0-1]": "shop:web-0 shop:web-1",
  "": "form",
  "/web": "form",
  "a/b/c": "form",
  "web-0:main": "form",
  "secret/x": "kind secret",
  "deplyo/web": "kind deplyo",
  "web-0 web-1": "blanks",
  "web-0\nweb-1": "blanks",
  "web-0, web-1": "blanks",
  "web-*": "pattern",
  "web-?": "pattern",
  "web-[a-c]": "pattern",
  "web-[0-": "pattern",
  "web-[3-1]": "pattern",
  "web-{0,1}": "pattern",
  "web-{0..3}": "pattern",
  "^web": "pattern",
  "web|db": "pattern",
  "web,": "pattern",
  ",": "pattern",
  ".": "pattern",
  "C:\\temp": "pattern",
};

Deno.test("`parsePodOperands()` reads names, ranges and lists, and no patterns", () => {
  const parsed = Object.keys(texts).map((text) => {
    const operands = parsePodOperands(text);
    if ("kind" in operands) {
      return [text, operands.reason === "kind" ? `kind ${operands.unknownKind}` : operands.reason];
    }
    const names = operands.map((one) =>
      one.kind === "workload"
        ? `${one.plural}/${one.name}`
        : one.namespace === undefined
        ? one.name
        : `${one.namespace}:${one.name}`
    );
    return [text, names.join(" ")];
  });
  assert.deepEqual(Object.fromEntries(parsed), texts);
});
