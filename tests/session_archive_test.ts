/** Snapshots that aren't what kodama wrote: damaged, cut off, or made to reach elsewhere. */
import assert from "node:assert/strict";
import { readArchive } from "../src/actions/session/snapshots/archive_source.ts";
import { KodamaError } from "../src/base/errors.ts";
import type { TreeEntry } from "../src/copy/entry.ts";
import { writeTar } from "../src/copy/tar_writer.ts";
import { sessionText } from "../src/session/state.ts";
import { sampleSession } from "../src/session/testing/session.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";
import { machineHost } from "../src/host/host.ts";
import { TestFolder } from "./harness/test_folder.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function file(name: string, text: string): TreeEntry {
  const bytes = bytesOf(text);
  async function* body() {
    yield bytes;
  }
  const kept = { mode: 0o600, mtime: 1_700_000_000 };
  return { kind: "file", path: bytesOf(name), ...kept, size: bytes.length, body: body() };
}

function link(name: string, target: string): TreeEntry {
  const named = { path: bytesOf(name), target: bytesOf(target) };
  return { kind: "symbolicLink", ...named, mode: 0o777, mtime: 0 };
}

const document = () => file("session.yaml", sessionText(sampleSession()));
const end = () => file("end", "");

async function archived(entries: readonly TreeEntry[]): Promise<Uint8Array> {
  async function* all() {
    for (const entry of entries) yield await Promise.resolve(entry);
  }
  const tar = await Array.fromAsync(writeTar(all(), { sparse: false }));
  const plain = new Blob(tar.map((bytes) => new Uint8Array(bytes))).stream();
  const zipped = plain.pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/** The content as text; `undefined` if it can't be decompressed. */
async function unzipped(bytes: Uint8Array): Promise<string | undefined> {
  const plain = new Blob([new Uint8Array(bytes)]).stream();
  try {
    return await new Response(plain.pipeThrough(new DecompressionStream("gzip"))).text();
  } catch {
    return undefined;
  }
}

async function read(bytes: Uint8Array) {
  await using folder = await TestFolder.open("kodama-archive-");
  const path = `${folder.path}/one.tar.gz`;
  await Deno.writeFile(path, bytes);
  const terminal = new MemoryTerminal();
  const environment = (name: string) => name === "HOME" ? folder.path : undefined;
  const host = machineHost({ kubeconfig: undefined, terminal, environment });
  return await readArchive(host, path);
}

async function refusal(bytes: Uint8Array): Promise<string> {
  try {
    await read(bytes);
  } catch (error) {
    assert.ok(error instanceof KodamaError, String(error));
    assert.equal(error.kind, "config");
    return error.message.replace(/^.*of a session: /, "");
  }
  return "it was taken";
}

Deno.test("an archive that is whole is counted, and knows its session", async () => {
  const bytes = await archived([document(), file("workspace/a", "one"), end()]);
  const { session, files, bytes: size, takenAt } = await read(bytes);
  assert.deepEqual(session, sampleSession());
  assert.deepEqual({ files, size }, { files: 1, size: 3 });
  assert.equal(takenAt.toISOString(), "2023-11-14T22:13:20.000Z");
});

Deno.test("what isn't a session's, or reaches out of its folders, is refused before anything is made of it", async () => {
  const table: [entries: TreeEntry[], reason: RegExp][] = [
    [[], /cut off/],
    [[document()], /cut off/],
    [[file("workspace/a", "one"), end()], /doesn't start with session\.yaml/],
    [[file("session.yaml", "name: 1"), end()], /session\.yaml: /],
    [[file("session.yaml", "{{"), end()], /isn't YAML/],
    [[document(), file("elsewhere/a", "one"), end()], /isn't part of a session/],
    [[document(), file("workspace/../../a", "one"), end()], /leads out/],
    [[document(), file("claude/.credentials.json", "one"), end()], /isn't part of a session/],
    [[document(), file("kodama/bin/tool", "one"), end()], /isn't part of a session/],
    [
      [document(), link("workspace/etc", "/etc"), file("workspace/etc/passwd", "x"), end()],
      /is behind a link/,
    ],
    [[document(), end(), file("workspace/a", "one")], /after its end/],
  ];
  for (const [entries, reason] of table) {
    assert.match(await refusal(await archived(entries)), reason);
  }
});

Deno.test("an archive with one wrong byte, or less than all of them, is none", async () => {
  const text = crypto.randomUUID().repeat(50);
  const whole = await archived([document(), file("workspace/a", text), end()]);
  for (let at = 16; at < whole.length; at += Math.ceil(whole.length / 40)) {
    const broken = whole.slice();
    broken[at] = (broken[at] ?? 0) ^ 0x10;
    // Some bits between the blocks of a compressed stream mean nothing.
    if (await unzipped(broken) === await unzipped(whole)) continue;
    assert.notEqual(await refusal(broken), "it was taken", `byte ${at}`);
    assert.notEqual(await refusal(whole.subarray(0, at)), "it was taken", `cut at ${at}`);
  }
});
