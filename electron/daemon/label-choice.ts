import { TinyplaceError } from "../../shared/errors/errors.ts";
import { isLabel, lowestFreeLabel } from "../../shared/labels/labels.ts";

/** What a session asks for, and what the agent knows of its labels (rule S2); pure. */
export interface LabelRequest {
  readonly label: string | null;
  /** True: this label or an error, never another. */
  readonly pinned: boolean;
  readonly harnessSessionId: string | null;
  /** The label it has at this moment; null: it is not live. */
  readonly held: string | null;
}

export interface LabelState {
  isLive(label: string): boolean;
  /** The label this harness session had before, if any. */
  before(harnessSessionId: string): string | null;
  /** Mail under this label that belongs to another session than the asking one (rule R4). */
  isReserved(label: string, harnessSessionId: string | null): boolean;
}

/** Throws `bad_label` and, for a pinned label that is held, `label_taken`. */
export function chooseLabel(request: LabelRequest, state: LabelState): string {
  const { label, harnessSessionId, held } = request;
  if (label !== null && label !== held) {
    if (!isLabel(label)) throw badLabel(label);
    if (!state.isLive(label)) return label;
    if (request.pinned) throw labelTaken(label);
  }
  // A live session leaves its label for the one it asks for alone.
  if (held !== null) return held;
  const before = harnessSessionId === null ? null : state.before(harnessSessionId);
  if (before !== null && !state.isLive(before)) return before;
  return lowestFreeLabel(
    (candidate) => state.isLive(candidate) || state.isReserved(candidate, harnessSessionId),
  );
}

export function badLabel(label: string): TinyplaceError {
  return new TinyplaceError(
    "bad_label",
    `"${label.slice(0, 40)}" is not a session label.`,
    "Use 1 to 32 letters, digits, `_`, `-` or `:`, for example claude:2.",
  );
}

function labelTaken(label: string): TinyplaceError {
  return new TinyplaceError(
    "label_taken",
    `Another live session holds the label ${label}.`,
    "End that session, or choose another label (TINYPLACE_SESSION_LABEL, or `use` with `label`).",
  );
}
