import type { ReactNode } from "react";
import { classNames } from "../ui/class-names.ts";

/** One entry of the sidebar. */
export function NavButton(props: {
  testId: string;
  current: boolean;
  className?: string;
  title?: string;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      data-nav
      data-testid={props.testId}
      aria-current={props.current ? "page" : undefined}
      title={props.title}
      onClick={props.onClick}
      className={classNames(
        "flex w-full items-center gap-2 rounded-md px-2 text-left",
        props.current ? "bg-selected" : "hover:bg-hover",
        props.className,
      )}
    >
      {props.children}
    </button>
  );
}
