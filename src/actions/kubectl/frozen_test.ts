import assert from "node:assert/strict";
import { parseKubectl } from "../../gate/kubectl.ts";
import { frozenArgs, joinedManifests, mayFreeze } from "./frozen.ts";
import { valuesIn } from "./objects.ts";

Deno.test("frozenArgs() names standard input in place of all files, and keeps everything else", () => {
  const table: [line: string, frozen: string][] = [
    ["apply -f a.yaml", "apply --filename -"],
    ["-n web apply -fa.yaml --prune -l a=b", "-n web apply --prune -l a=b --filename -"],
    ["-f a.yaml -n web apply", "-n web apply --filename -"],
    ["delete --filename=a --filename b -f c,d", "delete --filename -"],
    ["apply -k dir --server-side", "apply --server-side --filename -"],
    ["apply -Rf dir", "apply --filename -"],
    ["label -f x -f - a=b -- c", "label a=b --filename - -- c"],
    ["delete -Af x", "delete -A --filename -"],
    ["apply -R=true -f x", "apply --filename -"],
  ];
  for (const [line, frozen] of table) {
    assert.equal(frozenArgs(line.split(" ")).join(" "), frozen, line);
  }
});

Deno.test("mayFreeze() leaves standard input to what needs it", () => {
  const may = (line: string) => mayFreeze(parseKubectl(line.split(" ")));
  for (
    const line of ["apply -f x", "delete -k x", "rollout restart -f x", "create -f - -f x"]
  ) assert.ok(may(line), line);
  for (
    const line of [
      "apply -f -",
      "delete -i -f x",
      "edit -f x",
      "create --edit -f x",
      "create --raw /x -f x",
      "apply -f /dev/fd/63",
      "exec -i -f x -- sh",
      "delete pod x",
    ]
  ) assert.ok(!may(line), line);
});

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("joinedManifests() passes one file on as it is, and joins several as documents", async () => {
  const joined = (...texts: string[]) =>
    new TextDecoder().decode(joinedManifests(texts.map(encode)));
  assert.equal(joined("a:\t1 # as it is"), "a:\t1 # as it is");
  const texts = [
    "kind: A\nmetadata: {name: a}\n---\nkind: B\nmetadata: {name: b}",
    '{\n\t"kind": "C",\n\t"metadata": {"name": "tab\\tc"}\n}',
    "# a comment alone",
    "---\nkind: D\ntext: |\n  a\tb\n",
  ];
  const objects = await valuesIn(joined(...texts));
  assert.deepEqual(objects?.map(({ kind }) => kind), ["A", "B", "C", "D"]);
  assert.equal(objects?.[2]?.metadata.name, "tab\tc");
  assert.equal(objects?.[3]?.text, "a\tb\n");
  // Go's YAML takes no tab for a space.
  assert.doesNotMatch(joined(...texts), /^\t/m);
});
