import { useCallback, useEffect, useState } from "react";
import type { WindowRequest, WindowResponse } from "../../shared/channels/channels.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { ImportLink } from "../import/import-link.tsx";
import { Section } from "../sessions/section.tsx";
import { useHost } from "../stores/host-store.ts";
import { LoadingRows } from "../ui/blank.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemNote, ProblemPage } from "../ui/problem.tsx";
import { AgentSettings } from "./agent-settings.tsx";
import { formatBytes, Line } from "./line.tsx";
import { PluginSettings } from "./plugin-settings.tsx";
import { RelaySettings } from "./relay-settings.tsx";
import { StopAnswers } from "./responder-stop.tsx";
import { UpdatesLine } from "./updates-line.tsx";

type Settings = WindowResponse<"settings.get">;
type Preferences = WindowResponse<"desktop.preferences">;

/** What a person sets; every change is done at once. */
export function SettingsView() {
  const snapshot = useHost((state) => state.snapshot);
  const [settings, setSettings] = useState<Settings | null>(null);
  const [preferences, setPreferences] = useState<Preferences | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const load = useCallback(async () => {
    try {
      setSettings(await call("settings.get", {}));
      setPreferences(await call("desktop.preferences", {}));
      setProblem(null);
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
  }, []);
  useEffect(() => void load(), [load]);
  async function prefer(part: WindowRequest<"desktop.prefer">) {
    try {
      setPreferences(await call("desktop.prefer", part));
      setProblem(null);
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
  }
  async function knowEachOther(on: boolean) {
    try {
      await call("host.own-contacts", { on });
      await load();
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
  }
  if (!snapshot) return null;
  return (
    <>
      <PageHeader title="Settings" detail="Every change is done at once" />
      {!settings && problem && (
        <ProblemPage
          title="Settings cannot be shown"
          problem={problem}
          onRetry={() => void load()}
        />
      )}
      {(!settings || !preferences) && !problem && <LoadingRows what="settings" />}
      {settings && preferences && (
        <section aria-label="All settings" className="min-h-0 grow overflow-y-auto px-6 py-6">
          <div className="flex max-w-2xl flex-col gap-8">
            {problem && <ProblemNote problem={problem} />}
            <Section title="Desktop">
              <div className="divide-y divide-line rounded-md border border-line">
                <Line name="Start at login" hint="Hidden to the tray">
                  <input
                    type="checkbox"
                    aria-label="Start at login"
                    data-testid="start-at-login"
                    checked={preferences.startAtLogin}
                    onChange={({ target }) => void prefer({ startAtLogin: target.checked })}
                  />
                </Line>
                <Line
                  name="Your agents know each other"
                  hint="Each new one is a contact of the others from its beginning"
                >
                  <input
                    type="checkbox"
                    aria-label="Your agents know each other"
                    data-testid="own-contacts"
                    checked={settings.ownContacts}
                    onChange={({ target }) => void knowEachOther(target.checked)}
                  />
                </Line>
                <Line name="Notifications" hint="For held messages, contact requests and alarms">
                  <input
                    type="checkbox"
                    aria-label="Notifications"
                    data-testid="notifications"
                    checked={preferences.notifications}
                    onChange={({ target }) => void prefer({ notifications: target.checked })}
                  />
                </Line>
                <UpdatesLine />
              </div>
            </Section>
            <PluginSettings />
            <StopAnswers />
            {snapshot.agents.map((agent) => {
              const own = settings.agents.find((one) => one.agentId === agent.cryptoId);
              return (
                own && (
                  <AgentSettings
                    key={agent.cryptoId}
                    agent={agent}
                    settings={own}
                    told={preferences.told[agent.cryptoId] ?? "everything"}
                    onTold={(told) =>
                      void prefer({ told: { ...preferences.told, [agent.cryptoId]: told } })
                    }
                    onChanged={load}
                  />
                )
              );
            })}
            <Section title="Relay and storage">
              <div className="divide-y divide-line rounded-md border border-line">
                <Line name="The earlier plugin" hint="Its agents, conversations and waiting mail">
                  <ImportLink words="Import…" />
                </Line>
                <RelaySettings relay={settings.relay} onChanged={load} />
                {settings.relay.bytes !== null && (
                  <Line name="Relay's mailboxes">{formatBytes(settings.relay.bytes)}</Line>
                )}
                <Line name="Data folder">
                  <span className="font-mono text-sm wrap-anywhere select-text">
                    {snapshot.host.home}
                  </span>
                </Line>
              </div>
            </Section>
          </div>
        </section>
      )}
    </>
  );
}
