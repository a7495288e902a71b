/** What the options of agents' actions accept, and how open tasks are recognized: without the actions themselves. */
export { adapterNames, permissionModes } from "../../agent/adapter.ts";
export { isOpen } from "../../agent/model.ts";
