import assert from "node:assert/strict";
import fc from "fast-check";
import { isScalar, type Node, visit } from "yaml";
import { FileError, YamlSource } from "./source.ts";

/** Returns the result of a parse of a text: its data, and the position of each node; or its problems. */
function parsed(parse: () => YamlSource): unknown {
  try {
    const { plain, document, lines } = parse();
    const nodes: unknown[] = [];
    visit(document, {
      Node(_, node: Node) {
        const [start = 0, end] = node.range ?? [];
        // A mapping or list may include the blank lines behind it, or not.
        nodes.push([start, isScalar(node) && end, lines.linePos(start)]);
      },
    });
    return { plain, nodes };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return error.message;
  }
}

const path = "a.yaml";

const files = [
  `# a workflow
params:
  color: { default: red, enum: [red, blue] }
steps:
  - id: a
    exec: [echo, "\${{ params.color }}"]

  # between
  - name: it's "quoted"
    shell: |
      echo a
        - not an item

  - exec: "two
      lines"
    when: \${{ steps.a.ok }}
    # at the end of an item
finally:
- exec: x # the same indentation as its field
- group:
    steps:
      - exec: >-
          folded
          text
      - wait: ready
outputs:
  a: \${{ steps.a.stdout }}
`,
  `---\r\nsteps:\r\n- a: 1\r\n- b: 2\r\n- \r\n  c: 3\r\nother: [x]\r\n`,
  "steps:\n  - &one { exec: a }\n  - exec: [b, '*']\n  - |+\n    kept\n\n\n  - last",
];

const typed = [
  ..."ax-:#'\"|>[]{}&*!%? \n\r\t",
  "  ",
  "\n",
  "- ",
  ": ",
  "\n  - exec: y\n",
  "\n    name: z\n",
  "\nextra: 1\n",
  "\n---\n",
  "\n...\n",
  "*one",
  "&one ",
  "|\n      text\n",
  "99999999999999999999",
];

const edit = fc.record({
  at: fc.maxSafeNat(),
  removed: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(12)),
  inserted: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...typed) }, fc.constant("")),
  isUndone: fc.boolean(),
});

Deno.test("`parseEdited()` reads what a parse of the whole text reads, and parses less", () => {
  const runs = Number(Deno.env.get("KODAMA_TEST_RUNS") ?? 100);
  let parts = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...files),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      (file, edits) => {
        let before = YamlSource.parse({ path, text: file });
        let written = file;
        for (const { at, removed, inserted, isUndone } of edits) {
          const start = at % (written.length + 1);
          const text = written.slice(0, start) + inserted + written.slice(start + removed);
          let source: YamlSource | undefined;
          const edited = parsed(() => source = YamlSource.parseEdited({ path, text }, before));
          assert.deepEqual(edited, parsed(() => YamlSource.parse({ path, text })), text);
          if (source !== undefined && sharesNodes(source, before)) parts++;
          // A text that can't be read may be mended by a later edit.
          if (source !== undefined || !isUndone) written = text;
          before = source ?? before;
        }
      },
    ),
    { numRuns: runs },
  );
  assert.ok(parts > runs / 10, `${parts} texts were parsed in part`);
});

/** Returns whether nodes of an earlier document are in a later one. */
function sharesNodes(source: YamlSource, before: YamlSource): boolean {
  const earlier = new Set<unknown>();
  visit(before.document, { Node: (_, node) => void earlier.add(node) });
  let shared = false;
  visit(source.document, { Node: (_, node) => void (shared ||= earlier.has(node)) });
  return shared;
}
