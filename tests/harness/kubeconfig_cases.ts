/** Kubeconfigs as people have them, and whose requests arrive where with them. */

import type { openKubeClient } from "../../src/kube/open_client.ts";

/** The servers and files that kubeconfigs name. */
export interface Places {
  /** Has the certificates. */
  folder: string;
  /** Returns the port of a server or a proxy. */
  port(name: string): number;
  /** Returns a file of the folder as base64. */
  data(name: string): string;
}

/** One kubeconfig, or several. */
export interface KubeconfigCase {
  name: string;
  /** By name, in a folder of their own; `k` is the kubeconfig. */
  files: Record<string, string | Uint8Array<ArrayBuffer>>;
  /** Which of them are programs. */
  programs?: readonly string[];
  /** Variables. `{own}` is that folder, `{relative}` its path from the working directory. */
  env?: Record<string, string>;
  /** Of kubectl. */
  flags?: readonly string[];
  /** The same for kodama's client. */
  options?: Parameters<typeof openKubeClient>[0];
  /** What arrives of kubectl, and of kodama; `refused` if nothing does. */
  means: string;
  /** What arrives of kodama, if that differs, and why it does. */
  ours?: readonly [means: string, reason: string];
  /** Part of what kodama says. */
  says?: RegExp;
}

type Fields = Record<string, unknown>;

interface Parts {
  cluster?: Fields;
  user?: Fields;
  context?: Fields;
  /** Of the top. */
  top?: Fields;
}

/** The cases by group. */
export const kubeconfigGroups: Readonly<Record<string, (places: Places) => KubeconfigCase[]>> = {
  "servers and their certificates": servers,
  "client certificates and tokens": users,
  "credential plugins and impersonation": plugins,
  "proxies": proxies,
  "files and forms": forms,
};

const refused = "refused";

/** Why blanks at the ends of a token are dropped. */
const trimmed = "a token has no blanks at its ends";

const strict: Pick<KubeconfigCase, "ours"> = {
  ours: [refused, "an unknown field may be a misspelled one"],
};

/** Returns a function that makes kubeconfigs. Fields that are `undefined` are absent. */
function maker({ folder, port }: Places) {
  return ({ cluster = {}, user = { token: "t" }, context = {}, top = {} }: Parts = {}): string =>
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "x" },
      clusters: [{
        name: "c",
        cluster: {
          server: `https://127.0.0.1:${port("server")}`,
          "certificate-authority": `${folder}/ca.crt`,
          ...cluster,
        },
      }],
      users: [{ name: "u", user }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "a", ...context } }],
      ...top,
    });
}

type Row = [name: string, parts: Parts, means: string, others?: Partial<KubeconfigCase>];

function rows(places: Places, table: readonly Row[]): KubeconfigCase[] {
  const made = maker(places);
  return table.map(([name, parts, means, others]) => ({
    name,
    files: { k: made(parts) },
    means,
    ...others,
  }));
}

function servers(places: Places): KubeconfigCase[] {
  const { folder, port, data } = places;
  const made = maker(places);
  const at = (name: string, authority: string | undefined, fields: Fields = {}): Parts => ({
    cluster: {
      server: `https://127.0.0.1:${port(name)}`,
      "certificate-authority": authority && `${folder}/${authority}.crt`,
      ...fields,
    },
  });
  const ok = (name: string) => `${name}: Bearer t in a`;
  const withClient = (parts: Parts): Parts => ({
    ...parts,
    user: { "client-certificate": `${folder}/ec.crt`, "client-key": `${folder}/ec.key` },
  });
  return [
    ...rows(places, [
      ["an authority's file", {}, ok("server")],
      [
        "an authority's data",
        at("server", undefined, { "certificate-authority-data": data("ca.crt") }),
        ok("server"),
      ],
      [
        "an authority's data on several lines",
        at("server", undefined, {
          "certificate-authority-data": data("ca.crt").replace(/.{64}/g, "$&\n"),
        }),
        ok("server"),
      ],
      [
        "an authority's data with blanks",
        at("server", undefined, {
          "certificate-authority-data": data("ca.crt").replace(/.{64}/g, "$& "),
        }),
        refused,
        { ours: [ok("server"), "base64 with blanks has one meaning"] },
      ],
      [
        "an authority's data and file",
        at("server", "ca", { "certificate-authority-data": data("ca.crt") }),
        refused,
      ],
      [
        "an authority's data that isn't PEM",
        at("server", undefined, { "certificate-authority-data": btoa("nothing") }),
        refused,
      ],
      ["an authority's file that isn't there", at("server", "gone"), refused],
      ["a bundle of two authorities", at("server", "bundle"), ok("server")],
      ["a bundle with a broken certificate", at("server", "broken-bundle"), ok("server")],
      ["an authority with text around it", at("server", "annotated"), ok("server")],
      ["an authority with carriage returns", at("server", "crlf"), ok("server")],
      ["an authority on one line", at("server", "one-line"), ok("server")],
      ["an authority that has expired", at("of-over", "over"), refused],
      ["an authority that isn't one", at("of-plain", "plain"), refused],
      ["an authority without the right to sign", at("of-unfit", "unfit"), refused],
      ["an address as a name in the certificate", at("server-dns", "ca"), refused],
      [
        "an address as a name in the certificate, with a client's",
        withClient(at("server-dns", "ca")),
        refused,
      ],
      [
        "a server with capitals",
        { cluster: { server: `HTTPS://LOCALHOST:${port("server")}` } },
        ok("server"),
      ],
      ["another authority", at("server", "stranger"), refused],
      ["an authority of version 1", at("of-old", "old"), ok("of-old")],
      ["a server that is its own authority", at("self", "self"), ok("self")],
      [
        "a server that is its own authority, and isn't one",
        at("self-leaf", "self-leaf"),
        ok("self-leaf"),
      ],
      ["a server's certificate in place of its authority's", at("server", "server"), ok("server")],
      [
        "a server's certificate in place of its authority's, with a client's",
        withClient(at("server", "server")),
        "server: CN=ec in a",
      ],
      [
        "a server's certificate in place of its authority's, of another name",
        at("server", "server", { "tls-server-name": "other.test" }),
        refused,
        { says: /its certificate is for another name/ },
      ],
      [
        "a server's certificate in place of its authority's, that has expired",
        at("server-expired", "server-expired"),
        refused,
        { says: /has expired/ },
      ],
      [
        "a certificate for clients in place of its authority's",
        at("server-client", "server-client"),
        refused,
      ],
      ["another server's certificate", at("server-ec", "server"), refused],
      ["a chain", at("chain", "ca"), ok("chain")],
      ["a chain that isn't sent", at("leaf", "ca"), refused],
      ["an authority below another", at("leaf", "between"), ok("leaf")],
      [
        "an authority below another, with a client's certificate",
        withClient(at("leaf", "between")),
        "leaf: CN=ec in a",
      ],
      [
        "the name of the server",
        at("other", "other", { "tls-server-name": "other.test" }),
        ok("other"),
      ],
      [
        "another name of the server",
        at("server", "ca", { "tls-server-name": "other.test" }),
        refused,
      ],
      [
        "an address as the name of the server",
        at("server", "ca", { "tls-server-name": "127.0.0.1" }),
        ok("server"),
      ],
      [
        "another address as the name of the server",
        at("server", "ca", { "tls-server-name": "127.0.0.2" }),
        refused,
      ],
      [
        "a name with a wildcard",
        at("wild", "wild", { "tls-server-name": "a.wild.test" }),
        ok("wild"),
      ],
      [
        "a name below a wildcard's",
        at("wild", "wild", { "tls-server-name": "a.b.wild.test" }),
        refused,
      ],
      [
        "a name that is only the common name",
        at("named", "named", { "tls-server-name": "named" }),
        refused,
      ],
      [
        "a name that is only the common name, signed",
        at("server-named", "ca", { "tls-server-name": "server-named" }),
        refused,
      ],
      [
        "a name that is only the common name, with a client's certificate",
        withClient(at("server-named", "ca", { "tls-server-name": "server-named" })),
        refused,
      ],
      ["a server of another name", at("other", "other"), refused],
      ...["rsa", "ec", "ec384", "ec521", "ed"].map((
        kind,
      ): Row => [`a server's key ${kind}`, at(`server-${kind}`, "ca"), ok(`server-${kind}`)]),
      ...["rsa", "ec", "ec384", "ec521", "ed"].map((
        kind,
      ): Row => [
        `a server's key ${kind} and a client's certificate`,
        withClient(at(`server-${kind}`, "ca")),
        `server-${kind}: CN=ec in a`,
      ]),
      ["a server's certificate that has expired", at("server-expired", "ca"), refused, {
        says: /has expired/,
      }],
      ["a server's certificate for clients", at("server-client", "ca"), refused],
      [
        "a server's certificate of version 1",
        at("server-v1", "ca", { "tls-server-name": "server-v1" }),
        refused,
      ],
      [
        "no verification",
        at("other", undefined, { "insecure-skip-tls-verify": true }),
        ok("other"),
      ],
      [
        "no verification of what has expired",
        at("server-expired", undefined, { "insecure-skip-tls-verify": true }),
        ok("server-expired"),
      ],
      [
        "no verification of version 1",
        at("server-v1", undefined, { "insecure-skip-tls-verify": true }),
        ok("server-v1"),
      ],
      [
        "no verification, and a client's certificate",
        withClient(at("other", undefined, { "insecure-skip-tls-verify": true })),
        "other: CN=ec in a",
      ],
      [
        "no verification, and an authority",
        at("other", "ca", { "insecure-skip-tls-verify": true }),
        refused,
      ],
      [
        "no verification, and a name",
        at("other", undefined, { "insecure-skip-tls-verify": true, "tls-server-name": "x.test" }),
        ok("other"),
      ],
      ["an IPv6 address", { cluster: { server: `https://[::1]:${port("server")}` } }, ok("server")],
      [
        "an IPv6 address without brackets",
        { cluster: { server: `https://::1:${port("server")}` } },
        ok("server"),
      ],
      [
        "the name of this machine",
        { cluster: { server: `https://localhost:${port("server")}` } },
        ok("server"),
      ],
      ["a server below a path", {
        cluster: { server: `https://127.0.0.1:${port("server")}/k8s/c-1/` },
      }, "server/k8s/c-1: Bearer t in a"],
      ["a server with a query", {
        cluster: { server: `https://127.0.0.1:${port("server")}/x?y=z#w` },
      }, "server/x: Bearer t in a"],
      [
        "a server with a user",
        { cluster: { server: `https://jo:pw@127.0.0.1:${port("server")}` } },
        `server: Basic ${btoa("jo:pw")} in a`,
      ],
      [
        "a server without its scheme",
        { cluster: { server: `127.0.0.1:${port("server")}` } },
        refused,
      ],
      ["a server without its scheme and TLS", {
        cluster: { server: `127.0.0.1:${port("plain")}`, "certificate-authority": undefined },
      }, "plain: nobody in a"],
      ["a server without TLS", {
        cluster: {
          server: `http://127.0.0.1:${port("plain")}`,
          "certificate-authority": undefined,
        },
      }, "plain: nobody in a"],
      ["a server without TLS, not on this machine", {
        cluster: { server: `http://0.0.0.0:${port("plain")}`, "certificate-authority": undefined },
      }, "plain: nobody in a"],
      ["a user as another without TLS", {
        cluster: { server: `http://0.0.0.0:${port("plain")}`, "certificate-authority": undefined },
        user: { token: "t", as: "jo" },
      }, "plain: user=jo in a"],
      [
        "TLS to a plain server",
        { cluster: { server: `https://127.0.0.1:${port("plain")}` } },
        refused,
      ],
      [
        "no TLS to a server with it",
        { cluster: { server: `http://127.0.0.1:${port("server")}` } },
        refused,
      ],
      ["no server", { cluster: { server: undefined } }, refused],
      ["another scheme", { cluster: { server: "ftp://127.0.0.1" } }, refused],
      ["the machine's authorities", at("server", undefined), ok("server"), {
        env: { SSL_CERT_FILE: `${folder}/ca.crt` },
      }],
      ["the machine's authorities, of which none signed", at("server", undefined), refused, {
        env: { SSL_CERT_FILE: `${folder}/stranger.crt` },
      }],
      ["an authority beside the machine's", at("server", "stranger"), refused, {
        env: { SSL_CERT_FILE: `${folder}/ca.crt` },
      }],
    ]),
    {
      name: "an authority's relative file",
      files: {
        k: made({ cluster: { "certificate-authority": "pki/ca.pem" } }),
        "pki/ca.pem": atob(data("ca.crt")),
      },
      means: ok("server"),
    },
    {
      name: "a relative path above",
      files: {
        "sub/k": made({ cluster: { "certificate-authority": "../ca.pem" } }),
        "ca.pem": atob(data("ca.crt")),
      },
      env: { KUBECONFIG: "{own}/sub/k" },
      means: ok("server"),
    },
    {
      name: "relative paths of a relative kubeconfig",
      files: {
        k: made({ cluster: { "certificate-authority": "ca.pem" } }),
        "ca.pem": atob(data("ca.crt")),
      },
      env: { KUBECONFIG: "{relative}/k" },
      means: ok("server"),
    },
    {
      name: "folders of the machine's authorities",
      files: { k: made(at("server", undefined)), "certs/ca.pem": atob(data("ca.crt")) },
      env: { SSL_CERT_DIR: "{own}/certs" },
      means: ok("server"),
      ours: [refused, "of the machine's authorities one file counts, that of SSL_CERT_FILE"],
    },
  ];
}

function users(places: Places): KubeconfigCase[] {
  const { folder, data } = places;
  const made = maker(places);
  const pair = (name: string, key = name): Fields => ({
    "client-certificate": `${folder}/${name}.crt`,
    "client-key": `${folder}/${key}.key`,
  });
  const kinds = ["rsa", "ec", "ec384", "ec521", "ed"];
  const inline = { "client-certificate-data": data("ec.crt"), "client-key-data": data("ec.key") };
  return [
    ...rows(places, [
      ...kinds.map((
        kind,
      ): Row => [`a client's key ${kind}`, { user: pair(kind) }, `server: CN=${kind} in a`]),
      ...kinds.map((
        kind,
      ): Row => [
        `a client's certificate of version 1, ${kind}`,
        { user: pair(`v1-${kind}`) },
        `server: CN=v1-${kind} in a`,
      ]),
      ["a client's certificate as data", { user: inline }, "server: CN=ec in a"],
      ["a client's certificate as data, its key as a file", {
        user: { "client-certificate-data": data("ec.crt"), "client-key": `${folder}/ec.key` },
      }, "server: CN=ec in a"],
      ["a client's certificate as data and file", { user: { ...pair("ec"), ...inline } }, refused],
      [
        "a client's certificate that has expired",
        { user: pair("expired") },
        "server: CN=expired in a",
      ],
      ["a client's certificate and key in one file", {
        user: { "client-certificate": `${folder}/both.pem`, "client-key": `${folder}/both.pem` },
      }, "server: CN=ec in a"],
      ["a client's certificate with text around it", {
        user: {
          "client-certificate": `${folder}/annotated-ec.crt`,
          "client-key": `${folder}/crlf-ec.key`,
        },
      }, "server: CN=ec in a"],
      ["a client's key that needs a password", { user: pair("ec", "locked-ec") }, refused],
      ["a client's key in PKCS #8", { user: pair("rsa", "pkcs8-rsa") }, "server: CN=rsa in a"],
      ["a client's chain", { user: pair("chained") }, "server: CN=joe in a"],
      ["a client's certificate with another key", { user: pair("ec", "ec384") }, refused],
      ["a client's certificate with another key of its kind", { user: pair("ec", "ca") }, refused],
      ["a client's certificate without a key", {
        user: { "client-certificate": `${folder}/ec.crt` },
      }, refused],
      [
        "a client's key without a certificate",
        { user: { "client-key": `${folder}/ec.key` } },
        refused,
      ],
      ["a client's certificate that isn't there", {
        user: { "client-certificate": "gone.crt", "client-key": `${folder}/ec.key` },
      }, refused],
      ["a client's certificate that isn't PEM", {
        user: { "client-certificate-data": btoa("x"), "client-key-data": btoa("y") },
      }, refused],
      [
        "a client's certificate and a token",
        { user: { ...pair("ec"), token: "t" } },
        "server: CN=ec, Bearer t in a",
      ],
      ["no user", { context: { user: undefined } }, refused, {
        ours: [
          "server: nobody in a",
          "kubectl asks for a name and a password, which no one answers",
        ],
      }],
      ["an empty user", { user: {} }, refused, {
        ours: [
          "server: nobody in a",
          "kubectl asks for a name and a password, which no one answers",
        ],
      }],
      ["a user that isn't there", { context: { user: "gone" } }, refused],
      ["a cluster that isn't there", { context: { cluster: "gone" } }, refused],
      ["a token that isn't there", { user: { tokenFile: "gone" } }, refused],
      [
        "a token beside a file that isn't there",
        { user: { token: "t", tokenFile: "gone" } },
        "server: Bearer t in a",
      ],
      ["a token with a line's end", { user: { token: "t\n" } }, refused, {
        ours: ["server: Bearer t in a", trimmed],
      }],
      ["a token with blanks", { user: { token: " t " } }, "server: Bearer  t in a", {
        ours: ["server: Bearer t in a", trimmed],
      }],
      [
        "a name and a password",
        { user: { username: "jo", password: "pw:ü" } },
        `server: Basic ${new TextEncoder().encode("jo:pw:ü").toBase64()} in a`,
      ],
      [
        "a name without a password",
        { user: { username: "jo" } },
        `server: Basic ${btoa("jo:")} in a`,
      ],
      ["a password without a name", { user: { password: "pw" } }, refused, {
        ours: [
          "server: nobody in a",
          "kubectl asks for a name and a password, which no one answers",
        ],
      }],
      ["a token and a name", { user: { token: "t", username: "jo", password: "pw" } }, refused],
      ["a token and a password", { user: { token: "t", password: "pw" } }, refused],
      ["a name, a password and a client's certificate", {
        user: { ...pair("ec"), username: "jo", password: "pw" },
      }, `server: CN=ec, Basic ${btoa("jo:pw")} in a`],
      ["a flag's token", { user: pair("ec") }, "server: CN=ec, Bearer s in a", {
        flags: ["--token=s"],
        options: { token: "s" },
      }],
      ["a flag's token beside the kubeconfig's", {}, "server: Bearer s in a", {
        flags: ["--token=s"],
        options: { token: "s" },
      }],
      [
        "a flag's token beside a name",
        { user: { username: "jo", password: "pw" } },
        refused,
        {
          flags: ["--token=s"],
          options: { token: "s" },
          ours: ["server: Bearer s in a", "the flag is in place of the user's credentials"],
        },
      ],
      [
        "a flag's user",
        {
          top: {
            users: [{ name: "u", user: { token: "t" } }, { name: "v", user: { token: "s" } }],
          },
        },
        "server: Bearer s in a",
        { flags: ["--user=v"], options: { user: "v" } },
      ],
      [
        "a flag's server",
        { cluster: { "tls-server-name": "other.test" } },
        "second: Bearer t in a",
        {
          flags: [`--server=https://127.0.0.1:${places.port("second")}`],
          options: { server: `https://127.0.0.1:${places.port("second")}` },
        },
      ],
      ["a flag's namespace", {}, "server: Bearer t in b", {
        flags: ["-n", "b"],
        options: { namespace: "b" },
      }],
      ["a flag's server without TLS", {}, "plain: nobody in a", {
        flags: [`--server=http://127.0.0.1:${places.port("plain")}`],
        options: { server: `http://127.0.0.1:${places.port("plain")}` },
      }],
    ]),
    {
      name: "relative files of a client",
      files: {
        k: made({ user: { "client-certificate": "c.pem", "client-key": "./k.pem" } }),
        "c.pem": atob(data("ec.crt")),
        "k.pem": atob(data("ec.key")),
      },
      means: "server: CN=ec in a",
    },
    {
      name: "a token's relative file",
      files: { k: made({ user: { tokenFile: "token" } }), token: "from-file\n" },
      means: "server: Bearer from-file in a",
    },
    {
      name: "a token and a token's file",
      files: { k: made({ user: { token: "t", tokenFile: "token" } }), token: "from-file\n" },
      means: "server: Bearer from-file in a",
    },
    {
      name: "an empty token's file",
      files: { k: made({ user: { tokenFile: "token" } }), token: "\n" },
      means: refused,
    },
    {
      name: "a token's file and a name",
      files: {
        k: made({ user: { tokenFile: "token", username: "jo", password: "pw" } }),
        token: "s",
      },
      means: refused,
    },
  ];
}

function plugins(places: Places): KubeconfigCase[] {
  const { data } = places;
  const made = maker(places);
  const credential = (status: Fields, version = "v1") =>
    JSON.stringify({
      apiVersion: `client.authentication.k8s.io/${version}`,
      kind: "ExecCredential",
      status,
    });
  const exec = (fields: Fields = {}, others: Fields = {}): Parts => ({
    user: {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "sh",
        args: ["-c", 'printf %s "$ANSWER"'],
        env: [{ name: "ANSWER", value: credential({ token: "p" }) }],
        interactiveMode: "IfAvailable",
        ...fields,
      },
      ...others,
    },
  });
  const answers = (answer: string, fields: Fields = {}) =>
    exec({ env: [{ name: "ANSWER", value: answer }], ...fields });
  const echo = (script: string, fields: Fields = {}) =>
    exec({
      args: [
        "-c",
        `printf '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "%s"}}' "${script}"`,
      ],
      env: [],
      ...fields,
    });
  const certificate = {
    clientCertificateData: atob(data("ec.crt")),
    clientKeyData: atob(data("ec.key")),
  };
  const ok = "server: Bearer p in a";
  const who = (user: Fields): Parts => ({ user: { token: "t", ...user } });
  return [
    ...rows(places, [
      ["a plugin's token", exec(), ok],
      [
        "a plugin of v1beta1",
        answers(credential({ token: "p" }, "v1beta1"), {
          apiVersion: "client.authentication.k8s.io/v1beta1",
        }),
        ok,
      ],
      [
        "a plugin of v1beta1 without a mode",
        answers(credential({ token: "p" }, "v1beta1"), {
          apiVersion: "client.authentication.k8s.io/v1beta1",
          interactiveMode: undefined,
        }),
        ok,
      ],
      ["a plugin of v1 without a mode", exec({ interactiveMode: undefined }), refused],
      [
        "a plugin of v1alpha1",
        answers(credential({ token: "p" }, "v1alpha1"), {
          apiVersion: "client.authentication.k8s.io/v1alpha1",
        }),
        refused,
      ],
      [
        "a plugin that answers another version",
        answers(credential({ token: "p" }, "v1beta1")),
        refused,
      ],
      [
        "a plugin's answer as YAML",
        answers(
          "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus: {token: p}\n",
        ),
        ok,
      ],
      ["a plugin's answer with more fields", answers(credential({ token: "p", more: 1 })), ok],
      ["a plugin's certificate", answers(credential(certificate)), "server: CN=ec in a"],
      [
        "a plugin's certificate and token",
        answers(credential({ ...certificate, token: "p" })),
        "server: CN=ec, Bearer p in a",
      ],
      [
        "a plugin's certificate without its key",
        answers(credential({ clientCertificateData: certificate.clientCertificateData })),
        refused,
      ],
      [
        "a plugin's certificate with another key",
        answers(credential({ ...certificate, clientKeyData: atob(data("ca.key")) })),
        refused,
      ],
      [
        "a plugin's token that has expired",
        answers(credential({ token: "p", expirationTimestamp: "2020-01-01T00:00:00Z" })),
        ok,
      ],
      [
        "a plugin's token with a time",
        answers(credential({ token: "p", expirationTimestamp: "2099-01-01T00:00:00+01:00" })),
        ok,
      ],
      [
        "a plugin's token with what isn't a time",
        answers(credential({ token: "p", expirationTimestamp: "tomorrow" })),
        refused,
      ],
      ["a plugin that answers nothing", answers(""), refused],
      [
        "a plugin that answers without a status",
        answers(
          JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" }),
        ),
        refused,
      ],
      ["a plugin that answers with an empty status", answers(credential({})), refused],
      [
        "a plugin that answers another kind",
        answers(
          JSON.stringify({
            apiVersion: "client.authentication.k8s.io/v1",
            kind: "Credential",
            status: { token: "p" },
          }),
        ),
        refused,
      ],
      ["a plugin that fails", exec({ args: ["-c", "exit 3"] }), refused, {
        says: /failed with exit code 3/,
      }],
      [
        "a plugin that isn't installed",
        exec({ command: "no-such-plugin", installHint: "get it at https://plugin.test" }),
        refused,
        { says: /is not installed.*https:\/\/plugin\.test/ },
      ],
      ["a plugin without a command", exec({ command: "" }), refused],
      [
        "a plugin's arguments and variables",
        echo("$0-$1-$A-$B", {
          args: [
            "-c",
            `printf '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "%s"}}' "$0-$1-$A-$B"`,
            "zero",
            "a b",
          ],
          env: [{ name: "A", value: "1" }, { name: "A", value: "2" }, { name: "B", value: "" }],
        }),
        "server: Bearer zero-a b-2- in a",
      ],
      [
        "a plugin that is told nothing of the cluster",
        echo('$(printf %s \\"$KUBERNETES_EXEC_INFO\\" | grep -c 127.0.0.1)'),
        "server: Bearer 0 in a",
      ],
      [
        "a plugin that is told of the cluster",
        echo('$(printf %s \\"$KUBERNETES_EXEC_INFO\\" | grep -c 127.0.0.1)', {
          provideClusterInfo: true,
        }),
        "server: Bearer 1 in a",
      ],
      [
        "a plugin that is told whether it may ask",
        echo('$(printf %s \\"$KUBERNETES_EXEC_INFO\\" | grep -c interactive.:false)'),
        "server: Bearer 1 in a",
      ],
      ["a plugin that must ask, and can't", exec({ interactiveMode: "Always" }), refused],
      ["a plugin that never asks", exec({ interactiveMode: "Never" }), ok],
      ["a plugin with an unknown mode", exec({ interactiveMode: "Sometimes" }), refused],
      ["a plugin and a token", exec({}, { token: "t" }), "server: Bearer t in a"],
      [
        "a plugin and a name",
        exec({}, { username: "jo", password: "pw" }),
        `server: Basic ${btoa("jo:pw")} in a`,
      ],
      [
        "a plugin and a client's certificate",
        exec({}, {
          "client-certificate-data": data("rsa.crt"),
          "client-key-data": data("rsa.key"),
        }),
        "server: CN=rsa in a",
      ],
      ["a plugin's certificate and the kubeconfig's", {
        user: {
          ...answers(credential(certificate)).user,
          "client-certificate-data": data("rsa.crt"),
          "client-key-data": data("rsa.key"),
        },
      }, "server: CN=rsa in a"],
      [
        "a plugin and a provider",
        exec({}, { "auth-provider": { name: "oidc", config: {} } }),
        refused,
      ],
      [
        "a provider that isn't known",
        { user: { "auth-provider": { name: "gcp", config: {} } } },
        refused,
      ],
      ["another user", who({ as: "jo" }), "server: Bearer t, user=jo in a"],
      [
        "another user with groups",
        who({ as: "jo", "as-groups": ["g", "h"] }),
        "server: Bearer t, group=g, h, user=jo in a",
      ],
      [
        "another user with all",
        who({
          as: "jo",
          "as-uid": "7",
          "as-groups": ["g"],
          "as-user-extra": { "acme.test/Scope": ["s", "r"] },
        }),
        "server: Bearer t, extra-acme.test%2fscope=s, r, group=g, uid=7, user=jo in a",
      ],
      ["groups without a user", who({ "as-groups": ["g"] }), refused],
      ["an id without a user", who({ "as-uid": "7" }), refused],
      ["more of a user without it", who({ "as-user-extra": { s: ["t"] } }), refused],
      ["a flag's other user", who({}), "server: Bearer t, user=jo in a", {
        flags: ["--as=jo"],
        options: { as: "jo" },
      }],
      [
        "a flag's other user before the kubeconfig's",
        who({ as: "sam", "as-groups": ["g"] }),
        "server: Bearer t, group=g, user=jo in a",
        { flags: ["--as=jo"], options: { as: "jo" } },
      ],
      ["a flag's groups", who({ as: "jo" }), "server: Bearer t, group=g, h, user=jo in a", {
        flags: ["--as-group=g", "--as-group=h"],
        options: { asGroups: ["g", "h"] },
      }],
      ["a flag's groups without a user", who({}), refused, {
        flags: ["--as-group=g"],
        options: { asGroups: ["g"] },
      }],
      ["a flag's id", who({ as: "jo" }), "server: Bearer t, uid=7, user=jo in a", {
        flags: ["--as-uid=7"],
        options: { asUid: "7" },
      }],
    ]),
    {
      name: "a plugin beside the kubeconfig",
      files: {
        k: made(exec({ command: "./plugin", args: [] })),
        plugin: `#!/bin/sh\nprintf %s "$ANSWER"\n`,
      },
      programs: ["plugin"],
      means: ok,
    },
    {
      name: "a plugin that isn't executable",
      files: { k: made(exec({ command: "./plugin", args: [] })), plugin: "" },
      means: refused,
      says: /the credential plugin \S+plugin can't be started.*is it an executable file/,
    },
  ];
}

function proxies(places: Places): KubeconfigCase[] {
  const { folder, port } = places;
  const [proxy, other, secure] = [port("proxy"), port("other proxy"), port("secure proxy")];
  const by = (way: string) => `server: Bearer t in a by ${way}`;
  const direct = "server: Bearer t in a";
  const url = (text: string): Parts => ({ cluster: { "proxy-url": text } });
  /** An address of this machine that isn't one of loopback, which no proxy of the environment serves. */
  const server = `https://0.0.0.0:${port("server")}`;
  const away: Parts = { cluster: { server } };
  const named: Parts = {
    cluster: { server: `https://api.test:${port("server")}`, "tls-server-name": "localhost" },
  };
  const env = (
    variables: Record<string, string>,
    means: string,
    name: string,
    parts: Parts = away,
  ): Row => [name, parts, means, { env: variables }];
  const http = `http://127.0.0.1:${proxy}`;
  const without = (list: string) => ({ HTTPS_PROXY: http, NO_PROXY: list });
  return rows(places, [
    ["a proxy", url(http), by("proxy")],
    ["a proxy with a password", url(`http://jo:p%40w@127.0.0.1:${proxy}`), by("proxy with jo:p@w")],
    ["a proxy with a name alone", url(`http://jo@127.0.0.1:${proxy}`), by("proxy with jo:")],
    ["a proxy with a % in its password", url(`http://jo:50%off@127.0.0.1:${proxy}`), refused],
    ["a proxy of SOCKS5", url(`socks5://127.0.0.1:${proxy}`), by("proxy")],
    [
      "a proxy of SOCKS5 with a password",
      url(`socks5://jo:pw@127.0.0.1:${proxy}`),
      by("proxy with jo:pw"),
    ],
    ["a proxy of SOCKS5 that looks names up", url(`socks5h://127.0.0.1:${proxy}`), refused, {
      ours: [by("proxy"), "kubectl takes it from the environment alone"],
    }],
    ["a proxy that speaks TLS", url(`https://127.0.0.1:${secure}`), by("secure proxy")],
    [
      "a proxy that speaks TLS, with the machine's authorities",
      url(`https://127.0.0.1:${secure}`),
      by("secure proxy"),
      { env: { SSL_CERT_FILE: `${folder}/ca.crt` } },
    ],
    ["a proxy without its scheme", url(`127.0.0.1:${proxy}`), refused, {
      ours: [by("proxy"), "kubectl takes it from the environment alone"],
    }],
    ["a proxy of another scheme", url(`ftp://127.0.0.1:${proxy}`), refused],
    ["a proxy that isn't an address", url("http://["), refused],
    ["an empty proxy", url(""), direct],
    ["a proxy that isn't running", url("http://127.0.0.1:9"), refused, {
      says: /its proxy http:\/\/127\.0\.0\.1:9/,
    }],
    ["a proxy before the environment's", { cluster: { server, "proxy-url": http } }, by("proxy"), {
      env: { HTTPS_PROXY: `http://127.0.0.1:${other}` },
    }],
    [
      "a proxy that the environment excepts",
      { cluster: { server, "proxy-url": http } },
      by("proxy"),
      { env: { NO_PROXY: "*" } },
    ],
    ["a proxy for what has no TLS", {
      cluster: {
        server: `http://127.0.0.1:${port("plain")}`,
        "certificate-authority": undefined,
        "proxy-url": http,
      },
    }, "plain: nobody in a by proxy"],
    ["a proxy and a client's certificate", {
      ...url(http),
      user: { "client-certificate": `${folder}/ec.crt`, "client-key": `${folder}/ec.key` },
    }, "server: CN=ec in a by proxy"],
    env({ HTTPS_PROXY: http }, by("proxy"), "the environment's proxy"),
    env({ https_proxy: http }, by("proxy"), "the environment's proxy, in small letters"),
    env(
      { HTTPS_PROXY: http, https_proxy: `http://127.0.0.1:${other}` },
      by("proxy"),
      "the environment's proxies",
    ),
    env(
      { HTTPS_PROXY: `127.0.0.1:${proxy}` },
      by("proxy"),
      "the environment's proxy without its scheme",
    ),
    env(
      { HTTPS_PROXY: `socks5://127.0.0.1:${proxy}` },
      by("proxy"),
      "the environment's proxy of SOCKS5",
    ),
    env(
      { HTTPS_PROXY: `socks5h://127.0.0.1:${proxy}` },
      by("proxy"),
      "the environment's proxy of SOCKS5 that looks names up",
    ),
    env(
      { HTTPS_PROXY: `https://127.0.0.1:${secure}` },
      by("secure proxy"),
      "the environment's proxy that speaks TLS",
    ),
    env({ HTTP_PROXY: http }, direct, "the environment's proxy for HTTP alone"),
    env({ ALL_PROXY: http }, direct, "the environment's proxy for all"),
    env({ HTTPS_PROXY: "http://[" }, refused, "the environment's proxy that isn't an address"),
    env({ HTTPS_PROXY: http }, direct, "this machine, without the environment's proxy", {}),
    env({ HTTPS_PROXY: http }, by("proxy"), "a name that the environment's proxy looks up", named),
    env(
      { HTTP_PROXY: http },
      "plain: nobody in a by proxy",
      "the environment's proxy for what has no TLS",
      {
        cluster: { server: `http://0.0.0.0:${port("plain")}`, "certificate-authority": undefined },
      },
    ),
    env(without("0.0.0.0"), direct, "an excepted address"),
    env(without(`0.0.0.0:${port("server")}`), direct, "an excepted address and port"),
    env(without("0.0.0.0:1"), by("proxy"), "another excepted port"),
    env(without("10.0.0.0/8, 0.0.0.0/16"), direct, "an excepted network"),
    env(without("1.0.0.0/8"), by("proxy"), "another excepted network"),
    env(without("*"), direct, "all excepted"),
    env(without("a.test,*"), direct, "all excepted, in a list"),
    env(without("*.0.0"), by("proxy"), "an excepted part of an address"),
    env(
      { HTTPS_PROXY: http, no_proxy: "0.0.0.0" },
      direct,
      "an excepted address, in small letters",
    ),
    env(without(""), by("proxy"), "none excepted"),
    env(without(".api.test"), by("proxy"), "names below the server's, excepted", named),
    env(
      without("*.api.test"),
      by("proxy"),
      "names below the server's by a pattern, excepted",
      named,
    ),
    env(without("other.test"), by("proxy"), "another excepted name", named),
    env(without("pi.test"), by("proxy"), "the end of the server's name, excepted", named),
  ]);
}

function forms(places: Places): KubeconfigCase[] {
  const { folder, port } = places;
  const made = maker(places);
  const server = `https://127.0.0.1:${port("server")}`;
  const second = `https://127.0.0.1:${port("second")}`;
  const ca = `${folder}/ca.crt`;
  const ok = "server: Bearer t in a";
  const base = `apiVersion: v1
kind: Config
current-context: x
clusters:
- {name: c, cluster: {server: "${server}", certificate-authority: ${ca}}}
users:
- {name: u, user: {token: t}}
contexts:
- {name: x, context: {cluster: c, user: u, namespace: a}}
`;
  const utf16 = (text: string) =>
    Uint8Array.from([
      0xff,
      0xfe,
      ...[...text].flatMap((char) => [char.charCodeAt(0) & 255, char.charCodeAt(0) >> 8]),
    ]);
  const text = (
    name: string,
    content: string | Uint8Array<ArrayBuffer>,
    means: string,
    others: Partial<KubeconfigCase> = {},
  ): KubeconfigCase => ({ name, files: { k: content }, means, ...others });
  const replaced = (from: string, to: string) => {
    if (!base.includes(from)) throw new Error(from);
    return base.replace(from, to);
  };
  /** As kubeadm writes it, with the same names in every file. */
  const ofAdmin = (name: string, at: string, namespace: string, more: Fields = {}) =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": name,
      clusters: [{ name: "kubernetes", cluster: { server: at, "certificate-authority": ca } }],
      users: [{ name: "admin", user: { token: name } }],
      contexts: [{ name, context: { cluster: "kubernetes", user: "admin", namespace } }],
      ...more,
    });
  const list = { KUBECONFIG: "{own}/k:{own}/l" };
  return [
    text("YAML", base, ok),
    text(
      "a merge key of a user, with another's rights",
      `${
        base.replace("{token: t}", "{<<: *admin, token: t}")
      }x-admin: &admin {token: s, as: reader}\n`,
      refused,
    ),
    text(
      "a merge key of a user",
      `x-admin: &admin {token: s, as: reader}\n${
        base.replace("{token: t}", "{<<: *admin, token: t}")
      }`,
      "server: Bearer t, user=reader in a",
    ),
    text(
      "a merge key of a context",
      `x-base: &base {cluster: c, user: u, namespace: b}\n${
        base.replace("{cluster: c, user: u, namespace: a}", "{<<: *base, user: u}")
      }`,
      "server: Bearer t in b",
    ),
    text(
      "a merge key of a cluster",
      `x-base: &base {certificate-authority: ${ca}}\n${
        base.replace(/\{server: (.*?), certificate-authority: .*?\}/, "{<<: *base, server: $1}")
      }`,
      ok,
    ),
    text(
      "an alias of a list",
      `x-users: &users [{name: u, user: {token: s}}]\n${
        base.replace(/users:\n- .*\n/, "users: *users\n")
      }`,
      "server: Bearer s in a",
    ),
    text("UTF-16", utf16(base), ok),
    text("a byte order mark", `\ufeff${base}`, ok),
    text("carriage returns", base.replaceAll("\n", "\r\n"), ok),
    text("a key twice", replaced("namespace: a", "namespace: b, namespace: a"), ok),
    text("a second document", `${base}---\ncurrent-context: z\n`, ok),
    text("a tag", replaced("{token: t}", "{token: !!str 123}"), "server: Bearer 123 in a"),
    text("a number for a token", replaced("{token: t}", "{token: 123}"), refused),
    text(
      "text over several lines",
      replaced("{token: t}", '{token: "a\\\n  b"}'),
      "server: Bearer ab in a",
    ),
    text(
      "a folded text",
      base.replace(
        "- {name: u, user: {token: t}}",
        "- name: u\n  user:\n    token: >-\n      folded\n",
      ),
      "server: Bearer folded in a",
    ),
    text(
      "a text with its line's end",
      base.replace(
        "- {name: u, user: {token: t}}",
        "- name: u\n  user:\n    token: |\n      lined\n",
      ),
      refused,
      { ours: ["server: Bearer lined in a", trimmed] },
    ),
    text(
      "null for a namespace",
      replaced("namespace: a", "namespace: null"),
      "server: Bearer t in default",
    ),
    text("no namespace", replaced(", namespace: a", ""), "server: Bearer t in default"),
    text("tabs", replaced("- {name: u", "-\t{name: u"), refused, {
      ours: [ok, "YAML 1.2 allows a tab there"],
    }),
    text("another version", replaced("apiVersion: v1", "apiVersion: v2"), refused),
    text("no version and kind", replaced("apiVersion: v1\nkind: Config\n", ""), ok),
    text("another kind", replaced("kind: Config", "kind: Pod"), refused),
    text(
      "an unknown field of a context",
      replaced("namespace: a", "namespaze: b"),
      "server: Bearer t in default",
      { ...strict, says: /line 9: contexts\[0\]\.context\.namespaze: unknown field/ },
    ),
    text(
      "an unknown field of a cluster",
      replaced("certificate-authority:", "insecure: false, certificate-authority:"),
      ok,
      strict,
    ),
    text(
      "an unknown field of a user",
      replaced("{token: t}", "{token: t, impersonate: reader}"),
      ok,
      strict,
    ),
    text(
      "an unknown field of another context",
      `${base}- {name: z, context: {cluster: c, namespaze: b}}\n`,
      ok,
    ),
    text("an unknown field of the top", `${base}colors: true\n`, ok),
    text("a misspelled field of the top", replaced("current-context:", "currentcontext:"), refused),
    text(
      "fields in other letters",
      replaced("namespace: a", "Namespace: a"),
      "server: Bearer t in default",
      strict,
    ),
    text(
      "extensions",
      replaced(
        "namespace: a",
        "namespace: a, extensions: [{name: minikube.sigs.k8s.io, extension: {version: v1.33}}]",
      ),
      ok,
    ),
    text("preferences", `${base}preferences: {colors: true}\n`, ok),
    text("no current context", replaced("current-context: x\n", ""), refused),
    text(
      "an empty current context",
      replaced("current-context: x", 'current-context: ""'),
      refused,
    ),
    text(
      "a current context that isn't there",
      replaced("current-context: x", "current-context: z"),
      refused,
    ),
    text("a flag's context", replaced("current-context: x", "current-context: z"), ok, {
      flags: ["--context=x"],
      options: { context: "x" },
    }),
    text("a flag's context that isn't there", base, refused, {
      flags: ["--context=z"],
      options: { context: "z" },
    }),
    text(
      "a name twice",
      `${base}- {name: x, context: {cluster: c, user: u, namespace: b}}\n`,
      refused,
    ),
    text(
      "a name with all kinds of characters",
      base.replace("current-context: x", 'current-context: "arn:aws:eks/ü x"').replace(
        "{name: x,",
        '{name: "arn:aws:eks/ü x",',
      ),
      ok,
    ),
    text("a broken file", `${base}  - [`, refused),
    text("an empty file", "", refused),
    text("entries without their content", `${base}- {name: w}\n- {name: z, context: null}\n`, ok),
    {
      name: "two files of one cluster's names: the first counts",
      files: { k: ofAdmin("prod", server, "a"), l: ofAdmin("staging", second, "b") },
      env: list,
      flags: ["--context=staging"],
      options: { context: "staging" },
      means: "server: Bearer prod in b",
      says: /overrule/,
    },
    {
      name: "the context of the first of two files",
      files: { k: ofAdmin("prod", server, "a"), l: ofAdmin("staging", second, "b") },
      env: list,
      means: "server: Bearer prod in a",
    },
    {
      name: "an empty context, and a second file's",
      files: {
        k: ofAdmin("prod", server, "a", { "current-context": "" }),
        l: ofAdmin("staging", second, "b"),
      },
      env: list,
      means: "server: Bearer prod in b",
    },
    {
      name: "a context in one file, its cluster in another",
      files: {
        k: JSON.stringify({
          "current-context": "x",
          contexts: [{
            name: "x",
            context: { cluster: "kubernetes", user: "admin", namespace: "c" },
          }],
        }),
        l: ofAdmin("prod", server, "a"),
      },
      env: list,
      means: "server: Bearer prod in c",
    },
    {
      name: "files that are missing, and empty elements",
      files: { k: base },
      env: { KUBECONFIG: ":{own}/gone::{own}/k:" },
      means: ok,
    },
    { name: "a file twice", files: { k: base }, env: { KUBECONFIG: "{own}/k:{own}/k" }, means: ok },
    { name: "a broken second file", files: { k: base, l: "a: [" }, env: list, means: refused },
    {
      name: "each file's own relative paths",
      files: {
        "one/k": ofAdmin("prod", server, "a", { clusters: [] }),
        "two/l": base.replace(ca, "pem").replaceAll("name: c,", "name: kubernetes,"),
        "two/pem": atob(places.data("ca.crt")),
      },
      env: { KUBECONFIG: "{own}/one/k:{own}/two/l" },
      means: "server: Bearer prod in a",
    },
    {
      name: "the home folder's file",
      files: { ".kube/config": base },
      env: { KUBECONFIG: "" },
      means: ok,
    },
    {
      name: "a flag's file",
      files: { k: "a: [", l: base },
      flags: ["--kubeconfig={own}/l"],
      options: { kubeconfig: "{own}/l" },
      means: ok,
    },
    {
      name: "a flag's file that isn't there",
      files: { k: base },
      flags: ["--kubeconfig={own}/l"],
      options: { kubeconfig: "{own}/l" },
      means: refused,
    },
    { name: "no file", files: {}, means: refused },
    {
      name: "a flag's cluster",
      files: {
        k: made({
          top: {
            clusters: [{ name: "c", cluster: { server, "certificate-authority": ca } }, {
              name: "d",
              cluster: { server: second, "certificate-authority": ca },
            }],
          },
        }),
      },
      flags: ["--cluster=d"],
      options: { cluster: "d" },
      means: "second: Bearer t in a",
    },
  ];
}
