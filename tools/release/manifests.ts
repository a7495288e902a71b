/** Descriptions of a release for package managers: krew's and Homebrew's. */

/** A file of a release. */
export interface ReleaseFile {
  name: string;
  /** In hexadecimal. */
  sha256: string;
}

/** What both describe. */
export interface Described {
  version: string;
  /** The address below which the files can be downloaded, without a slash at its end. */
  url: string;
}

/** krew's names of platforms, and the archive of each. */
const krewPlatforms = { x64: "amd64", arm64: "arm64" } as const;

/** Returns krew's manifest. https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ */
export function krewManifest(
  { version, url }: Described,
  archives: Readonly<Partial<Record<keyof typeof krewPlatforms, ReleaseFile>>>,
): string {
  const platforms = Object.entries(krewPlatforms).flatMap(([architecture, name]) => {
    const archive = archives[architecture as keyof typeof krewPlatforms];
    if (archive === undefined) return [];
    return [`    - selector:
        matchLabels: { os: linux, arch: ${name} }
      uri: ${url}/${archive.name}
      sha256: ${archive.sha256}
      files:
        - { from: kodama, to: . }
        - { from: LICENSES.txt, to: . }
      bin: kodama
`];
  });
  return `apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: kodama
spec:
  version: v${version}
  homepage: ${homepage(url)}
  shortDescription: Run commands and workflows in many pods
  description: |
    Chooses pods by name, label, workload or fuzzy search, runs a command in
    all of them at once, and reports how each of them ended.
  caveats: |
    The first start unpacks kodama into ~/.cache/kodama.
    krew links only the plugin. For the command kpod, and completion of kubectl kodama:
      ln -s kubectl-kodama ~/.krew/bin/kpod
      printf '#!/bin/sh\\nexec kubectl-kodama __complete "$@"\\n' >~/.krew/bin/kubectl_complete-kodama
      chmod +x ~/.krew/bin/kubectl_complete-kodama
  platforms:
${platforms.join("")}`;
}

/** Returns Homebrew's formula: the npm package with Homebrew's Node. https://docs.brew.sh/Node-for-Formula-Authors */
export function homebrewFormula({ version, url }: Described, npmPackage: ReleaseFile): string {
  return `class Kodama < Formula
  desc "Run commands, workflows and agent sessions in many Kubernetes pods"
  homepage "${homepage(url)}"
  url "${url}/${npmPackage.name}"
  version "${version}"
  sha256 "${npmPackage.sha256}"
  license "MIT"

  depends_on "node"

  def install
    system "npm", "install", *std_npm_args
    bin.install_symlink libexec.glob("bin/*")
    generate_completions_from_executable(bin/"kodama", "completion")
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/kodama version")
  end
end
`;
}

/** The repository of a download's address, as code hosts form it. */
function homepage(url: string): string {
  return url.replace(/\/releases\/download\/.*$/, "");
}
