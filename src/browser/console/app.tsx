import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { messageOf, useHash } from "../ui/hooks.ts";
import { Button, Notice } from "../ui/ui.tsx";
import { post, readVisit, type Visit, whenEnded } from "./api.ts";
import { Login } from "./login.tsx";
import { AccountPage } from "./views/account-page.tsx";
import { Accounts } from "./views/accounts.tsx";
import { Audit } from "./views/audit.tsx";
import { Components } from "./views/components.tsx";
import { InspectorPage } from "./views/inspector.tsx";
import { Invites } from "./views/invites.tsx";
import { Log } from "./views/log.tsx";
import { Overview } from "./views/overview.tsx";
import { Reports } from "./views/reports.tsx";
import { RoomPage, Rooms } from "./views/rooms.tsx";
import { Server } from "./views/server.tsx";
import { Sessions } from "./views/sessions.tsx";
import { Tokens } from "./views/tokens.tsx";
import { Uploads } from "./views/uploads.tsx";

const VIEWS = [
  { name: "overview", title: "Overview", view: Overview },
  { name: "sessions", title: "Sessions", view: Sessions },
  { name: "accounts", title: "Accounts", view: Accounts, one: AccountPage },
  { name: "invites", title: "Invites", view: Invites },
  { name: "rooms", title: "Rooms", view: Rooms, one: RoomPage },
  { name: "uploads", title: "Uploads", view: Uploads },
  { name: "components", title: "Components", view: Components },
  { name: "reports", title: "Reports", view: Reports },
  { name: "inspector", title: "Inspector", view: InspectorPage },
  { name: "log", title: "Log", view: Log },
  { name: "audit", title: "Audit", view: Audit },
  { name: "tokens", title: "Tokens", view: Tokens },
  { name: "server", title: "Server", view: Server },
] as const;

/** Either the log-in or the console. */
export function App() {
  const [visit, setVisit] = useState<Visit | "none" | "over" | undefined>();
  const [error, setError] = useState<string>();

  async function enter() {
    setError(undefined);
    try {
      setVisit((await readVisit()) ?? "none");
    } catch (failure) {
      setError(messageOf(failure));
    }
  }

  useEffect(() => {
    whenEnded((end) => (end === "left" ? setVisit("over") : void enter()));
    void enter();
  }, []);

  if (error !== undefined) {
    return (
      <main class="login">
        <Notice kind="error">{error}</Notice>
        <Button onClick={() => void enter()}>Try again</Button>
      </main>
    );
  }
  if (visit === undefined) return <p class="empty">Loading …</p>;
  if (visit === "none" || visit === "over") return <Login isOver={visit === "over"} onDone={enter} />;
  return <Shell visit={visit} onLeave={() => setVisit("none")} />;
}

function Shell({ visit, onLeave }: { readonly visit: Visit; readonly onLeave: () => void }) {
  const [name = "", ...rest] = useHash().replace(/^#\/?/, "").split("/");
  const current = VIEWS.find((view) => view.name === name) ?? VIEWS[0];
  const path = decode(rest.join("/"));
  const View = "one" in current && path !== "" ? current.one : current.view;

  // At once, and not when the browser has painted: by then the focus may be where somebody put it.
  useLayoutEffect(() => {
    document.title = `${path || current.title} – Jackdaw administration`;
    document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
    // Readers and the Tab key go on where the news is.
    document.getElementById("main")?.focus({ preventScroll: true });
  }, [current, path]);

  return (
    <>
      <a class="skip" href="#main" onClick={(event) => focusMain(event)}>
        Skip to the content
      </a>
      <header>
        <strong>{visit.domains[0]}</strong>
        <span class="who">{visit.name}</span>
        <Button onClick={() => void post("logout", {}).then(onLeave, onLeave)}>Log out</Button>
      </header>
      <nav aria-label="Views">
        <ul>
          {VIEWS.map((view) => (
            <li key={view.name}>
              <a href={`#/${view.name}`} aria-current={view === current ? "page" : undefined}>
                {view.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main id="main" tabIndex={-1}>
        <View key={`${current.name}/${path}`} visit={visit} path={path} />
      </main>
    </>
  );
}

/** The address has another meaning here, so it stays as it is. */
function focusMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
