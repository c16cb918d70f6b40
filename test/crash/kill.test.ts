import { afterAll, expect, test } from "vitest";
import { inspect, isConsistent, messagesOf } from "./inspect.ts";
import { RandomSource } from "./random-source.ts";
import type { RawClient } from "./raw-client.ts";
import { ServerFolder } from "./server-process.ts";
import { isAccepted, registerAccount, USERS, Workload } from "./workload.ts";

const KILLS = 8;
const seed = Number(process.env["JACKDAW_SEED"] ?? Date.now() % 1_000_000);

const folder = new ServerFolder({ modules: { register: { open: true, perHour: "off" } } });
afterAll(() => folder.remove());

test(`nothing that was answered is lost in ${KILLS} crashes (JACKDAW_SEED=${seed})`, {
  timeout: 120_000,
}, async () => {
  const random = new RandomSource(seed);
  const workload = new Workload(random);
  let server = await folder.start();
  await Promise.all([...USERS, "changer"].map((user) => registerAccount(server.port, user)));

  for (let kill = 0; kill < KILLS; kill++) {
    const running = server;
    // Counted in answers, not in time: a slow machine is killed as far in.
    const receivers = await workload.run(running.port, random.between(10, 250), () =>
      running.signal("SIGKILL"),
    );
    expect(await running.exit).toBe("SIGKILL");
    server = await folder.start();
    expect(await faults(server.port, workload, receivers), `after kill ${kill + 1}`).toEqual([]);
  }

  // The load was one: each kind of work came to something.
  expect(workload.registered.size).toBeGreaterThan(KILLS);
  for (const { counts } of workload.ledgers.values()) expect(counts.received).toBeGreaterThan(KILLS);
  server.signal("SIGTERM");
  expect(await server.exit).toBe(0);
});

/** What is not as it must be, after a crash. */
async function faults(
  port: number,
  workload: Workload,
  receivers: ReadonlyMap<string, RawClient>,
): Promise<string[]> {
  return [
    ...(await messageFaults(port, workload, receivers)),
    ...(await rosterFaults(port, workload)),
    ...(await subscriptionFaults(port)),
    ...(await accountFaults(port, workload)),
  ];
}

async function messageFaults(
  port: number,
  { ledgers }: Workload,
  receivers: ReadonlyMap<string, RawClient>,
): Promise<string[]> {
  for (const user of ["here", "away"]) {
    const during = receivers.get(user);
    const found = await inspect(port, user);
    for (const from of ["sender", "other"]) {
      const ledger = ledgers.get(`${from} ${user}`);
      if (during) ledger?.received(messagesOf(during, from), false);
      // Who was there when the server died may be sent again what it had not yet forgotten.
      ledger?.received(found.messages(from), during !== undefined);
      ledger?.settle(during !== undefined);
    }
  }
  return [...ledgers.values()].flatMap((ledger) => ledger.faults);
}

async function rosterFaults(port: number, { roster }: Workload): Promise<string[]> {
  const { names } = await inspect(port, "keeper");
  const sorted = (names: Readonly<Record<string, string>>) =>
    JSON.stringify(names, Object.keys(names).toSorted());
  const state = roster.possible.find((possible) => sorted(possible) === sorted(names));
  if (!state)
    return [`the roster is ${sorted(names)}, expected one of ${roster.possible.map(sorted).join(" ")}`];
  roster.settle(state);
  return [];
}

async function subscriptionFaults(port: number): Promise<string[]> {
  const pia = (await inspect(port, "pia")).subscription("quentin@localhost");
  const quentin = (await inspect(port, "quentin")).subscription("pia@localhost");
  return isConsistent(pia, quentin)
    ? []
    : [`half a subscription: ${JSON.stringify(pia)} and ${JSON.stringify(quentin)}`];
}

async function accountFaults(port: number, { password, registered }: Workload): Promise<string[]> {
  const found: string[] = [];
  const valid: string[] = [];
  for (const candidate of password.possible) {
    if (await isAccepted(port, "changer", candidate)) valid.push(candidate);
  }
  const [current] = valid;
  if (valid.length !== 1 || current === undefined) found.push(`${valid.length} passwords are valid`);
  else password.settle(current);
  for (const user of [...registered].slice(-2)) {
    if (!(await isAccepted(port, user, "secret"))) found.push(`${user} cannot log in`);
  }
  return found;
}
