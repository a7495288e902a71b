/**
 * Sessions of random files, all of them hostile but the user's own: no pod has more than the user's own files and flags
 * allow, by a judge that shares nothing with the program's.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../../base/errors.ts";
import { secretsOf, violations } from "../../session/testing/pod_security.ts";
import {
  type Finished,
  ownParts,
  type RandomSession,
  randomSessions,
  restoredSession,
  startedSession,
} from "./testing/random_sessions.ts";

/** A case takes some 4 ms. */
const cases = Number(Deno.env.get("KODAMA_ATTACKS") ?? 300);

/** Fails if a session has more than the user's own files allow. */
function judge(one: RandomSession, { spec, pods }: Finished): void {
  const own = ownParts(one);
  const secrets = new Set([...own.secrets, "kodama-env-work"]);
  for (const pod of pods) {
    const volumes = pod.spec?.volumes ?? [];
    const broken = violations(pod).filter((text) => {
      const at = /^(?:Volume Types|HostPath Volumes): spec\.volumes\[(\d+)\]/.exec(text)?.[1];
      return at === undefined || !own.volumes.has(volumes[Number(at)]?.name ?? "");
    });
    assert.deepEqual(broken, []);
    assert.deepEqual([...secretsOf(pod)].filter((name) => !secrets.has(name)), []);
    assert.equal(pod.spec?.automountServiceAccountToken, false);
    assert.deepEqual(pod.spec?.tolerations, own.tolerations);
    for (const { name, volumeMounts } of pod.spec?.containers.slice(1) ?? []) {
      assert.deepEqual(volumeMounts?.map((mount) => mount.name), ["workspace"], name);
    }
    for (const [name, value] of Object.entries(own.nodeSelector ?? {})) {
      assert.equal(pod.spec?.nodeSelector?.[name], value);
    }
  }
  assert.equal(pods[0]?.spec?.runtimeClassName, own.runtimeClass);
  assert.equal(pods[0]?.spec?.serviceAccountName, own.serviceAccount);
  if (own.egress !== undefined) assert.deepEqual(spec.egress, [{ cidr: "10.0.0.0/8" }]);
  assert.deepEqual(new Set(spec.volumes?.map(({ volume }) => volume.name)), own.volumes);
  assert.deepEqual([spec.gitMirrors, spec.dotfiles], [{}, undefined]);
  const isLonger = (spec.limits.ttlSeconds ?? Infinity) > 8 * 3600;
  if (own.ttl !== undefined) assert.ok(!isLonger || one.flags.ttl === "never");
}

/** Returns how many of the random sessions were defined; the others were refused. */
async function defined(
  define: (one: RandomSession) => Promise<Finished>,
  use: (one: RandomSession, session: Finished) => void,
): Promise<number> {
  let count = 0;
  const property = fc.asyncProperty(randomSessions, async (one) => {
    const session = await define(one).catch((error: unknown) => {
      if (error instanceof KodamaError) return undefined;
      throw error;
    });
    if (session === undefined) return;
    count += 1;
    use(one, session);
  });
  await fc.assert(property, { numRuns: cases });
  return count;
}

Deno.test("a start gives no session more than the user's own files and flags do", async () => {
  const count = await defined(startedSession, (one, session) => {
    judge(one, session);
    if (ownParts(one).excludes) assert.ok(!session.variables.has("EXCLUDED"));
  });
  assert.ok(count > cases / 2, `${count} of ${cases} sessions were defined`);
});

Deno.test("a snapshot's file gives no session more than the user's own settings do", async () => {
  const count = await defined(
    (one) => restoredSession({ ...one, flags: {} }),
    (one, session) => judge({ ...one, flags: {} }, session),
  );
  assert.ok(count > cases / 2, `${count} of ${cases} sessions were defined`);
});
