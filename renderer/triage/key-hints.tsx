const HINTS = [
  [["j", "k"], "move"],
  [["a"], "give to"],
  [["r"], "answer"],
  [["m"], "rule"],
  [["e"], "discard"],
  [["z"], "undo"],
] as const;

/** The keys of the triage view, where there is room for them. */
export function KeyHints() {
  return (
    <p className="hidden shrink-0 items-center gap-1 text-xs text-muted @3xl:flex">
      {HINTS.map(([keys, what]) => (
        <span key={what} className="mr-2 flex items-center gap-1">
          {keys.map((key) => (
            <kbd
              key={key}
              className="flex h-4 min-w-4 items-center justify-center rounded border border-line px-1 font-mono text-xs"
            >
              {key}
            </kbd>
          ))}
          {what}
        </span>
      ))}
    </p>
  );
}
