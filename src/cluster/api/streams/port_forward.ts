/** Port-forward over a WebSocket, in either of its protocols. */
import { badRequest } from "../status.ts";
import { carryPortChannels } from "./port_channels.ts";
import type { MessageSocket } from "./socket.ts";
import { carryTunnel, tunnelProtocol } from "./spdy_tunnel.ts";

/** The supported sub-protocols, kubectl's first. */
export const portProtocols = [tunnelProtocol, "v4.channel.k8s.io"];

/** Reads the ports of the query. Throws a 400 if it doesn't fit the protocol. */
export function portForward(
  protocol: string,
  query: URLSearchParams,
  connect: (port: number) => Promise<Deno.TcpConn>,
): (socket: MessageSocket) => Promise<void> {
  // In the tunnel each stream names its port.
  if (protocol === tunnelProtocol) return (socket) => carryTunnel(socket, connect);
  const ports = requestedPorts(query);
  return (socket) => carryPortChannels(socket, ports, connect);
}

/** The number of pairs of channels. */
const portLimit = 127;

function requestedPorts(query: URLSearchParams): number[] {
  const ports = query.getAll("ports").flatMap((each) => each.split(",")).map(Number);
  for (const port of ports) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw badRequest(`invalid port ${JSON.stringify(String(port))}`);
    }
  }
  if (ports.length === 0) throw badRequest('query parameter "ports" is required');
  if (ports.length > portLimit) {
    throw badRequest(`at most ${portLimit} ports can be forwarded at once`);
  }
  return ports;
}
