/** Trust in workflow files: what is asked, stored, revoked and locked. */
import { action, hint, plainHint } from "../../base/hint.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { noPermissions } from "../../workflow/model.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import {
  ensureTrusted,
  listTrusted,
  lockFor,
  revokeTrust,
  type TrustAsk,
  type TrustSubject,
} from "./trust.ts";

const permissions = { ...noPermissions, run: ["git"] };

function subject(text = "steps: []", path = "/project/workflows/deploy.yaml"): TrustSubject {
  return {
    name: "deploy",
    path,
    permissions,
    changes: [],
    secrets: [],
    hidesShipped: false,
    files: [{ path, text }, { path: "/project/lib/a.yaml", text: "a" }],
  };
}

/** Answers questions, and records them. */
function person(answer: boolean) {
  const asked: TrustAsk[] = [];
  return {
    asked,
    options: {
      trustNow: false,
      ask: (question: TrustAsk) => {
        asked.push(question);
        return Promise.resolve(answer);
      },
    },
  };
}

const unattended = { trustNow: false };

Deno.test("a new workflow is asked about once, with what it may", async () => {
  const { host } = simulatedHost({});
  const { asked, options } = person(true);
  const trusted = await ensureTrusted(host, subject(), options);
  assert.equal(trusted.texts.get("/project/lib/a.yaml"), "a");
  await ensureTrusted(host, subject(), options);
  await ensureTrusted(host, subject(), unattended);
  assert.deepEqual(asked, [{
    hidesShipped: false,
    name: "deploy",
    path: "/project/workflows/deploy.yaml",
    seen: "new",
    changed: [],
    permissions: ["run git (a program can do all that you can do)"],
  }]);
});

Deno.test("one that has changed since is asked about again, by the files that have", async () => {
  const { host } = simulatedHost({});
  const { asked, options } = person(true);
  await ensureTrusted(host, subject(), options);
  await ensureTrusted(host, subject("steps: [] # more"), options);
  assert.deepEqual([asked[1]?.seen, asked[1]?.changed], ["changed", ["deploy.yaml"]]);
  assert.equal((await listTrusted(host)).length, 1, "the old one is replaced");
});

Deno.test("after a no nothing is kept, and the error is a cancel", async () => {
  const { host, files } = simulatedHost({});
  await assert.rejects(ensureTrusted(host, subject(), person(false).options), {
    kind: "declined",
    message: "the workflow deploy isn't trusted, and nothing was run",
  });
  assert.equal(files.size, 0);
});

Deno.test("without a terminal it fails, with the alternatives", async () => {
  const table: [folder: string, word: string][] = [
    ["/project/workflows", "deploy"],
    // No name resolves to it.
    ["/elsewhere", "/elsewhere/deploy.yaml"],
  ];
  for (const [folder, word] of table) {
    const path = `${folder}/deploy.yaml`;
    const { host } = simulatedHost({}, { files: { [path]: "steps: []" } });
    const failure = await ensureTrusted(host, subject(undefined, path), unattended)
      .catch((error) => error);
    assert.ok(failure instanceof KodamaError);
    assert.equal(failure.kind, "untrusted");
    assert.match(failure.message, /isn't trusted yet, and there is no terminal to ask on/);
    assert.equal(
      plainHint(failure.hint ?? ""),
      `look at it, then: workflow.trust.add (path: ${word}); in CI "locked" with a kodama.lock beside it, or "trust"`,
    );
  }
});

Deno.test("--trust is for this run alone", async () => {
  const { host, files } = simulatedHost({});
  await ensureTrusted(host, subject(), { trustNow: true });
  assert.equal(files.size, 0);
});

Deno.test("workflows of kodama and of the user's own folder are never asked about, however they are named", async () => {
  const { host } = simulatedHost({});
  await ensureTrusted(host, subject("", "/shipped/a.yaml"), unattended);
  await ensureTrusted(host, subject("", "/config/workflows/a.yaml"), unattended);
  await assert.rejects(
    ensureTrusted(host, subject("", "/config/workflows/../../repo/a.yaml"), unattended),
    /trusted yet/,
  );
});

Deno.test("one without permissions needs no trust", async () => {
  const { host } = simulatedHost({});
  await ensureTrusted(host, { ...subject(), permissions: noPermissions }, unattended);
});

Deno.test("a lock file counts only if it is requested, as long as no file has changed", async () => {
  const { host, files } = simulatedHost({});
  files.set("/project/workflows/kodama.lock", await lockFor(host, [subject()]));
  const locked = { trustNow: "locked" } as const;
  await ensureTrusted(host, subject(), locked);
  await assert.rejects(ensureTrusted(host, subject(), unattended), {
    message: /isn't trusted yet, and there is no terminal to ask on/,
  });
  await assert.rejects(
    ensureTrusted(host, subject(undefined, "/project/workflows/other.yaml"), locked),
    { message: /isn't in a kodama\.lock beside it$/ },
  );
  await assert.rejects(ensureTrusted(host, subject("other"), locked), {
    message: /has changed since it was locked: deploy.yaml$/,
    hint: hint`look at what has changed, then write kodama.lock again: ${
      action("workflow.trust.lock")
    }`,
  });
  const { asked, options } = person(true);
  await ensureTrusted(host, subject(), options);
  assert.equal(asked.length, 1, "on a terminal the lock file is ignored");
});

Deno.test("a lock file is for the workflows of one folder", async () => {
  const { host } = simulatedHost({});
  const other = subject("b", "/project/workflows/other.yaml");
  const lock = JSON.parse(await lockFor(host, [other, subject()]));
  assert.deepEqual(Object.keys(lock.workflows), ["deploy.yaml", "other.yaml"]);
  assert.deepEqual(Object.keys(lock.workflows["other.yaml"]), ["../lib/a.yaml", "other.yaml"]);
  await assert.rejects(
    lockFor(host, [subject(), subject("", "/project/.kodama/workflows/a.yaml")]),
    { hint: "lock these by themselves: /project/workflows, /project/.kodama/workflows" },
  );
});

Deno.test("trust is taken back by path or as a whole", async () => {
  const { host } = simulatedHost({});
  const { options } = person(true);
  await ensureTrusted(host, subject(), options);
  await ensureTrusted(host, subject("b", "/project/workflows/other.yaml"), options);
  const word = "workflows/deploy.yaml";
  assert.deepEqual(await revokeTrust(host, { kind: "named", word }), [
    "/project/workflows/deploy.yaml",
  ]);
  await assert.rejects(revokeTrust(host, { kind: "named", word: "othre" }), {
    kind: "notFound",
    message: 'no workflow othre is trusted; did you mean "other"?',
  });
  await assert.rejects(ensureTrusted(host, subject(), unattended), /trusted yet/);
  assert.deepEqual(await revokeTrust(host, { kind: "named", word: "other" }), [
    "/project/workflows/other.yaml",
  ]);
  assert.deepEqual(await revokeTrust(host, { kind: "all" }), []);
  assert.deepEqual(await listTrusted(host), []);
});

Deno.test("a list that was tampered with stops everything", async () => {
  const { host } = simulatedHost({}, { files: { "/config/trust.json": "{}" } });
  await assert.rejects(ensureTrusted(host, subject(), unattended), /\/config\/trust.json: version/);
});

Deno.test("a list that all users may write to trusts nothing", async () => {
  const { host } = simulatedHost({}, {
    files: { "/config/trust.json": '{"version": 1, "entries": []}' },
    controlledByOthers: { "/config/trust.json": "mode" },
  });
  await assert.rejects(ensureTrusted(host, subject(), unattended), /all users may write to/);
  await assert.rejects(listTrusted(host), /all users may write to/);
});
