import assert from "node:assert/strict";
import { keepMsOf } from "./flags.ts";
import { paneFlags } from "../tmux/tmux.ts";

Deno.test("a command is kept only where a person says so", () => {
  const flags = { "keep-for": 900_000 };
  const none = new Set<string>();
  assert.equal(keepMsOf({ flags, given: none, trailing: undefined }), 900_000);
  assert.equal(keepMsOf({ flags, given: none, trailing: ["top"] }), 0);
  assert.equal(keepMsOf({ flags, given: new Set(["keep-for"]), trailing: ["top"] }), 900_000);
});

Deno.test("panes are given the flags again, with paths that hold anywhere", () => {
  const flags = { "workdir": "/srv", "new": true, "log": "casts", "connect-timeout": 5000 };
  const where = { kubeconfig: "lab.yaml", workingDir: "/here", keepMs: 0 };
  assert.deepEqual(paneFlags(flags, where), {
    shellFlags: [
      ...["--kubeconfig=/here/lab.yaml", "--keep-for=0", "--connect-timeout=5000ms"],
      ...["--workdir=/srv", "--log=/here/casts", "--new"],
    ],
    writes: ["/here/casts"],
  });
});
