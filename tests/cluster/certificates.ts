/** The rig's certificate authority, created again by each `up`, and the certificates of its parts. */
import { run } from "./host_commands.ts";

/** A certificate to be signed by the rig's authority. */
export interface CertificateRequest {
  /** The user's name, for clients. */
  commonName: string;
  /** The user's groups, for clients. */
  groups?: readonly string[];
  /** `DNS:name` and `IP:address`, for servers. */
  alternativeNames?: readonly string[];
}

/** Days. A rig lives for hours; a clock that is slightly wrong must not matter. */
const validDays = "30";

/** Creates `ca.crt` and `ca.key`, and the key pair that signs service account tokens: `sa.key`, `sa.pub`. */
export async function makeAuthority(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await makeKey(`${folder}/ca.key`);
  await makeKey(`${folder}/sa.key`);
  await run(["openssl", "pkey", "-in", `${folder}/sa.key`, "-pubout", "-out", `${folder}/sa.pub`]);
  await run([
    ...["openssl", "req", "-x509", "-new", "-key", `${folder}/ca.key`, "-out", `${folder}/ca.crt`],
    ...["-subj", "/CN=kodama-rig", "-days", validDays],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"],
  ]);
}

/** Creates `NAME.key` and `NAME.crt` in the authority's folder. */
export async function issueCertificate(
  folder: string,
  name: string,
  request: CertificateRequest,
): Promise<void> {
  const [key, signing] = [`${folder}/${name}.key`, `${folder}/${name}.csr`];
  await makeKey(key);
  const subject = (request.groups ?? []).map((group) => `/O=${group}`).join("") +
    `/CN=${request.commonName}`;
  const extensions = [
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=clientAuth,serverAuth",
    ...(request.alternativeNames ? [`subjectAltName=${request.alternativeNames.join(",")}`] : []),
  ];
  await run(["openssl", "req", "-new", "-key", key, "-out", signing, "-subj", subject]);
  await run([
    ...["openssl", "x509", "-req", "-in", signing, "-out", `${folder}/${name}.crt`],
    ...["-CA", `${folder}/ca.crt`, "-CAkey", `${folder}/ca.key`, "-days", validDays],
    // A serial number for each, without a file that two calls at once would both write.
    ...["-set_serial", `0x${crypto.getRandomValues(new Uint8Array(8)).toHex()}`],
    ...["-extfile", "/dev/stdin"],
  ], { stdin: extensions.join("\n") });
  await Deno.remove(signing);
}

/** Writes a kubeconfig that holds its credentials itself, so that it can be copied anywhere. */
export async function writeKubeconfig(
  path: string,
  access: { server: string; folder: string; user: string },
): Promise<void> {
  const inline = async (name: string) =>
    (await Deno.readFile(`${access.folder}/${name}`)).toBase64();
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "rig",
      cluster: { server: access.server, "certificate-authority-data": await inline("ca.crt") },
    }],
    users: [{
      name: access.user,
      user: {
        "client-certificate-data": await inline(`${access.user}.crt`),
        "client-key-data": await inline(`${access.user}.key`),
      },
    }],
    contexts: [{ name: "rig", context: { cluster: "rig", user: access.user } }],
    "current-context": "rig",
  };
  // JSON is YAML, and needs no library to be written.
  await Deno.writeTextFile(path, JSON.stringify(kubeconfig, null, 2) + "\n", { mode: 0o600 });
}

/** Creates a P-256 key: in a millisecond, but RSA takes a second for each. */
async function makeKey(path: string): Promise<void> {
  await run([
    ...["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ...["-out", path],
  ]);
}
