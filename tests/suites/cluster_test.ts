import { loadSuite } from "./suites.ts";

await loadSuite("cluster");
