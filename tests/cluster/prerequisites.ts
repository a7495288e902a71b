/** The prerequisites of a rig on this machine. */
import { isInstalled, run } from "./host_commands.ts";

/** Programs, and the Debian package of each. */
const programs: Record<string, string> = {
  "busybox": "busybox-static",
  "containerd": "containerd",
  "ctr": "containerd",
  "debootstrap": "debootstrap",
  "ip": "iproute2",
  "iptables": "iptables",
  "nsenter": "util-linux",
  "openssl": "openssl",
  "runc": "runc",
  "tar": "tar",
  "tc": "iproute2",
  "/usr/lib/cni/bridge": "containernetworking-plugins",
};

/** Returns why a rig can never run here, in one line, or undefined if it can. */
export function unsuitable(): string | undefined {
  if (Deno.build.os !== "linux") return "a real cluster needs Linux";
  if (Deno.uid() !== 0) return "a real cluster needs root: it makes namespaces, mounts and cgroups";
  return undefined;
}

/** Returns the Debian packages that are missing. */
export async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, debianPackage] of Object.entries(programs)) {
    if (!await isInstalled(program)) missing.add(debianPackage);
  }
  return [...missing];
}

/** Returns whether there is a Go toolchain to build the parts with. */
export function hasGo(): Promise<boolean> {
  return isInstalled("go");
}

/** Installs packages with apt. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run(["apt-get", "update", "-q"], { env });
  const options = ["--yes", "--quiet", "--no-install-recommends"];
  await run(["apt-get", "install", ...options, ...packages], { env });
}
