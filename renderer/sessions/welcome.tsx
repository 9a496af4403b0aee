import { Mail } from "lucide-react";
import { ImportLink } from "../import/import-link.tsx";
import { AgentForm } from "./agent-form.tsx";

/** First run: what this is, and one field; the steps after it follow in the window itself. */
export function Welcome() {
  return (
    <main className="flex h-full justify-center overflow-y-auto bg-sidebar p-8">
      {/* Not items-center: what is higher than the window could not be scrolled to its top. */}
      <div className="my-auto flex w-full max-w-md flex-col gap-6">
        <div className="flex flex-col gap-2">
          <Mail aria-hidden className="size-7 text-accent" strokeWidth={1.5} />
          <h1 className="text-xl font-semibold">Create your first agent</h1>
          <p className="text-muted">
            tinyplace carries end-to-end encrypted mail between your Claude Code sessions. It starts
            with an agent: an identity your sessions share.
          </p>
        </div>
        <AgentForm submit="Create agent" first />
        <ImportLink />
        <p className="border-t border-line pt-4 text-sm text-muted">
          Then: connect Claude Code, and send yourself a first message.
        </p>
      </div>
    </main>
  );
}
