import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";

/**
 * A drop-down menu. Not modal: Radix's modal menus write a <style> element, which the window's
 * content security policy refuses.
 */
export function Menu(props: {
  trigger: ReactNode;
  label: string;
  /** Which edge of the trigger it keeps to. */
  align?: "start" | "end";
  open: boolean;
  onOpenChange: (open: boolean) => void;
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Root modal={false} open={props.open} onOpenChange={props.onOpenChange}>
      <DropdownMenu.Trigger asChild>{props.trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.getElementById("overlays")}>
        <DropdownMenu.Content
          align={props.align ?? "end"}
          sideOffset={4}
          collisionPadding={8}
          aria-label={props.label}
          className="z-10 max-h-80 w-72 overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-menu"
        >
          {props.children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

export function MenuItem(props: { onSelect: () => void; testId?: string; children: ReactNode }) {
  return (
    <DropdownMenu.Item
      data-testid={props.testId}
      onSelect={props.onSelect}
      className="flex h-8 items-center gap-2 rounded-md px-2 outline-none data-highlighted:bg-selected"
    >
      {props.children}
    </DropdownMenu.Item>
  );
}

export function MenuNote(props: { children: ReactNode }) {
  return <div className="px-2 py-1.5 text-sm text-muted">{props.children}</div>;
}
