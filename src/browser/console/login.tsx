import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../ui/hooks.ts";
import { Button, Notice, TextField } from "../ui/ui.tsx";
import { post } from "./api.ts";
import { logIn } from "./scram.ts";

interface LoginProps {
  /** Whoever looks was logged in until now. */
  readonly isOver: boolean;
  readonly onDone: () => Promise<void>;
}

/** Address and password of an administrator, or a link of the command line, which comes in by itself. */
export function Login({ isOver, onDone }: LoginProps) {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  async function tryTo(enter: () => Promise<unknown>) {
    setBusy(true);
    setError(undefined);
    try {
      await enter();
      await onDone();
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  }

  useEffect(() => {
    const secret = /^#link=(.+)$/.exec(location.hash)?.[1];
    if (secret === undefined) {
      document.querySelector("input")?.focus();
      return;
    }
    // It is used up now, and nobody is to find it in the browser's history.
    history.replaceState(undefined, "", "/admin");
    void tryTo(() => post("login/link", { secret }));
  }, []);

  return (
    <main class="login">
      <h1>Jackdaw administration</h1>
      {isOver && <Notice>You were logged out: too long without a request, or the server ended it.</Notice>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void tryTo(() => logIn(user.trim(), password));
        }}
      >
        <TextField
          label="Address"
          value={user}
          onInput={setUser}
          autocomplete="username"
          placeholder="admin@example.org"
          required
        />
        <TextField
          label="Password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          required
        />
        {error !== undefined && <Notice kind="error">{error}</Notice>}
        <Button type="submit" kind="main" disabled={isBusy}>
          {isBusy ? "One moment …" : "Log in"}
        </Button>
      </form>
      <p class="hint">
        For administrators of this server. On its machine, <code>jackdaw admin link</code> makes a link that
        needs no password.
      </p>
    </main>
  );
}
