/**
 * Forwards connections from the pods of a rig to servers of a test on this machine, which their network doesn't reach.
 */
import { debianImage } from "./images.ts";
import type { RealCluster, TestNamespace } from "./test_namespace.ts";

/** Accepts connections on the node's own network, and forwards each to the same port of this machine. */
const relay = `use IO::Socket::INET;
$SIG{CHLD} = 'IGNORE';
my ($host, @ports) = @ARGV;
sub carry { my ($from, $to) = @_; while (sysread $from, my $bytes, 65536) { syswrite $to, $bytes } shutdown $to, 1 }
for my $port (@ports) {
  next if fork;
  my $door = IO::Socket::INET->new(LocalPort => $port, Listen => 64, ReuseAddr => 1) or die "$port: $!";
  while (my $near = $door->accept) {
    next if fork;
    my $far = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or exit 1;
    if (fork) { carry($near, $far) } else { carry($far, $near) }
    exit 0;
  }
}
open my $ready, '>', '/tmp/ready';
sleep 1 while 1;
`;

/** This machine as the cluster's node sees it: the near end of the link to the API server. */
export async function addressSeenByNode(cluster: RealCluster): Promise<string> {
  const server = "jsonpath={.clusters[0].cluster.server}";
  const { hostname, port } = new URL(
    await cluster.kubectl(["config", "view", "--minify", "-o", server]),
  );
  using link = await Deno.connect({ hostname, port: Number(port || 443) });
  return link.localAddr.hostname;
}

/**
 * Opens it, in a namespace of its own: sessions' are more restricted.
 *
 * @param here this machine's address, at which the servers listen.
 * @returns the host that pods name instead of it.
 */
export async function openWay(
  namespace: TestNamespace,
  { here, ports }: { here: string; ports: readonly number[] },
): Promise<string> {
  const command = ["perl", "-e", relay, here, ...ports.map(String)];
  const ready = { exec: { command: ["test", "-e", "/tmp/ready"] }, periodSeconds: 1 };
  const image = debianImage.names[0];
  const container = { image, command, readinessProbe: ready };
  await namespace.startPod("way-here", container, { hostNetwork: true });
  const address = "jsonpath={.status.podIP}";
  return await namespace.kubectl("get", "pod", "way-here", "-o", address);
}
