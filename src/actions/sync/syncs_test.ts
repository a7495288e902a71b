import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { SyncControl, SyncReport } from "../../sync/daemon/model.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { syncReport } from "./testing/sync_report.ts";
import { loginUnit, startAgain } from "./syncs.ts";

Deno.test("syncs that were killed are started again, each by itself; stopped and running ones are left alone", async () => {
  const reports = new Map<string, SyncReport>();
  for (const phase of ["killed", "stopped", "watching", "killed", "killed"] as const) {
    const key = `default.${phase}-${reports.size}`;
    const report = syncReport({ phase });
    const local = key.endsWith("4") ? "/home" : report.spec.local;
    reports.set(key, { ...report, spec: { ...report.spec, key, local } });
  }
  const started: string[] = [];
  const control: Pick<SyncControl, "keys" | "read" | "start" | "wholeOf"> = {
    wholeOf: (folder) => Promise.resolve(folder === "/home" ? "home" : undefined),
    keys: () => Promise.resolve([...reports.keys()]),
    read: (key) => Promise.resolve(reports.get(key)),
    start({ key }) {
      started.push(key);
      return key === "default.killed-0"
        ? Promise.reject(new KodamaError("environment", "it exits at once"))
        : Promise.resolve("started");
    },
  };
  const { host } = simulatedHost({});
  const { signal } = new AbortController();
  const sync = () => Promise.resolve(control as SyncControl);
  const results = await Array.fromAsync(startAgain({ ...host, sync }, signal));
  assert.deepEqual(started, ["default.killed-0", "default.killed-3"]);
  assert.deepEqual(results.map(({ error }) => error?.message), [
    "it exits at once",
    undefined,
    "refusing to sync the whole home folder",
  ]);
});

Deno.test("the unit runs this kodama with the variables that a login lacks, quoted by systemd's rules", () => {
  const { host } = simulatedHost({}, { env: { PATH: "/a b:/c", KUBECONFIG: '/k"50%' } });
  const machine = {
    ...host.machine,
    ownCommand: () => ({ argv: ["/opt/$x/kodama"], environment: { KODAMA_CONFIG_DIR: "/d" } }),
  };
  assert.equal(
    loginUnit({ ...host, machine }),
    `[Unit]
Description=kodama: syncs that ran before the last shutdown

[Service]
Type=oneshot
RemainAfterExit=yes
Environment="KODAMA_CONFIG_DIR=/d"
Environment="KUBECONFIG=/k\\"50%%"
Environment="PATH=/a b:/c"
ExecStart="/opt/$$x/kodama" "sync" "up"

[Install]
WantedBy=default.target
`,
  );
});
