/**
 * A port of this machine that refuses connections: no system serves compressnet, and `fetch()` doesn't block it as it
 * does port 1. A port that a test has listened on and closed may accept some: a process that starts at that moment in
 * another thread has a copy of the socket until it executes its program.
 */
export const closedPort = 2;
