import { plainHint } from "../../../base/hint.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../../base/errors.ts";
import {
  defaultClassAnnotation,
  type VolumeSnapshotClass,
} from "../../../session/volume_snapshot.ts";
import { chosenClass } from "./take.ts";

function classOf(name: string, driver: string, isDefault = false): VolumeSnapshotClass {
  const annotations = isDefault ? { [defaultClassAnnotation]: "true" } : {};
  return {
    apiVersion: "snapshot.storage.k8s.io/v1",
    kind: "VolumeSnapshotClass",
    metadata: { name, annotations },
    driver,
  };
}

const fast = classOf("fast", "fast.csi", true);
const spare = classOf("spare", "fast.csi");
const other = classOf("other", "other.csi", true);

function choice(
  classes: readonly VolumeSnapshotClass[],
  request: { driver?: string; className?: string },
): string | undefined {
  const { driver, className } = request;
  try {
    return chosenClass(classes, { driver, className, claim: "c", session: "work" });
  } catch (error) {
    assert.ok(error instanceof KodamaError, String(error));
    return `${error.kind}: ${error.message} (${plainHint(error.hint ?? "")})`;
  }
}

Deno.test("the default class of the claim's own driver is taken, and never another driver's", () => {
  assert.equal(choice([other, spare, fast], { driver: "fast.csi" }), "fast");
  assert.equal(choice([other], { driver: "other.csi" }), "other");
  assert.match(
    choice([other], { driver: "fast.csi" }) ?? "",
    /^conflict: .*"fast\.csi".*output: FILE/,
  );
  assert.match(
    choice([spare], { driver: "fast.csi" }) ?? "",
    /no VolumeSnapshotClass is the default.*"class" chooses one: spare/,
  );
  const two = [fast, classOf("faster", "fast.csi", true)];
  assert.match(choice(two, { driver: "fast.csi" }) ?? "", /several .*fast, faster/);
});

Deno.test("without a known driver the cluster chooses the class", () => {
  assert.equal(choice([fast, other], {}), undefined);
});

Deno.test("a class that is named has to be there, and of the claim's driver", () => {
  assert.equal(choice([fast, spare], { driver: "fast.csi", className: "spare" }), "spare");
  assert.equal(choice([fast], { className: "fast" }), "fast");
  assert.match(
    choice([fast], { driver: "fast.csi", className: "x" }) ?? "",
    /^notFound: .*one of: fast/,
  );
  assert.match(
    choice([fast, other], { driver: "fast.csi", className: "other" }) ?? "",
    /^conflict: .*"other\.csi".*one of: fast\)/,
  );
});
