/** Volumes, as containers see them. */
import assert from "node:assert/strict";
import type { Volume } from "../../kube/types.ts";
import { resources } from "../resources.ts";
import { outcome, outputOnly, refOf, startFixture } from "./testing/fixture.ts";

const command = ["sh", "-c", "echo begun; while :; do sleep 0.05; done"];

Deno.test("volumes of every kind are where they are mounted, read-only where they must be", async () => {
  await using fixture = await startFixture();
  fixture.store.create(resources.configMaps, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { colour: "green", "other.conf": "x=1\n" },
  });
  const volumes: Volume[] = [
    { name: "config", configMap: { name: "settings" } },
    { name: "shared", emptyDir: {} },
    { name: "memory", emptyDir: { medium: "Memory" } },
    {
      name: "own",
      downwardAPI: { items: [{ path: "labels/name", fieldRef: { fieldPath: "metadata.name" } }] },
    },
    { name: "many", projected: { sources: [{ configMap: { name: "settings" } }] } },
  ];
  fixture.run({
    volumes,
    containers: [{
      name: "main",
      image: "busybox",
      command,
      volumeMounts: [
        ...volumes.map(({ name }) => ({ name, mountPath: `/v/${name}` })),
        { name: "config", mountPath: "/usr/share/one", subPath: "colour" },
        { name: "shared", mountPath: "/bin/below" },
      ],
    }],
  });
  const ref = refOf(await fixture.begun("web"));
  const line = [
    "cat /v/config/colour /v/own/labels/name /v/many/other.conf /usr/share/one",
    "echo kept > /v/shared/file; cat /bin/below/file",
    "echo fast > /v/memory/file; cat /v/memory/file",
    "(echo no > /v/config/colour) 2>/dev/null || echo read-only",
    "ls -d /usr/bin/env; ls /home | wc -l",
  ].join("; ");
  const { stdout } = await outcome(await fixture.node.exec(ref, ["sh", "-c", line], outputOnly));
  assert.equal(stdout, "greenwebx=1\ngreenkept\nfast\nread-only\n/usr/bin/env\n0\n");
});

Deno.test("a volume that can't be created yet is reported, and created later", async () => {
  await using fixture = await startFixture();
  fixture.run({
    volumes: [{ name: "config", secret: { secretName: "late" } }],
    containers: [{ name: "main", image: "busybox", command }],
  });
  await fixture.clock.waitedFor(1000);
  assert.deepEqual(fixture.events("web"), ['1 FailedMount: secret "late" not found']);
  fixture.store.create(resources.secrets, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "late", namespace: "default" },
    data: {},
  });
  fixture.clock.advance(1000);
  await fixture.begun("web");
});

Deno.test("a folder of the machine can't be mounted", async () => {
  await using fixture = await startFixture();
  fixture.run({
    volumes: [{ name: "host", hostPath: { path: "/etc" } }],
    containers: [{ name: "main", image: "busybox", command }],
  });
  await fixture.clock.waitedFor(1000);
  assert.match(fixture.events("web")[0] ?? "", /no volumes of the kind hostPath/);
});
