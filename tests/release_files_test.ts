/** The parts of a release that are text: manifests, the bill of materials, the checklist. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { checklist, releaseFiles, type ReleaseState } from "../tools/release/check.ts";
import { denoPackage } from "../tools/release/deno_runtime.ts";
import { homebrewFormula, krewManifest } from "../tools/release/manifests.ts";
import { parseReleaseOptions } from "../tools/release/release.ts";
import { billOfMaterials } from "../tools/release/sbom.ts";

const url = "https://code.example/team/kodama/releases/download/v1.2.3";
const described = { version: "1.2.3", url };

Deno.test("krew's manifest has an archive with its checksum for each processor", () => {
  const text = krewManifest(described, {
    x64: { name: "x.tar.gz", sha256: "a".repeat(64) },
    arm64: { name: "arm.tar.gz", sha256: "b".repeat(64) },
  });
  const { spec } = parse(text);
  assert.equal(spec.version, "v1.2.3");
  assert.equal(spec.homepage, "https://code.example/team/kodama");
  const found = spec.platforms.map((
    { selector, uri, sha256, bin }: Record<string, unknown> & {
      selector: { matchLabels: unknown };
    },
  ) => [selector.matchLabels, uri, String(sha256)[0], bin]);
  const { spec: one } = parse(krewManifest(described, { x64: { name: "x", sha256: "a" } }));
  assert.equal(one.platforms.length, 1, "an archive that couldn't be made is left out");
  assert.deepEqual(found, [
    [{ os: "linux", arch: "amd64" }, `${url}/x.tar.gz`, "a", "kodama"],
    [{ os: "linux", arch: "arm64" }, `${url}/arm.tar.gz`, "b", "kodama"],
  ]);
});

Deno.test("Homebrew's formula names the npm package and its checksum", () => {
  const text = homebrewFormula(described, { name: "k.tgz", sha256: "c".repeat(64) });
  assert.match(text, /^ {2}url "https:.*\/v1\.2\.3\/k\.tgz"\n.*\n {2}sha256 "c{64}"$/m);
});

Deno.test("the bill of materials has purls, hexadecimal checksums, and licences by id or expression", () => {
  const integrity = `sha512-${new Uint8Array(64).fill(255).toBase64()}`;
  const { components, dependencies } = JSON.parse(billOfMaterials("1.2.3", {
    packages: [
      { name: "@a/b", version: "1.0.0", license: "(MIT OR Apache-2.0)", integrity },
      { name: "c", version: "2.0.0", license: undefined, integrity },
    ],
    kubernetes: { name: "k8s.io/kubernetes", version: "1.34.4", license: "Apache-2.0" },
    runtimes: [denoPackage],
    debian: [{ name: "libc6", version: "2.36-9+deb12u1" }],
  }));
  const of = (key: string) =>
    components.map((component: Record<string, unknown>) => component[key]);
  assert.deepEqual(of("purl"), [
    "pkg:npm/%40a/b@1.0.0",
    "pkg:npm/c@2.0.0",
    "pkg:golang/k8s.io/kubernetes@v1.34.4",
    `pkg:npm/deno@${denoPackage.version}`,
    "pkg:deb/debian/libc6@2.36-9%2Bdeb12u1",
  ]);
  assert.deepEqual(of("licenses"), [
    [{ expression: "(MIT OR Apache-2.0)" }],
    undefined,
    [{ license: { id: "Apache-2.0" } }],
    [{ license: { id: "MIT" } }],
    undefined,
  ]);
  assert.equal(components[0].hashes[0].content, "f".repeat(128));
  assert.deepEqual(dependencies[0].dependsOn, of("bom-ref"));
});

const good: ReleaseState = {
  tag: "v1.2.3",
  version: "1.2.3",
  changelog: "# Changes\n\n## Unreleased\n\n## 1.2.3 (2026-01-01)\n\n- a\n",
  changes: "",
  denoVersions: { "README.md": `npx deno@${denoPackage.version}` },
  files: releaseFiles("1.2.3"),
  damage: undefined,
  manifests: { "kodama.rb": `url "${url}/k.tgz"` },
};

Deno.test("the checklist of a release holds, and each of its rules can fail", () => {
  assert.deepEqual(checklist(good).filter(({ problem }) => problem !== undefined), []);
  const broken: Partial<ReleaseState>[] = [
    { tag: "v1.2.4" },
    { changelog: "## Unreleased\n\n## 1.2.2\n" },
    { changes: "?? a\n" },
    { denoVersions: { ".ci/suites.sh": "readonly deno_version=2.0.0" } },
    { files: releaseFiles("1.2.3").slice(1) },
    { damage: "kodama.rb: FAILED" },
    { manifests: { "kodama.rb": 'url "URL/k.tgz"' } },
  ];
  for (const [index, change] of broken.entries()) {
    const failed = checklist({ ...good, ...change }).map(({ problem }) => problem !== undefined);
    assert.deepEqual(failed, broken.map((_, rule) => rule === index), JSON.stringify(change));
  }
  const entries = { changelog: "## Unreleased\n\n- b\n\n## 1.2.3\n\n- a\n" };
  assert.match(checklist({ ...good, ...entries })[1]?.problem ?? "", /entries below Unreleased/);
  const foreign = { files: [...releaseFiles("1.2.3"), "notes.txt"] };
  assert.match(checklist({ ...good, ...foreign })[4]?.problem ?? "", /notes.txt doesn't belong/);
});

Deno.test("a release's options are its folder and its address", () => {
  const { out, url } = parseReleaseOptions(["--out=/x", "--url", "https://a/b/"]);
  assert.deepEqual({ out, url }, { out: "/x", url: "https://a/b" });
  assert.match(parseReleaseOptions([]).out, /\/dist\/release$/);
  for (const args of [["--out"], ["--url="], ["x", "y"]]) {
    assert.throws(() => parseReleaseOptions(args), /^Error: usage/);
  }
});
