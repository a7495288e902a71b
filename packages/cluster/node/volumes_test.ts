/** Volumes, as containers see them. */
import { isolations } from "./testing/isolations.ts";
import { unless } from "../../../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import type { Pod, Volume } from "../../../src/kube/types.ts";
import { resources } from "../resources.ts";
import { outcome, outputOnly, refOf, startFixture } from "./testing/fixture.ts";

const command = ["sh", "-c", "trap 'exit 0' TERM; echo begun; while :; do sleep 0.05; done"];

for (const { isolation, missing } of isolations) {
  Deno.test(
    unless(missing, `${isolation}: volumes of every kind are where they are mounted`),
    async () => {
      await using fixture = await startFixture({ isolation });
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
          downwardAPI: {
            items: [{ path: "labels/name", fieldRef: { fieldPath: "metadata.name" } }],
          },
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
        "ls -d /usr/bin/env; ls /home | wc -l",
      ].join("; ");
      const { stdout } = await outcome(
        await fixture.node.exec(ref, ["sh", "-c", line], outputOnly),
      );
      assert.equal(stdout, "greenwebx=1\ngreenkept\nfast\n/usr/bin/env\n0\n");
      const write = ["sh", "-c", "echo no > /v/config/colour"];
      const { end } = await outcome(await fixture.node.exec(ref, write, outputOnly));
      const isWritable = isolation === "plain";
      assert.deepEqual(end, { kind: "exited", exitCode: isWritable ? 0 : 2 });
    },
  );

  Deno.test(
    unless(missing, `${isolation}: a volume is shared, nested, and is the working folder`),
    async () => {
      await using fixture = await startFixture({ isolation });
      const uid = "5f0c6d3e-0000-4000-8000-000000000000";
      fixture.store.create(resources.persistentVolumeClaims, {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "work", namespace: "default", uid },
      });
      const claim = { name: "work", persistentVolumeClaim: { claimName: "work" } };
      const shared = { name: "shared", emptyDir: {} };
      const mounts = [
        { name: "work", mountPath: "/work" },
        { name: "shared", mountPath: "/work/cache" },
        { name: "work", mountPath: "/again", subPath: "deep" },
      ];
      const container = { image: "busybox", workingDir: "/work", volumeMounts: mounts };
      for (const turn of [1, 2]) {
        const name = `turn-${turn}`;
        fixture.run({
          volumes: [claim, shared],
          initContainers: [
            {
              ...container,
              name: "one",
              command: ["sh", "-c", "echo one > cache/log; echo $0 > here", name],
            },
            {
              ...container,
              name: "two",
              command: ["sh", "-c", "echo two >> /work/cache/log; cat here > /again/copy"],
            },
          ],
          containers: [{ ...container, name: "main", command }],
        }, name);
        const ref = refOf(await fixture.begun(name));
        const line = "cat cache/log /work/here deep/copy; ls; rm -rf cache/*";
        const { stdout } = await outcome(
          await fixture.node.exec(ref, ["sh", "-c", line], outputOnly),
        );
        assert.equal(stdout, `one\ntwo\n${name}\n${name}\ncache\ndeep\nhere\n`);
        fixture.delete(name);
        await fixture.gone(name);
      }
    },
  );
}

Deno.test("plain: files at the place of a nested volume are an error that names the limit", async () => {
  await using fixture = await startFixture({ isolation: "plain" });
  const volumes = [{ name: "work", emptyDir: {} }, { name: "inner", emptyDir: {} }];
  fixture.run({
    volumes,
    initContainers: [{
      name: "fill",
      image: "busybox",
      command: ["sh", "-c", "mkdir /work/inner; echo x > /work/inner/file"],
      volumeMounts: [{ name: "work", mountPath: "/work" }],
    }],
    containers: [{
      name: "main",
      image: "busybox",
      command,
      volumeMounts: [
        { name: "work", mountPath: "/work" },
        { name: "inner", mountPath: "/work/inner" },
      ],
    }],
  });
  const failed = await fixture.pod("web", (pod) => lastMessage(pod) !== undefined);
  assert.match(lastMessage(failed) ?? "", /\/work\/inner .*only a mount could hide .*FIDELITY\.md/);
});

function lastMessage({ status }: Pod): string | undefined {
  return status?.containerStatuses?.[0]?.lastState?.terminated?.message;
}

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
