/**
 * The language server for workflow files, on a pair of streams: diagnostics, completion, hover, definition,
 * references, rename and the outline. https://microsoft.github.io/language-server-protocol/
 */
import { definedOnly } from "../base/json_value.ts";
import { Readable, Writable } from "node:stream";
import {
  type CompletionItem,
  CompletionItemKind,
  CompletionRequest,
  createProtocolConnection,
  DefinitionRequest,
  type Diagnostic as LspDiagnostic,
  DiagnosticSeverity,
  DidChangeTextDocumentNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  type DocumentSymbol,
  DocumentSymbolRequest,
  ErrorCodes,
  ExitNotification,
  HoverRequest,
  InitializeRequest,
  type InitializeResult,
  MarkupKind,
  type Position,
  PrepareRenameRequest,
  PublishDiagnosticsNotification,
  type Range as LspRange,
  ReferencesRequest,
  RenameRequest,
  ResponseError,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  SymbolKind,
  TextDocumentSyncKind,
} from "vscode-languageserver-protocol/node";
import type {
  CheckText,
  Completion,
  Diagnostic,
  EditedWorkflow,
  OutlineStep,
  Range,
} from "../actions/workflow/editor.ts";

/** The two directions of a connection, and the names for messages. */
interface ServerStreams {
  readonly input: AsyncIterable<Uint8Array>;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly version: string;
}

const completionKinds: Readonly<Record<Completion["kind"], CompletionItemKind>> = {
  name: CompletionItemKind.Variable,
  function: CompletionItemKind.Function,
  field: CompletionItemKind.Field,
  value: CompletionItemKind.EnumMember,
  workflow: CompletionItemKind.File,
};

/**
 * Serves until the client sends `exit` or closes its end. Returns whether it sent `shutdown` before, as the protocol
 * demands for a good end.
 */
export async function serveEditor(check: CheckText, streams: ServerStreams): Promise<boolean> {
  const input = Readable.from(streams.input, { objectMode: false });
  const output = new Writable({
    write: (bytes: Uint8Array, _encoding, done) => {
      streams.write(bytes).then(() => done(), done);
    },
  });
  const connection = createProtocolConnection(
    new StreamMessageReader(input),
    new StreamMessageWriter(output),
  );
  const documents = new Documents(check, async (document) => {
    await connection.sendNotification(PublishDiagnosticsNotification.type, document);
  });
  let isShutDown = false;
  const ended = Promise.withResolvers<void>();

  connection.onRequest(InitializeRequest.type, (): InitializeResult => ({
    serverInfo: { name: "kodama", version: streams.version },
    capabilities: {
      textDocumentSync: TextDocumentSyncKind.Full,
      completionProvider: { triggerCharacters: [".", "{", " ", ":"] },
      hoverProvider: true,
      definitionProvider: true,
      referencesProvider: true,
      documentSymbolProvider: true,
      renameProvider: { prepareProvider: true },
    },
  }));
  connection.onNotification(DidOpenTextDocumentNotification.type, ({ textDocument }) => {
    documents.set(textDocument.uri, textDocument.text, textDocument.version);
  });
  connection.onNotification(
    DidChangeTextDocumentNotification.type,
    ({ textDocument, ...change }) => {
      const text = change.contentChanges.at(-1)?.text;
      if (text !== undefined) documents.set(textDocument.uri, text, textDocument.version);
    },
  );
  connection.onNotification(DidCloseTextDocumentNotification.type, ({ textDocument }) => {
    documents.close(textDocument.uri);
  });

  connection.onRequest(CompletionRequest.type, async ({ textDocument, position }) => {
    const at = await documents.at(textDocument.uri, position);
    if (at === undefined) return [];
    const found = await at.workflow.completionsAt(at.offset);
    return found.map((one) => completionItem(one, at));
  });
  connection.onRequest(HoverRequest.type, async ({ textDocument, position }) => {
    const at = await documents.at(textDocument.uri, position);
    const hover = at?.workflow.hoverAt(at.offset);
    if (at === undefined || hover === undefined) return null;
    return {
      contents: { kind: MarkupKind.Markdown, value: hover.text },
      range: lspRange(at.workflow.text, hover.range),
    };
  });
  connection.onRequest(DefinitionRequest.type, async ({ textDocument, position }) => {
    const at = await documents.at(textDocument.uri, position);
    const found = await at?.workflow.definitionAt(at.offset);
    if (at === undefined || found === undefined) return null;
    const range = found.range ?? { start: 0, end: 0 };
    const text = found.path === at.workflow.path ? at.workflow.text : "";
    return {
      uri: `file://${found.path.split("/").map(encodeURIComponent).join("/")}`,
      range: lspRange(text, range),
    };
  });
  connection.onRequest(ReferencesRequest.type, async ({ textDocument, position }) => {
    const at = await documents.at(textDocument.uri, position);
    return (at?.workflow.referencesAt(at.offset) ?? [])
      .map((range) => ({ uri: textDocument.uri, range: lspRange(at?.workflow.text ?? "", range) }));
  });
  connection.onRequest(PrepareRenameRequest.type, async ({ textDocument, position }) => {
    const at = await documents.at(textDocument.uri, position);
    const range = at?.workflow.referencesAt(at.offset)
      .find(({ start, end }) => at.offset >= start && at.offset <= end);
    return at === undefined || range === undefined ? null : lspRange(at.workflow.text, range);
  });
  connection.onRequest(RenameRequest.type, async ({ textDocument, position, newName }) => {
    const at = await documents.at(textDocument.uri, position);
    const renamed = at?.workflow.renameAt(at.offset, newName);
    if (at === undefined || renamed === undefined) return null;
    if ("reason" in renamed) return new ResponseError(ErrorCodes.InvalidParams, renamed.reason);
    const edits = renamed.ranges
      .map((range) => ({ range: lspRange(at.workflow.text, range), newText: newName }));
    return { changes: { [textDocument.uri]: edits } };
  });
  connection.onRequest(DocumentSymbolRequest.type, async ({ textDocument }) => {
    const workflow = await documents.get(textDocument.uri);
    const { text = "" } = workflow ?? {};
    const symbol = ({ name, detail, range, steps }: OutlineStep): DocumentSymbol => ({
      name,
      detail,
      kind: SymbolKind.Function,
      range: lspRange(text, range),
      selectionRange: lspRange(text, { start: range.start, end: range.start }),
      children: steps.map(symbol),
    });
    return (workflow?.outline() ?? []).map(symbol);
  });

  connection.onRequest(ShutdownRequest.type, () => {
    isShutDown = true;
  });
  connection.onNotification(ExitNotification.type, () => ended.resolve());
  connection.onClose(() => ended.resolve());
  connection.listen();
  await ended.promise;
  await documents.settled();
  connection.dispose();
  return isShutDown;
}

/** The open files, each with its newest checked state. */
class Documents {
  readonly #open = new Map<string, { version: number; checked: Promise<EditedWorkflow> }>();

  constructor(
    private readonly check: CheckText,
    private readonly publish: (
      found: { uri: string; version?: number; diagnostics: LspDiagnostic[] },
    ) => Promise<void>,
  ) {}

  set(uri: string, text: string, version: number): void {
    const path = pathOf(uri);
    if (path === undefined) return;
    const before = this.#open.get(uri)?.checked;
    const checked = (async () => {
      const last = await before;
      // A newer text has come meanwhile: only the newest is worth a check.
      const isNewest = this.#open.get(uri)?.version === version;
      if (last !== undefined && !isNewest) return last;
      return await this.check({ path, text }, last);
    })();
    this.#open.set(uri, { version, checked });
    void this.#report(uri, version, checked);
  }

  close(uri: string): void {
    if (this.#open.delete(uri)) void this.publish({ uri, diagnostics: [] });
  }

  get(uri: string): Promise<EditedWorkflow | undefined> {
    return Promise.resolve(this.#open.get(uri)?.checked);
  }

  async at(
    uri: string,
    position: Position,
  ): Promise<{ workflow: EditedWorkflow; offset: number } | undefined> {
    const workflow = await this.get(uri);
    return workflow && { workflow, offset: offsetOf(workflow.text, position) };
  }

  /** Waits for the checks that are under way. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(({ checked }) => checked));
  }

  async #report(uri: string, version: number, checked: Promise<EditedWorkflow>): Promise<void> {
    const workflow = await checked;
    if (this.#open.get(uri)?.version !== version) return;
    const own = workflow.diagnostics.filter(({ file }) => file.path === workflow.path);
    const others = workflow.diagnostics.filter(({ file }) => file.path !== workflow.path);
    const diagnostics = [...own.map(lspDiagnostic), ...others.map(elsewhere)];
    await this.publish({ uri, version, diagnostics });
  }
}

function lspDiagnostic(
  { line, column, width, severity, rule, message }: Diagnostic,
): LspDiagnostic {
  const start = { line: line - 1, character: column - 1 };
  return {
    range: { start, end: { ...start, character: start.character + width } },
    severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code: rule,
    source: "kodama",
    message,
  };
}

/** A problem of a file that this file refers to: shown at the top, with its position. */
function elsewhere(diagnostic: Diagnostic): LspDiagnostic {
  const { file, line, column, message } = diagnostic;
  return {
    ...lspDiagnostic({ ...diagnostic, line: 1, column: 1, width: 1 }),
    message: `${file.path}:${line}:${column}: ${message}`,
  };
}

function completionItem(
  { label, kind, detail, documentation, start }: Completion,
  { workflow: { text }, offset }: { workflow: EditedWorkflow; offset: number },
): CompletionItem {
  return {
    label,
    kind: completionKinds[kind],
    textEdit: {
      range: lspRange(text, { start, end: offset }),
      newText: kind === "field" ? `${label}: ` : label,
    },
    ...definedOnly({ detail, documentation }),
  };
}

function lspRange(text: string, { start, end }: Range): LspRange {
  return { start: positionOf(text, start), end: positionOf(text, end) };
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length - 1, character: before.length - lineStart };
}

function offsetOf(text: string, { line, character }: Position): number {
  let start = 0;
  for (let index = 0; index < line; index++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + character, end < 0 ? text.length : end);
}

/** Returns the path of a file URI; undefined for documents that aren't files. */
function pathOf(uri: string): string | undefined {
  const url = URL.parse(uri);
  return url?.protocol === "file:" ? decodeURIComponent(url.pathname) : undefined;
}
