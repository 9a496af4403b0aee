import { classNames } from "./class-names.ts";

/** Two or three views of one place, one of them shown. */
export function Switcher<Value extends string>(props: {
  label: string;
  options: readonly { readonly value: Value; readonly text: string }[];
  value: Value;
  onChange: (value: Value) => void;
}) {
  return (
    <fieldset
      aria-label={props.label}
      className="flex shrink-0 rounded-md border border-line-strong/50 bg-sunken p-0.5"
    >
      {props.options.map(({ value, text }) => (
        <button
          key={value}
          type="button"
          data-testid={`show-${value}`}
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
          className={classNames(
            "h-6 rounded px-2.5 text-sm",
            value === props.value ? "bg-selected font-semibold text-ink" : "text-muted",
          )}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
