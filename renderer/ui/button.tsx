import type { ComponentProps } from "react";
import { classNames } from "./class-names.ts";

type ButtonProps = ComponentProps<"button"> & { look?: "primary" | "plain" | "quiet" };

const LOOKS = {
  primary:
    "bg-accent-fill text-on-accent hover:bg-accent-fill-hover disabled:opacity-60 px-3 font-medium",
  plain:
    "border border-line-strong/50 bg-raised text-ink hover:bg-hover disabled:opacity-60 px-3 font-medium",
  quiet: "text-muted hover:bg-hover hover:text-ink disabled:opacity-60 px-2",
} as const;

export function Button({ look = "plain", className, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={classNames(
        "inline-flex h-7 shrink-0 items-center justify-center gap-1.5 rounded-md whitespace-nowrap focus-visible:outline-offset-2",
        LOOKS[look],
        className,
      )}
      {...rest}
    />
  );
}
