import assert from "node:assert/strict";
import { maskHeader, maskPath } from "./mask.ts";

for (
  const [path, shown] of [
    ["/a/b", "/a/b"],
    ["/a?user=bob&token=s3cret", "/a?user=***&token=***"],
    // Without a name, the whole may be a value.
    ["/a?debug", "/a?debug"],
    ["/a?d41d8cd98f00b204", "/a?***"],
    ["/a;jsessionid=s3cret/b;v=1", "/a;jsessionid=***/b;v=***"],
    ["http://bob:s3cret@web:8080/a", "http://***@web:8080/a"],
    ["/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2ln", "/reset/***"],
    ["/a#s3cret", "/a"],
    ["/a\u001b[2J", "/a\ufffd[2J"],
  ] as const
) {
  Deno.test(`maskPath(): ${JSON.stringify(path)}`, () => assert.equal(maskPath(path), shown));
}

for (
  const [name, value, shown] of [
    ["Accept", "text/html", "text/html"],
    ["Authorization", "Bearer s3cret", "***"],
    ["X-Api-Key", "s3cret", "***"],
    ["Set-Cookie", "id=s3cret", "***"],
    ["X-Note", "sent with Bearer s3cret", "sent with ***"],
    ["Location", "/login?next=s3cret", "/login?next=***"],
    ["Link", "<https://bob:s3cret@web/a?b=c>; rel=next", "<https://***@web/a?b=***>; rel=next"],
  ] as const
) {
  Deno.test(`maskHeader(): ${name}: ${value}`, () => {
    assert.deepEqual(maskHeader(name, value), { name, value: shown });
  });
}
