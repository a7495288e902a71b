/** `kodama lsp` as an editor uses it: by the client side of the reference implementation of the protocol. */
import assert from "node:assert/strict";
import {
  type CompletionItem,
  CompletionRequest,
  DefinitionRequest,
  type Diagnostic,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  DocumentSymbolRequest,
  type Hover,
  HoverRequest,
  type Location,
  type MarkupContent,
  PrepareRenameRequest,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  ReferencesRequest,
  RenameRequest,
} from "vscode-languageserver-protocol/node";
import { type LanguageServer, startLanguageServer } from "./harness/language_server.ts";

const text = `description: Restart
params:
  match: { required: true, description: Pods whose name contains this }
  budget: { default: 0 }
select:
  match: \${{ params.match }}
steps:
  - id: before
    exec: [hostname, -f]
    outputMode: group
  - id: each
    foreach: \${{ steps.before.ok }}
    steps:
      - id: inner
        check: \${{ size(item) > params.budget }}
  - workflow: ./other.yaml
  - script: ./count.ts
  - check: >-
      \${{ size(steps.before.ok) > 0
        && steps.each.outcome == "ok" }}
`;

const other = `description: Another
steps:
  - exec: ["true"]
`;

/** A server with one open file. */
class Editor implements AsyncDisposable {
  readonly #waiting = new Map<number, (found: Diagnostic[]) => void>();
  #version = 0;

  private constructor(
    readonly folder: string,
    private readonly server: LanguageServer,
  ) {
    server.client.onNotification(
      PublishDiagnosticsNotification.type,
      ({ version = -1, diagnostics }) => {
        this.#waiting.get(version)?.(diagnostics);
      },
    );
  }

  static async start(): Promise<Editor> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "kodama-lsp-" }));
    await Deno.writeTextFile(`${folder}/other.yaml`, other);
    await Deno.writeTextFile(`${folder}/count.ts`, "export default () => 1;\n");
    const server = await startLanguageServer(folder);
    assert.equal(server.initialized.serverInfo?.name, "kodama");
    return new Editor(folder, server);
  }

  get client(): ProtocolConnection {
    return this.server.client;
  }

  get uri(): string {
    return `file://${this.folder}/restart.yaml`;
  }

  /** Shows a text to the server; returns the problems that it reports. */
  async write(content: string): Promise<Diagnostic[]> {
    const version = ++this.#version;
    const found = new Promise<Diagnostic[]>((resolve) => this.#waiting.set(version, resolve));
    if (version === 1) {
      await this.client.sendNotification(DidOpenTextDocumentNotification.type, {
        textDocument: { uri: this.uri, languageId: "yaml", version, text: content },
      });
    } else {
      await this.client.sendNotification(DidChangeTextDocumentNotification.type, {
        textDocument: { uri: this.uri, version },
        contentChanges: [{ text: content }],
      });
    }
    return await found;
  }

  /** Returns the parameters of a request about the position of `|` in a text. */
  at(
    marked: string,
  ): { textDocument: { uri: string }; position: { line: number; character: number } } {
    const lines = marked.slice(0, marked.indexOf("|~")).split("\n");
    const position = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
    return { textDocument: { uri: this.uri }, position };
  }

  /** Writes a text with a cursor `|~` in it, without the cursor; returns what can be written there. */
  async completions(marked: string): Promise<CompletionItem[]> {
    await this.write(marked.replace("|~", ""));
    return await this.client.sendRequest(
      CompletionRequest.type,
      this.at(marked),
    ) as CompletionItem[];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const code = await this.server.end();
    await Deno.remove(this.folder, { recursive: true });
    assert.equal(code, 0);
  }
}

/** Returns the text with a cursor before the first occurrence of a part, moved by some characters. */
function cursor(part: string, moved = 1, from = text): string {
  const at = from.indexOf(part);
  assert.ok(at >= 0, part);
  return `${from.slice(0, at + moved)}|~${from.slice(at + moved)}`;
}

const labels = (items: readonly CompletionItem[]) => items.map(({ label }) => label);

Deno.test("kodama lsp", async (t) => {
  await using editor = await Editor.start();

  await t.step("reports the problems that check reports, at each change", async () => {
    assert.deepEqual(await editor.write(text), []);
    const [wrong, ...others] = await editor.write(
      text.replace("steps.before.ok }}", "steps.befor.ok }}"),
    );
    assert.deepEqual(others, []);
    assert.match(`${wrong?.message}`, /no step before this has the id "befor"/);
    assert.deepEqual(wrong?.range, {
      start: { line: 11, character: 23 },
      end: { line: 11, character: 28 },
    });
    const [syntax] = await editor.write(text.replace("params:", "params: ["));
    assert.equal(syntax?.code, "syntax");
    await Deno.writeTextFile(`${editor.folder}/other.yaml`, "steps:\n  - exce: x\n");
    const [elsewhere] = await editor.write(text);
    assert.match(`${elsewhere?.message}`, /other\.yaml:2:5: /);
    await Deno.writeTextFile(`${editor.folder}/other.yaml`, other);
    assert.deepEqual(await editor.write(text), []);
  });

  await t.step("completes names and functions inside an expression", async () => {
    const root = await editor.completions(text.replace("steps.before.ok }}", "|~ }}"));
    assert.ok(labels(root).includes("params") && labels(root).includes("size"));
    const params = await editor.completions(text.replace("params.match }}", "params.|~ }}"));
    assert.deepEqual(labels(params).slice(0, 2), ["match", "budget"]);
    const fields = await editor.completions(text.replace("steps.before.ok }}", "steps.before.o|~"));
    assert.ok(labels(fields).includes("ok") && labels(fields).includes("outcome"));
    const own = await editor.completions(text.replace("size(item) >", "size(|~) >"));
    assert.ok(labels(own).includes("item"));
    const escaped = await editor.completions(
      text.replace("hostname, -f", () => 'echo, "$${{ par|~"'),
    );
    assert.deepEqual(escaped, []);
  });

  await t.step("completes fields, listed values and workflows", async () => {
    const top = await editor.completions(`${text}fi|~`);
    assert.ok(labels(top).includes("finally") && !labels(top).includes("steps"));
    const step = await editor.completions(text.replace("    outputMode: group", "    max|~"));
    assert.ok(labels(step).includes("maxFail") && !labels(step).includes("exec"));
    assert.ok(!labels(step).includes("foreach"), "a step of one kind has no other kind's fields");
    const kinds = await editor.completions(`${text}  - |~\n`);
    assert.ok(labels(kinds).includes("kubectl") && labels(kinds).includes("when"));
    const modes = await editor.completions(text.replace("outputMode: group", "outputMode: f|~"));
    assert.ok(labels(modes).includes("fold"));
  });

  await t.step("explains fields and names", async () => {
    await editor.write(text);
    const hover = async (part: string, moved?: number) => {
      const found = await editor.client.sendRequest(
        HoverRequest.type,
        editor.at(cursor(part, moved)),
      );
      return ((found as Hover | null)?.contents as MarkupContent | undefined)?.value ?? "";
    };
    assert.match(
      await hover("params.match }}", 8),
      /`params\.match`: a text\n\nPods whose name contains/,
    );
    assert.match(
      await hover("steps.before.ok }}", 7),
      /`steps\.before`: a record[^]*`ok`: a list of texts/,
    );
    assert.match(await hover("outputMode"), /./);
    assert.equal(await hover("hostname"), "");
  });

  await t.step("finds what a name stands for", async () => {
    const definition = async (part: string, moved?: number) => {
      const params = editor.at(cursor(part, moved));
      return await editor.client.sendRequest(DefinitionRequest.type, params) as Location | null;
    };
    const step = await definition("steps.before.ok) >", 8);
    assert.deepEqual(step?.range.start, { line: 7, character: 8 });
    const param = await definition("params.budget }}", 8);
    assert.deepEqual(param?.range.start, { line: 3, character: 2 });
    assert.equal((await definition("./other.yaml"))?.uri, `file://${editor.folder}/other.yaml`);
    assert.equal((await definition("./count.ts"))?.uri, `file://${editor.folder}/count.ts`);
    assert.equal(await definition("hostname"), null);
  });

  await t.step("renames a step with everything that names it", async () => {
    const place = editor.at(cursor("steps.before.ok) >", 8));
    const references = await editor.client.sendRequest(ReferencesRequest.type, {
      ...place,
      context: { includeDeclaration: true },
    });
    assert.deepEqual(references?.map(({ range }) => range.start.line), [7, 11, 18]);
    assert.notEqual(await editor.client.sendRequest(PrepareRenameRequest.type, place), null);
    const edit = await editor.client.sendRequest(RenameRequest.type, { ...place, newName: "pods" });
    const edits = edit?.changes?.[editor.uri] ?? [];
    const lines = text.split("\n");
    for (const { range: { start, end }, newText } of edits.toReversed()) {
      const line = lines[start.line] ?? "";
      lines[start.line] = `${line.slice(0, start.character)}${newText}${line.slice(end.character)}`;
    }
    assert.equal(
      lines.join("\n"),
      text.replaceAll("steps.before", "steps.pods").replace("id: before", "id: pods"),
    );
    assert.deepEqual(await editor.write(lines.join("\n")), []);
    await editor.write(text);
    for (const newName of ["each", "1st", "a-b"]) {
      await assert.rejects(editor.client.sendRequest(RenameRequest.type, { ...place, newName }));
    }
  });

  await t.step("lists the steps", async () => {
    const { textDocument } = editor.at("|~");
    const found = await editor.client.sendRequest(DocumentSymbolRequest.type, { textDocument });
    assert.deepEqual(found?.map(({ name }) => name).slice(0, 2), ["before", "each"]);
    assert.deepEqual(
      found?.[1] && "children" in found[1] && found[1].children?.map(({ name }) => name),
      [
        "inner",
      ],
    );
  });
});
