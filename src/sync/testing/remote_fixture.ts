/** The remote end of a synchronisation over a real shell: a folder, its events, and steps for it. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { temporaryFolder } from "../../files/testing/temporary_folder.ts";
import { PodEndpoint } from "../remote/endpoint.ts";
import { RemoteIndex } from "../remote/remote_index.ts";
import type { EndpointEvent } from "../core/endpoint.ts";
import type { Entry } from "../core/model.ts";
import type { Expectation, SyncAction } from "../core/plan.ts";
import { ShellChannel, type TestShell } from "./shell_channel.ts";
import type { Content, RequestedFile } from "../core/tree.ts";
import { nativeChecksums } from "../../copy/local/files.ts";

const encoder = new TextEncoder();

/** SHA-256 of a text. */
export async function hex(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))).toHex();
}

/** Returns the plan's entry for a file of this text. */
export async function fileOf(
  text: string,
  mode = 0o644,
): Promise<Extract<Entry, { kind: "file" }>> {
  return { kind: "file", size: text.length, mtimeMs: 0, mode, digest: await hex(text) };
}

/** An open end. */
export interface RemoteFixture extends AsyncDisposable {
  /** The synchronised folder. */
  folder: string;
  end: PodEndpoint;
  news: EndpointEvent[];
  /** Resolves when an event of this kind was emitted. */
  untilEvent: (wanted: (news: EndpointEvent) => boolean) => Promise<void>;
}

/** Options that override the defaults. */
export interface RemoteFixtureOptions {
  /** The end is opened in this fixture's folder, beside its own. */
  beside?: RemoteFixture;
  /** The folder in the container; `work` by default. */
  root?: string;
  /** The process that the end belongs to. */
  index?: RemoteIndex;
  /** Transforms the bytes to the shell. */
  sent?: (bytes: Uint8Array) => Uint8Array;
}

/** Opens an end over a shell, in a folder of its own. */
export async function openRemoteFixture(
  shell: TestShell,
  { beside, root = "work", index = new RemoteIndex(), sent = (bytes) => bytes }:
    RemoteFixtureOptions = {},
): Promise<RemoteFixture> {
  await using unlessOpen = new AsyncDisposableStack();
  const folder = beside === undefined
    ? unlessOpen.use(await temporaryFolder("kodama-remote-")).path
    : `${beside.folder}/..`;
  const news: EndpointEvent[] = [];
  const waiting: (() => void)[] = [];
  const end = unlessOpen.use(
    await PodEndpoint.open({
      open: (command) => {
        const channel = new ShellChannel(shell, command, folder);
        const write = channel.write.bind(channel);
        channel.write = (bytes) => write(sent(bytes));
        return Promise.resolve(channel);
      },
      root,
      key: "test",
      index,
      native: nativeChecksums,
      clock: systemClock,
      onEvent: (one) => {
        news.push(one);
        for (const wake of waiting.splice(0)) wake();
      },
    }, new AbortController().signal),
  );
  const open = unlessOpen.move();
  return {
    folder: `${folder}/work`,
    end,
    news,
    async untilEvent(wanted) {
      while (!news.some(wanted)) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Contents that this machine would send. */
function contentsOf(texts: Record<string, string>) {
  return async function* (wanted: readonly RequestedFile[]): AsyncGenerator<Content> {
    for (const [at, { path }] of wanted.entries()) {
      const bytes = encoder.encode(texts[path] ?? "");
      yield await Promise.resolve({
        at,
        size: bytes.length,
        body: (async function* () {
          yield await Promise.resolve(bytes);
        })(),
      });
    }
  };
}

/** An assertion about a path of the remote end. */
export const remote = (path: string, entry: Expectation["entry"]): Expectation => ({
  side: "remote",
  path,
  entry,
});

/** Sends a file of this text. */
export async function put(
  path: string,
  text: string,
  was?: Expectation["entry"],
): Promise<SyncAction> {
  return {
    kind: "put",
    side: "remote",
    path,
    entry: await fileOf(text),
    from: { side: "local", path },
    requires: [remote(path, was)],
  };
}

/** Returns the result of each step, in the order of the steps. */
export async function ends(
  { end }: RemoteFixture,
  steps: readonly SyncAction[],
  texts: Record<string, string> = {},
): Promise<string[]> {
  const results = await Array.fromAsync(end.perform(steps, contentsOf(texts)));
  const lines = results.sort((one, other) => one.at - other.at).map(({ at, result }) =>
    `${steps[at]?.path}: ${result.kind === "failed" ? result.reason : result.kind}`
  );
  assert.equal(results.length, steps.length, "each step ends once");
  return lines;
}
