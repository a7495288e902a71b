/** The parts of the cluster: the name and the args of each. */
import { runtimeSocket } from "./container_runtime.ts";
import { type Layout, network, nodeName } from "./layout.ts";

/** Parts that are processes of the rig's executable, in the order of their start. */
const partNames = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "provisioner",
] as const;

/** The name of a part, and the first argument of the rig's executable. */
export type PartName = typeof partNames[number];

/** The StorageClass's provisioner. */
export const provisionerName = "kodama.test/folder";

/** Returns the arguments of each part, without its name. */
export function partArguments(layout: Layout): Record<PartName, string[]> {
  const keys = `${layout.state}/keys`;
  return {
    "etcd": flags({
      "data-dir": "/var/lib/etcd",
      "listen-client-urls": "http://127.0.0.1:2379",
      "advertise-client-urls": "http://127.0.0.1:2379",
      "listen-peer-urls": "http://127.0.0.1:2380",
      "log-level": "warn",
      // A rig is thrown away with its machine: waiting for the disk would protect nothing.
      "unsafe-no-fsync": "true",
    }),
    "kube-apiserver": flags({
      "etcd-servers": "http://127.0.0.1:2379",
      "bind-address": "0.0.0.0",
      "advertise-address": network.nodeAddress,
      "secure-port": String(network.apiPort),
      "service-cluster-ip-range": network.serviceSubnet,
      "tls-cert-file": `${keys}/kube-apiserver.crt`,
      "tls-private-key-file": `${keys}/kube-apiserver.key`,
      "client-ca-file": `${keys}/ca.crt`,
      "kubelet-certificate-authority": `${keys}/ca.crt`,
      "kubelet-client-certificate": `${keys}/kubelet-client.crt`,
      "kubelet-client-key": `${keys}/kubelet-client.key`,
      "kubelet-preferred-address-types": "InternalIP,Hostname",
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": `${keys}/sa.pub`,
      "service-account-signing-key-file": `${keys}/sa.key`,
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      "allow-privileged": "true",
      "audit-policy-file": `${layout.state}/etc/audit.json`,
      "audit-log-path": auditLog(layout.state),
    }),
    "kube-controller-manager": flags({
      ...clientFlags(layout, "kube-controller-manager"),
      "service-account-private-key-file": `${keys}/sa.key`,
      "root-ca-file": `${keys}/ca.crt`,
      // The default one is a folder of this machine, and would be created.
      "flex-volume-plugin-dir": "/var/lib/kubelet/volume-plugins",
      "cluster-signing-cert-file": `${keys}/ca.crt`,
      "cluster-signing-key-file": `${keys}/ca.key`,
      "use-service-account-credentials": "true",
      "kube-api-qps": "500",
      "kube-api-burst": "1000",
    }),
    "kube-scheduler": flags({
      ...clientFlags(layout, "kube-scheduler"),
      "kube-api-qps": "500",
      "kube-api-burst": "1000",
    }),
    "kubelet": flags({
      "kubeconfig": `${keys}/kubelet.kubeconfig`,
      "config": `${layout.state}/etc/kubelet.json`,
      "hostname-override": nodeName,
      "node-ip": network.nodeAddress,
      "root-dir": "/var/lib/kubelet",
      // Every minute kubelet removes dead containers beyond this number, and counts those that are only created: with
      // the default of 1 it removes the instance before the current one if that moment is between its creation and
      // its start.
      "maximum-dead-containers-per-container": "2",
      "v": "2",
    }),
    "provisioner": flags({
      "kubeconfig": `${keys}/provisioner.kubeconfig`,
      "root": "/var/lib/volumes",
      "name": provisionerName,
    }),
  };
}

/** What the API server logs: who requested what, of people's requests alone. */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata", users: ["admin"] }, { level: "None" }],
};

/** Returns the path of the API server's audit log, a JSON object in each line. */
export function auditLog(state: string): string {
  return `${state}/var/log/audit.log`;
}

/** kubelet's configuration. https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export function kubeletConfiguration(layout: Layout): Record<string, unknown> {
  const keys = `${layout.state}/keys`;
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    containerRuntimeEndpoint: `unix://${runtimeSocket}`,
    tlsCertFile: `${keys}/kubelet-server.crt`,
    tlsPrivateKeyFile: `${keys}/kubelet-server.key`,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${keys}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    // No systemd and no hierarchy of QoS classes: containers are directly in the rig's cgroup.
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    // The machine's own swap and disk don't concern the tests.
    failSwapOn: false,
    evictionHard: {},
    imageGCHighThresholdPercent: 100,
    localStorageCapacityIsolation: false,
    maxPods: 330,
    kubeAPIQPS: 500,
    kubeAPIBurst: 1000,
    serializeImagePulls: false,
    // There is no name service; a pod gets an empty file and not this machine's.
    resolvConf: `${layout.state}/etc/resolv.conf`,
    // The default one is a folder of this machine.
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
  };
}

/** Returns the initial objects of the cluster: a default StorageClass, and the provisioner's permission to serve it. */
export function firstObjects(): Record<string, unknown>[] {
  const storage = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" };
  const asDefault = { "storageclass.kubernetes.io/is-default-class": "true" };
  const classNamed = (name: string, volumeBindingMode: string, annotations = {}) => ({
    ...storage,
    metadata: { name, annotations },
    provisioner: provisionerName,
    reclaimPolicy: "Delete",
    volumeBindingMode,
  });
  return [
    classNamed("folder", "WaitForFirstConsumer", asDefault),
    classNamed("folder-immediate", "Immediate"),
  ];
}

function clientFlags(layout: Layout, name: string): Record<string, string> {
  const kubeconfig = `${layout.state}/keys/${name}.kubeconfig`;
  return {
    "kubeconfig": kubeconfig,
    "authentication-kubeconfig": kubeconfig,
    "authorization-kubeconfig": kubeconfig,
    "bind-address": "127.0.0.1",
    // There is one of each: no other to elect against, and seconds of waiting saved.
    "leader-elect": "false",
  };
}

function flags(values: Record<string, string>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}
