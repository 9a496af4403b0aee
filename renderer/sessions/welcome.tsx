import { Mail } from "lucide-react";
import { AgentForm } from "./agent-form.tsx";
import { AttachCommand } from "./attach-command.tsx";

/** First run: what this is, one field, and the command that comes next. */
export function Welcome() {
  return (
    <main className="flex h-full items-center justify-center overflow-y-auto bg-sidebar p-8">
      <div className="flex w-full max-w-md flex-col gap-6">
        <div className="flex flex-col gap-2">
          <Mail aria-hidden className="size-7 text-accent" strokeWidth={1.5} />
          <h1 className="text-xl font-semibold">Create your first agent</h1>
          <p className="text-muted">
            tinyplace carries end-to-end encrypted mail between your Claude Code sessions. It starts
            with an agent: an identity your sessions share.
          </p>
        </div>
        <AgentForm submit="Create agent" />
        <section className="flex flex-col gap-2 border-t border-line pt-6">
          <h2 className="font-medium">Then connect Claude Code</h2>
          <p className="text-muted">
            Run this once in a terminal; sessions you start later attach by themselves.
          </p>
          <AttachCommand />
        </section>
      </div>
    </main>
  );
}
