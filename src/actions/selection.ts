/** The selection, for front ends: its fields, and whether it chooses pods. */
export {
  allField,
  isChosen,
  operandsOf,
  type ScopedSelection,
  selectionFields,
  selectionOf,
} from "../kube/select/fields.ts";
