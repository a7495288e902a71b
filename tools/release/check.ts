// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task release:check --tag vX.Y.Z [--out DIR]`: whether the files in `dist/release/` are a release of this commit.
 *
 * Every line of the checklist is printed; any that fails is an error.
 */
import { version } from "../../src/cli/version.ts";
import { filePath } from "../../src/files/file_path.ts";
import { sayFailure } from "../say_failure.ts";
import { denoPackage } from "./deno_runtime.ts";
import { unknownUrl } from "./release.ts";
import { runProgram } from "./run_program.ts";

const root = new URL("../../", import.meta.url);

/** What the checklist looks at. */
export interface ReleaseState {
  /** As `v1.2.3`. */
  tag: string;
  version: string;
  changelog: string;
  /** `git status --porcelain`. */
  changes: string;
  /** Texts that name a version of Deno, by path. */
  denoVersions: Readonly<Record<string, string>>;
  /** Names of the files in the release's folder. */
  files: readonly string[];
  /** What `sha256sum --check` reports, if a file isn't as in SHA256SUMS. */
  damage: string | undefined;
  /** Manifests with the downloads' address, by name. */
  manifests: Readonly<Record<string, string>>;
}

/** A line of the checklist; `problem` is undefined if it holds. */
export interface Checked {
  rule: string;
  problem: string | undefined;
}

/** Returns the checklist of a release. */
export function checklist(state: ReleaseState): Checked[] {
  const { tag, version, changelog, changes, files, damage } = state;
  const missing = releaseFiles(version).filter((name) => !files.includes(name));
  const foreign = files.filter((name) => !releaseFiles(version).includes(name));
  const otherDenos = Object.entries(state.denoVersions).filter(([, text]) =>
    [...text.matchAll(/deno(?:@|_version=)(\d+\.\d+\.\d+)/g)]
      .some(([, named]) => named !== denoPackage.version)
  );
  const unaddressed = Object.entries(state.manifests).filter(([, text]) =>
    text.includes(`${unknownUrl}/`)
  );
  return [
    {
      rule: "the tag names the version of src/cli/version.ts",
      problem: tag === `v${version}` ? undefined : `the tag is ${tag}, the version ${version}`,
    },
    {
      rule: "CHANGELOG.md has a section of the version, and nothing unreleased",
      problem: changelogProblem(changelog, version),
    },
    {
      rule: "everything is committed",
      problem: changes === "" ? undefined : changes.trimEnd(),
    },
    {
      rule: `every file that names a version of Deno names ${denoPackage.version}`,
      problem: otherDenos.length === 0 ? undefined : otherDenos.map(([path]) => path).join(", "),
    },
    {
      rule: "every file of a release was made, and no other",
      problem: missing.length + foreign.length === 0 ? undefined : [
        ...missing.map((name) => `${name} is missing`),
        ...foreign.map((name) => `${name} doesn't belong to it`),
      ].join("; "),
    },
    { rule: "the files are as in SHA256SUMS", problem: damage },
    {
      rule: "the manifests have the downloads' address",
      problem: unaddressed.length === 0
        ? undefined
        : `${unaddressed.map(([name]) => name).join(", ")}: give --url to deno task release`,
    },
  ];
}

/** Returns the names of the files of a release. */
export function releaseFiles(version: string): string[] {
  return [
    "SHA256SUMS",
    `kodama-${version}-linux-arm64.tar.gz`,
    `kodama-${version}-linux-arm64.tar.xz`,
    `kodama-${version}-linux-x64.oci.tar`,
    `kodama-${version}-linux-x64.tar.gz`,
    `kodama-${version}-linux-x64.tar.xz`,
    `kodama-${version}.cdx.json`,
    `kodama-cli-${version}.tgz`,
    "kodama.krew.yaml",
    "kodama.rb",
    `kodama_${version}_amd64.deb`,
    `kodama_${version}_arm64.deb`,
  ];
}

function changelogProblem(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^## /m).slice(1);
  const unreleased = sections.find((section) => section.startsWith("Unreleased"));
  if (unreleased !== undefined && unreleased.replace("Unreleased", "").trim() !== "") {
    return "there are entries below Unreleased";
  }
  const own = sections.find((section) => /^\S+/.exec(section)?.[0] === version);
  return own === undefined ? `there is no section ${version}` : undefined;
}

async function readState(tag: string, out: string): Promise<ReleaseState> {
  const read = (path: string) => Deno.readTextFile(new URL(path, root));
  const files = await Array.fromAsync(Deno.readDir(out), ({ name }) => name).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  });
  const denoVersions: Record<string, string> = {};
  for (
    const path of [
      ".ci/suites.sh",
      ".github/workflows/release.yml",
      "CONTRIBUTING.md",
      "README.md",
      "docs/install.md",
    ]
  ) denoVersions[path] = await read(path);
  const manifests: Record<string, string> = {};
  for (const name of files.filter((file) => /\.(?:rb|krew\.yaml)$/.test(file))) {
    manifests[name] = await Deno.readTextFile(`${out}/${name}`);
  }
  return {
    tag,
    version,
    changelog: await read("CHANGELOG.md"),
    changes: await runProgram(["git", "status", "--porcelain"], { cwd: filePath(root) }),
    denoVersions,
    files: files.toSorted(),
    damage: await runProgram(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: out })
      .then(() => undefined, (error: Error) => error.message),
    manifests,
  };
}

async function main([flag, tag, outFlag, out, ...more]: readonly string[]): Promise<number> {
  const wrong = flag !== "--tag" || tag === undefined || more.length > 0 ||
    (outFlag !== undefined && (outFlag !== "--out" || out === undefined));
  if (wrong) throw new Error("usage: deno task release:check --tag vX.Y.Z [--out DIR]");
  const folder = out ?? filePath(new URL("dist/release", root));
  const checked = checklist(await readState(tag, folder));
  for (const { rule, problem } of checked) {
    console.log(problem === undefined ? `ok      ${rule}` : `FAILED  ${rule}: ${problem}`);
  }
  const failed = checked.filter(({ problem }) => problem !== undefined).length;
  if (failed === 0) return 0;
  console.error(`error: not a release: ${failed} of ${checked.length} rules don't hold`);
  return 1;
}

if (import.meta.main) Deno.exit(await sayFailure(() => main(Deno.args)));
