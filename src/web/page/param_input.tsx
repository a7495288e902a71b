/** Fields of a form that a schema describes. */
import type { ParamField } from "./param_form.ts";
import { Check, FormField, TextField } from "./parts.tsx";
import { plain } from "./text.ts";

/** One field. */
export function ParamInput(
  { field, text, problem, onText }: {
    field: ParamField;
    text: string;
    problem?: string | undefined;
    onText: (text: string) => void;
  },
) {
  const { control, isRequired } = field;
  const [label, help, name] = [plain(field.label), plain(field.help), `param.${field.name}`];
  if (control.kind === "switch") {
    return <Check label={label} isOn={text === "true"} onChange={(isOn) => onText(String(isOn))} />;
  }
  const labels = { label, help, problem, isRequired };
  if (control.kind !== "choice" && control.kind !== "lines") {
    return (
      <TextField
        {...labels}
        name={name}
        isSecret={control.kind === "secret"}
        keepsLines={control.kind === "text"}
        inputMode={control.inputMode}
        placeholder={control.placeholder}
        value={text}
        onText={onText}
      />
    );
  }
  return (
    <FormField {...labels}>
      {(ids) =>
        control.kind === "choice"
          ? (
            <select
              {...ids}
              name={name}
              value={text}
              onChange={(event) => onText(event.currentTarget.value)}
            >
              {(field.initial === "" || !control.choices.includes(text)) && (
                <option value={field.initial === "" ? "" : text}></option>
              )}
              {control.choices.map((choice) => (
                <option key={choice} value={choice}>{plain(choice)}</option>
              ))}
            </select>
          )
          : (
            <textarea
              {...ids}
              name={name}
              rows={3}
              spellcheck={false}
              value={text}
              onInput={(event) => onText(event.currentTarget.value)}
            />
          )}
    </FormField>
  );
}
