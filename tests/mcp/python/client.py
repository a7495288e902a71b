"""The Python SDK's client: starts an MCP server, and uses its tools, resources and prompts.

    python3 client.py NAMESPACE POD COMMAND...

Ends with 0 and "ok" if all of it holds.
"""

import asyncio
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

namespace, pod, program, *args = sys.argv[1:]


async def call(session, name, arguments):
    result = await session.call_tool(name, arguments)
    return result.content[0].text


async def main():
    async with stdio_client(StdioServerParameters(command=program, args=args)) as (read, write):
        async with ClientSession(read, write) as session:
            await session.initialize()
            names = [tool.name for tool in (await session.list_tools()).tools]
            assert "pods" in names and "kubectl" not in names, names
            pods = await call(session, "pods", {"namespaces": [namespace]})
            assert pod in pods, pods
            command = {"pods": [pod], "namespaces": [namespace], "command": ["hostname"]}
            assert "1 ok" in await call(session, "exec", command)
            command["command"] = ["touch", "/tmp/x"]
            assert "may change something" in await call(session, "exec", command)
            workflows = (await session.list_resources()).resources
            assert any(str(one.uri).endswith("/kwekash") for one in workflows), workflows
            names = [prompt.name for prompt in (await session.list_prompts()).prompts]
            assert "diagnose" in names, names


asyncio.run(main())
print("ok")
