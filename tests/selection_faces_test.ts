/** One selection means the same pods in every command and face: each arrives as the same data at the same action. */
import assert from "node:assert/strict";
import { KodamaError } from "../src/base/errors.ts";
import { BadValue } from "../src/cli/parser/flag.ts";
import { resolved } from "../src/cli/testing/resolve.ts";
import type { Selection } from "../src/kube/select/target.ts";
import { selectionFields as fields, selectionOf } from "../src/actions/selection.ts";
import { offered } from "../src/operation/field.ts";
import { readInput } from "../src/operation/operation.ts";
import { queryOf, selectionFields, selectionOfFields } from "../src/web/page/selection.ts";
import { chosenPods } from "../src/web/requests.ts";
import { selectFields, whereOf } from "../src/workflow/selection_fields.ts";

/** A selection as a form has it; lists are separated by blanks. */
interface Choice {
  pods?: string;
  match?: string;
  exclude?: string;
  namespaces?: string;
  allNamespaces?: true;
  contexts?: string;
  selector?: string;
  fieldSelector?: string;
  container?: string;
  node?: string;
}

/** The selections, and their operands; every face has to refuse a selection without. */
const choices: readonly (readonly [choice: Choice, operands?: string])[] = [
  [{ pods: "web-0" }, "web-0"],
  [{ pods: "web-0 shop/db-0 pod/x" }, "web-0 shop/db-0 x"],
  [{ pods: "deploy/web sts/db" }, "deployments/web statefulsets/db"],
  [{ pods: "web-[0-2,7]", namespaces: "a b" }, "web-0 web-1 web-2 web-7"],
  [{ pods: "web-[0-1],db-0" }, "web-0 web-1 db-0"],
  [{ pods: "web-*" }],
  [{ pods: "web-[0-" }],
  [{ pods: "secret/x" }],
  [{ match: "web", exclude: "canary", contexts: "lab prod" }, ""],
  [{ match: "web db", allNamespaces: true, node: "n1" }, ""],
  [{ selector: "app=web,tier!=x", fieldSelector: "spec.nodeName=n1" }, ""],
  [{ selector: "app=web", container: "side", namespaces: "shop" }, ""],
];

const items = (text: string | undefined) => text?.split(" ") ?? [];

/** Returns the flags and operands of a command line. */
function lineOf({ pods, allNamespaces, ...choice }: Choice): string {
  const each = (flag: string, text: string | undefined) =>
    items(text).map((item) => `${flag} ${item}`);
  return [
    ...items(pods),
    ...each("-m", choice.match),
    ...each("-x", choice.exclude),
    ...each("-n", choice.namespaces),
    ...each("--context", choice.contexts),
    ...each("-l", choice.selector),
    ...each("--field-selector", choice.fieldSelector),
    ...each("-c", choice.container),
    ...each("--node", choice.node),
    ...allNamespaces === true ? ["-A"] : [],
  ].join(" ");
}

/** Returns the fields of a tool's input or of `select`. */
function fieldsOf(choice: Choice, names: Readonly<Record<string, string>> = {}) {
  const lists = ["pods", "match", "exclude", "namespaces", "contexts"];
  return Object.fromEntries(
    Object.entries(choice).map(([name, value]) => [
      names[name] ?? name,
      lists.includes(name) ? items(value) : value,
    ]),
  );
}

interface Chosen {
  contexts: readonly string[];
  selection: Selection;
}

/** Returns the first value of a name in an object and its parts. */
function valueIn(value: unknown, name: keyof Chosen): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (Object.hasOwn(value, name)) return (value as Chosen)[name];
  return Object.values(value).map((part) => valueIn(part, name))
    .find((found) => found !== undefined);
}

/** Returns a command line's selection. */
async function ofLine(line: string): Promise<Chosen> {
  const { options } = await resolved(line);
  const [contexts, selection] = [valueIn(options, "contexts"), valueIn(options, "selection")];
  return { contexts, selection } as Chosen;
}

/** The commands and faces that choose pods. */
const faces: Readonly<Record<string, (choice: Choice) => Chosen | Promise<Chosen>>> = {
  exec: (choice) => ofLine(`exec ${lineOf(choice)} -- id`),
  logs: (choice) => ofLine(`logs ${lineOf(choice)}`),
  "cp into pods": (choice) => ofLine(`cp ${lineOf(choice)} a :/tmp/a`),
  "cp from pods": (choice) => ofLine(`cp ${lineOf(choice)} :/tmp/a a`),
  shell: (choice) => ofLine(`shell ${lineOf(choice)}`),
  tmux: (choice) => ofLine(`tmux ${lineOf(choice)}`),
  pods: (choice) => ofLine(`pods ${lineOf(choice)}`),
  pick: (choice) => ofLine(`pick ${lineOf(choice)}`),
  top: (choice) => ofLine(`top ${lineOf(choice)}`),
  "tools of models": async (choice) =>
    selectionOf(await readInput(offered(fields, "tools"), fieldsOf(choice))),
  "the page": (choice) => {
    const given = new URLSearchParams(
      Object.entries(choice).map(([name, value]) => [name, String(value)]),
    );
    const query = queryOf(selectionFields(given));
    return chosenPods(selectionOfFields(selectionFields(query)), { allPhases: false });
  },
  "select of a workflow": (choice) =>
    whereOf(selectFields(fieldsOf(choice, { namespaces: "namespace", contexts: "context" }))),
};

/** Returns a selection without what a command sets for all of its selections. */
function compared({ contexts, selection }: Chosen) {
  const { sort: _sort, allPhases: _phases, shuffle: _shuffle, ...chosen } = selection;
  return { contexts, ...chosen };
}

const operandsOf = ({ selection }: Chosen) =>
  selection.operands.map((one) =>
    one.kind === "workload"
      ? `${one.plural}/${one.name}`
      : one.namespace === undefined
      ? one.name
      : `${one.namespace}/${one.name}`
  ).join(" ");

for (const [choice, operands] of choices) {
  const line = lineOf(choice);
  Deno.test(`\`${line}\` means the same in every face`, async () => {
    for (const [face, chosenIn] of Object.entries(faces)) {
      // It reads several containers of a pod, which are no part of its selection.
      if (face === "logs" && choice.container !== undefined) continue;
      const choosing = (async () => await chosenIn(choice))();
      if (operands === undefined) {
        await assert.rejects(choosing, (error) => {
          assert.ok(error instanceof KodamaError || error instanceof BadValue, face);
          return true;
        }, face);
        continue;
      }
      const chosen = await choosing;
      assert.equal(operandsOf(chosen), operands, face);
      assert.deepEqual(compared(chosen), compared(await ofLine(`exec ${line} -- id`)), face);
    }
  });
}
