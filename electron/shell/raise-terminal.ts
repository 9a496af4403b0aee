import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** Window managers and terminals answer at once, or not at all. */
const PATIENCE_MS = 5_000;
const MAX_LEVELS = 32;

export type Raised = { readonly raised: true } | { readonly raised: false; readonly why: string };

/**
 * Brings the terminal of a process to the front (rule S7), where the system lets another program do so.
 * Programs are started without a shell, and take what differs as words of their own.
 * @param pid the session's process
 */
export function raiseTerminal(pid: number): Promise<Raised> {
  if (process.platform === "darwin") return raiseOnMac(pid);
  if (process.platform === "win32") return raiseOnWindows(pid);
  return raiseOnX(pid);
}

/** X11: the window says whose it is (_NET_WM_PID), and that process is above the session's. */
async function raiseOnX(pid: number): Promise<Raised> {
  if (!process.env.DISPLAY) return cannot("there is no X display, and Wayland lets nobody do it");
  if ((await run("xdotool", ["version"])) === null) {
    return cannot("xdotool is not installed, which finds the terminal's window");
  }
  for (const one of [...ancestorsOf(pid), ...(await throughTmux(pid))]) {
    const found = await run("xdotool", ["search", "--onlyvisible", "--pid", String(one)]);
    const window = found?.split("\n").find((line) => /^\d+$/.test(line));
    if (window === undefined) continue;
    // The window manager's way first; where there is none, the server's own.
    if ((await run("xdotool", ["windowactivate", window])) !== null) return { raised: true };
    if ((await run("xdotool", ["windowraise", window, "windowfocus", window])) !== null) {
      return { raised: true };
    }
  }
  return cannot("no window on this display belongs to it");
}

/** A multiplexer stands between: the pane is shown, and the terminals that show it are looked for. */
async function throughTmux(pid: number): Promise<number[]> {
  const panes = await run("tmux", [
    "list-panes",
    "-a",
    "-F",
    "#{pane_pid} #{pane_id} #{session_id}",
  ]);
  const above = new Set(ancestorsOf(pid));
  const pane = panes
    ?.split("\n")
    .map((line) => line.split(" "))
    .find(([own]) => above.has(Number(own)));
  const [, paneId, sessionId] = pane ?? [];
  if (!paneId || !sessionId) return [];
  await run("tmux", ["select-window", "-t", paneId]);
  await run("tmux", ["select-pane", "-t", paneId]);
  const clients = await run("tmux", ["list-clients", "-t", sessionId, "-F", "#{client_pid}"]);
  return (clients ?? "").split("\n").filter(Boolean).map(Number).flatMap(ancestorsOf);
}

/** The process itself first, then what is above it. */
function ancestorsOf(pid: number): number[] {
  const found: number[] = [];
  for (let one = pid; one > 1 && found.length < MAX_LEVELS; one = parentOf(one)) found.push(one);
  return found;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

const TERMINAL_SCRIPT = `on run argv
  set wanted to item 1 of argv
  tell application "System Events" to set names to name of every process
  if names contains "Terminal" then
    tell application "Terminal"
      repeat with w in windows
        repeat with t in tabs of w
          if tty of t is wanted then
            set selected of t to true
            set index of w to 1
            activate
            return "raised"
          end if
        end repeat
      end repeat
    end tell
  end if
  if names contains "iTerm2" then
    tell application "iTerm2"
      repeat with w in windows
        repeat with t in tabs of w
          repeat with s in sessions of t
            if tty of s is wanted then
              select w
              select t
              activate
              return "raised"
            end if
          end repeat
        end repeat
      end repeat
    end tell
  end if
  return "none"
end run`;

/** Terminal and iTerm name the line of each of their tabs. */
async function raiseOnMac(pid: number): Promise<Raised> {
  const line = (await run("ps", ["-o", "tty=", "-p", String(pid)]))?.trim();
  if (!line || !/^tty\w+$/.test(line)) return cannot("it has no terminal");
  const said = await run("osascript", ["-e", TERMINAL_SCRIPT, `/dev/${line}`]);
  if (said?.trim() === "raised") return { raised: true };
  return cannot("neither Terminal nor iTerm shows it, or macOS did not allow it");
}

const WINDOWS_SCRIPT = `& { param([int]$id)
  $shell = New-Object -ComObject WScript.Shell
  while ($id -gt 0) {
    if ($shell.AppActivate($id)) { 'raised'; exit }
    $id = (Get-CimInstance Win32_Process -Filter "ProcessId=$id").ParentProcessId
  } }`;

async function raiseOnWindows(pid: number): Promise<Raised> {
  const words = ["-NoProfile", "-NonInteractive", "-Command", WINDOWS_SCRIPT, String(pid)];
  const said = await run("powershell.exe", words);
  if (said?.trim() === "raised") return { raised: true };
  return cannot("Windows found no window of it");
}

function cannot(why: string): Raised {
  return { raised: false, why: `Its terminal cannot be raised: ${why}.` };
}

/** What it printed; null when it is not there, fails, or takes too long. */
function run(program: string, words: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      stdio: ["ignore", "pipe", "ignore"],
      timeout: PATIENCE_MS,
    });
    let output = "";
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
    });
    child.once("error", () => resolve(null));
    child.once("close", (code) => resolve(code === 0 ? output : null));
  });
}
