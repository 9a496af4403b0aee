import { GitBranch } from "lucide-react";

/** The branch that a session's folder is on. */
export function Branch({ name }: { name: string }) {
  return (
    <span title={`On branch ${name}`} className="flex max-w-40 min-w-0 items-center gap-1">
      <GitBranch aria-hidden className="size-3 shrink-0" />
      <bdi className="truncate">{name}</bdi>
    </span>
  );
}
