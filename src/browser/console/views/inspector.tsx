import { useMemo, useState } from "preact/hooks";
import { Inspector } from "../../inspector/inspector.tsx";
import { Button, TextField } from "../../ui/ui.tsx";
import { consoleTraffic } from "../console-traffic.ts";
import type { ViewProps } from "./view-props.ts";

/** `path` is the address that is watched. */
export function InspectorPage({ path: address }: ViewProps) {
  const [typed, setTyped] = useState(address);
  const [attempt, setAttempt] = useState(0);
  const source = useMemo(() => consoleTraffic(address), [address, attempt]);
  return (
    <>
      <h1>Inspector</h1>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = typed.trim();
          // The same once more, after it went wrong.
          if (wanted === address) setAttempt(attempt + 1);
          else location.hash = `#/inspector/${encodeURIComponent(wanted)}`;
        }}
      >
        <TextField
          label="Account or room"
          value={typed}
          onInput={setTyped}
          placeholder="alice@example.org"
          required
        />
        <Button type="submit" kind="main">
          Watch
        </Button>
        {address !== "" && (
          <a class="button plain" href="#/inspector">
            Stop
          </a>
        )}
      </form>
      {address === "" ? (
        <p class="hint">
          Shows what its clients send and get as it passes. That you watch, and whom, stands in the audit.
        </p>
      ) : (
        <Inspector source={source} />
      )}
    </>
  );
}
